#include "engine/http/url.h"
#include "tests/connectors/dataverse/sandbox_fixture.h"

namespace tideway::connectors::dataverse {
namespace {

class SandboxQuery : public SandboxTest {
  protected:
    void SetUp() override {
        add("Alpha", 100, "2026-01-10", 1);
        add("beta", 200, "2026-02-10", 2);
        add("Gamma", 300, "2026-03-10", 2);
        create("opportunities", {{"name", "Delta 'd'"}});
    }

    void add(const char* name, double budget, const char* date, int account) {
        create(
            "opportunities",
            {{"name", name},
             {"budgetamount", budget},
             {"estimatedclosedate", date},
             {"parentaccountid@odata.bind", "/accounts(" + sandbox::seed_id('a', account) + ")"}}
        );
    }

    Json filtered(const std::string& filter) {
        return names(
            "opportunities?$select=name&$orderby=name&$filter=" + http::encode_component(filter)
        );
    }

    // Follows next links; the names of each page.
    Json pages(std::string path, const http::Headers& headers) {
        Json out = Json::array();
        for (int page = 0; page < 10 && !path.empty(); ++page) {
            const Json body = get(path, headers);
            Json list = Json::array();
            for (const Json& row : body["value"]) {
                list.push_back(row["name"]);
            }
            out.push_back(list);
            const std::string next = body.value("@odata.nextLink", "");
            path = next.empty() ? "" : path_of(next);
        }
        return out;
    }
};

TEST_F(SandboxQuery, FiltersCompareByType) {
    EXPECT_EQ(filtered("name eq 'ALPHA'"), Json({"Alpha"})) << "texts compare without case";
    EXPECT_EQ(filtered("name eq 'Delta ''d'''"), Json({"Delta 'd'"}));
    EXPECT_EQ(filtered("budgetamount ge 200"), Json({"beta", "Gamma"}));
    EXPECT_EQ(filtered("budgetamount eq null"), Json({"Delta 'd'"}));
    EXPECT_EQ(filtered("budgetamount lt 200"), Json({"Alpha"})) << "null is not less";
    EXPECT_EQ(filtered("estimatedclosedate gt 2026-02-01"), Json({"beta", "Gamma"}));
    EXPECT_EQ(filtered("statecode eq 1"), Json::array());
    EXPECT_EQ(
        filtered("msft_syncwithpartnercenter eq false and budgetamount gt 250"), Json({"Gamma"})
    );
    EXPECT_EQ(filtered("_parentaccountid_value eq " + sandbox::seed_id('a', 1)), Json({"Alpha"}));
    EXPECT_EQ(filtered("parentaccountid/address1_country eq 'GB'"), Json({"beta", "Gamma"}));
}

TEST_F(SandboxQuery, FiltersCombine) {
    EXPECT_EQ(
        filtered("name eq 'Alpha' or name eq 'Gamma' and budgetamount gt 1000"), Json({"Alpha"})
    );
    EXPECT_EQ(
        filtered("(name eq 'Alpha' or name eq 'Gamma') and not (budgetamount gt 200)"),
        Json({"Alpha"})
    );
    EXPECT_EQ(
        filtered("contains(name,'a') and not startswith(name,'g')"),
        Json({"Alpha", "beta", "Delta 'd'"})
    );
    EXPECT_EQ(filtered("endswith(name,'MA')"), Json({"Gamma"}));
}

TEST_F(SandboxQuery, QueryFunctionsOfTheServiceWork) {
    EXPECT_EQ(
        filtered("Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['Alpha','Gamma'])"),
        Json({"Alpha", "Gamma"})
    );
    EXPECT_EQ(
        filtered("Microsoft.Dynamics.CRM.Between(PropertyName='budgetamount',PropertyValues=['150',"
                 "'250'])"),
        Json({"beta"})
    );
    EXPECT_EQ(
        filtered("Microsoft.Dynamics.CRM.OnOrAfter(PropertyName='estimatedclosedate',PropertyValue="
                 "'2026-02-10')"),
        Json({"beta", "Gamma"})
    );
    EXPECT_EQ(
        filtered("Microsoft.Dynamics.CRM.LastXHours(PropertyName='modifiedon',PropertyValue=1)")
            .size(),
        4U
    );
    clock.advance(std::chrono::hours(3));
    EXPECT_EQ(
        filtered("Microsoft.Dynamics.CRM.LastXHours(PropertyName='modifiedon',PropertyValue=1)")
            .size(),
        0U
    );
    EXPECT_EQ(filtered("Microsoft.Dynamics.CRM.EqualUserId(PropertyName='ownerid')").size(), 4U);
}

TEST_F(SandboxQuery, LambdasAskAboutRelatedRows) {
    EXPECT_EQ(
        names("accounts?$orderby=name&$filter=opportunity_parent_account/any(o:o/"
              "budgetamount%20gt%20250)"),
        Json({"Northwind Traders"})
    );
    EXPECT_EQ(
        names("accounts?$orderby=name&$filter=opportunity_parent_account/any()"),
        Json({"Fabrikam, Inc.", "Northwind Traders"})
    );
}

TEST_F(SandboxQuery, WrongFiltersAre400AndNameTheMistake) {
    const struct {
        const char* filter;
        const char* says;
    } cases[] = {
        {"nosuch eq 1", "nosuch"},
        {"name eq 5", "incompatible types"},
        {"name eq", "literal"},
        {"name is 'x'", "Syntax error"},
        {"(name eq 'x'", "Syntax error"},
        {"name eq 'x' name", "Syntax error"},
        {"upper(name) eq 'x'", "upper"},
        {"parentaccountid eq null", "parentaccountid"},
        {"Microsoft.Dynamics.CRM.Nothing(PropertyName='name')", "Nothing"}};

    for (const auto& each : cases) {
        const http::Response response =
            api("GET", "opportunities?$filter=" + http::encode_component(each.filter));
        EXPECT_EQ(response.status, 400) << each.filter;
        EXPECT_NE(response.body.find(each.says), std::string::npos) << response.body;
    }
    std::string deep;
    for (int i = 0; i < 5000; ++i) {
        deep += "(";
    }
    EXPECT_EQ(api("GET", "opportunities?$filter=" + deep).status, 400);
}

TEST_F(SandboxQuery, SelectOrderTopAndCount) {
    const Json body = get(
        "opportunities?$select=name,budgetamount&$orderby=budgetamount%20desc&$top=2&$count=true"
    );
    ASSERT_EQ(body["value"].size(), 2U);
    EXPECT_EQ(body["@odata.count"], 4);
    EXPECT_EQ(body["value"][0]["name"], "Gamma");
    EXPECT_TRUE(body["value"][0].contains("_transactioncurrencyid_value"))
        << "money brings its currency";
    EXPECT_FALSE(body["value"][0].contains("statecode"));
    EXPECT_FALSE(body.contains("@odata.nextLink"));
    EXPECT_EQ(
        body["@odata.context"],
        std::string(kBase) + "/api/data/v9.2/$metadata#opportunities(name,budgetamount)"
    );
    EXPECT_EQ(
        api("GET", "opportunities/$count?$filter=budgetamount%20gt%20150").body,
        "\xEF\xBB\xBF"
        "2"
    );
}

TEST_F(SandboxQuery, UnsupportedOptionsSaySo) {
    EXPECT_EQ(api("GET", "opportunities?$skip=2").status, 400);
    EXPECT_EQ(api("GET", "opportunities?$apply=groupby((name))").status, 501);
    EXPECT_EQ(api("GET", "opportunities?$select=nosuch").status, 400);
    EXPECT_EQ(api("GET", "opportunities?$top=-1").status, 400);
}

TEST_F(SandboxQuery, ExpandBringsRelatedRows) {
    const Json row =
        get("opportunities?$filter=name%20eq%20'Alpha'&$expand=parentaccountid($select=name),"
            "ownerid($select=fullname)")["value"][0];
    EXPECT_EQ(row["parentaccountid"]["name"], "Fabrikam, Inc.");
    EXPECT_EQ(row["ownerid"]["fullname"], "# crm-client");
    const Json account =
        get("accounts(" + sandbox::seed_id('a', 2) +
            ")?$select=name&$expand=opportunity_parent_account($select=name;$orderby=name;$filter="
            "budgetamount%20gt%20250)");
    ASSERT_EQ(account["opportunity_parent_account"].size(), 1U);
    EXPECT_EQ(account["opportunity_parent_account"][0]["name"], "Gamma");
    EXPECT_EQ(api("GET", "opportunities?$expand=nosuch").status, 400);
}

TEST_F(SandboxQuery, AnnotationsComeOnRequestOnly) {
    const std::string path = "opportunities?$filter=name%20eq%20'beta'";
    const std::string formatted = "statecode@OData.Community.Display.V1.FormattedValue";
    EXPECT_FALSE(get(path)["value"][0].contains(formatted));
    const Json row =
        get(path,
            {{"Prefer", "odata.include-annotations=\"OData.Community.Display.V1.FormattedValue\""}}
        )["value"][0];
    EXPECT_EQ(row[formatted], "Open");
    EXPECT_EQ(row["budgetamount@OData.Community.Display.V1.FormattedValue"], "$200.00");
    EXPECT_FALSE(row.contains("_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"));
}

TEST_F(SandboxQuery, PagesFollowTheOrderAndTheirLinks) {
    const http::Headers headers{{"Prefer", "odata.maxpagesize=3"}};
    EXPECT_EQ(
        pages("opportunities?$select=name&$orderby=name%20desc", headers),
        Json::parse(R"([["Gamma","Delta 'd'","beta"],["Alpha"]])")
    );
    EXPECT_EQ(
        api("GET", "opportunities", {}, headers).headers.get_or("Preference-Applied", ""),
        "odata.maxpagesize=3"
    );
}

TEST_F(SandboxQuery, ARowThatGoesBetweenPagesHidesNoOther) {
    const http::Headers headers{{"Prefer", "odata.maxpagesize=2"}};
    const Json first = get("opportunities?$select=name&$orderby=name", headers);
    api("DELETE", "opportunities(" + first["value"][0]["opportunityid"].get<std::string>() + ")");
    const Json second = get(path_of(first["@odata.nextLink"]), headers);
    EXPECT_EQ(second["value"][0]["name"], "Delta 'd'");
    EXPECT_EQ(second["value"][1]["name"], "Gamma");
    EXPECT_EQ(api("GET", "opportunities?$skiptoken=broken").status, 400);
}

TEST_F(SandboxQuery, ChangeTrackingDeliversChangesAndDeletions) {
    const Json first = get("opportunities?$select=name", {{"Prefer", "odata.track-changes"}});
    ASSERT_EQ(first["value"].size(), 4U);
    const std::string link = path_of(first["@odata.deltaLink"]);
    EXPECT_TRUE(get(link)["value"].empty());

    const std::string changed = first["value"][0]["opportunityid"];
    const std::string deleted = first["value"][1]["opportunityid"];
    api("PATCH", "opportunities(" + changed + ")", {{"name", "Changed"}});
    api("DELETE", "opportunities(" + deleted + ")");
    const Json delta = get(link);
    ASSERT_EQ(delta["value"].size(), 2U);
    EXPECT_EQ(delta["value"][0]["name"], "Changed");
    EXPECT_EQ(delta["value"][1]["id"], deleted);
    EXPECT_EQ(delta["value"][1]["reason"], "deleted");
    EXPECT_TRUE(get(path_of(delta["@odata.deltaLink"]))["value"].empty());
    const std::string count_path = "opportunities/$count" + link.substr(link.find('?'));
    EXPECT_EQ(
        api("GET", count_path).body,
        "\xEF\xBB\xBF"
        "2"
    );
}

TEST_F(SandboxQuery, ChangesDuringAPagedFirstSyncComeAgain) {
    const http::Headers headers{{"Prefer", "odata.track-changes,odata.maxpagesize=3"}};
    const Json first = get("opportunities?$select=name", headers);
    const std::string id = first["value"][0]["opportunityid"];
    api("PATCH", "opportunities(" + id + ")", {{"name", "Changed"}});
    const Json second = get(path_of(first["@odata.nextLink"]), headers);
    const Json delta = get(path_of(second["@odata.deltaLink"]));
    ASSERT_EQ(delta["value"].size(), 1U);
    EXPECT_EQ(delta["value"][0]["opportunityid"], id);
}

TEST_F(SandboxQuery, DeltaTokensExpireAndAreChecked) {
    const std::string link =
        path_of(get("opportunities", {{"Prefer", "odata.track-changes"}})["@odata.deltaLink"]);
    EXPECT_EQ(api("GET", link).status, 200);
    EXPECT_EQ(send("POST", "/sandbox/expire_tokens").status, 200);
    const http::Response expired = api("GET", link);
    EXPECT_EQ(expired.status, 400);
    EXPECT_EQ(code_of(expired), "0x80044352");

    const std::string fresh =
        path_of(get("opportunities", {{"Prefer", "odata.track-changes"}})["@odata.deltaLink"]);
    clock.advance(std::chrono::hours(24 * 8));
    EXPECT_EQ(code_of(api("GET", fresh)), "0x80044352");
    EXPECT_EQ(api("GET", "opportunities?$deltatoken=x").status, 400);
}

TEST_F(SandboxQuery, ChangeTrackingRefusesWhatItCannotDo) {
    const http::Headers headers{{"Prefer", "odata.track-changes"}};
    EXPECT_EQ(api("GET", "opportunities?$filter=name%20eq%20'a'", {}, headers).status, 400);
    EXPECT_EQ(api("GET", "opportunities?$orderby=name", {}, headers).status, 400);
    EXPECT_EQ(api("GET", "callbackregistrations", {}, headers).status, 400);
}

}  // namespace
}  // namespace tideway::connectors::dataverse
