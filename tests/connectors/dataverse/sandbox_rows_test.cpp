#include "tests/connectors/dataverse/sandbox_fixture.h"

namespace tideway::connectors::dataverse {
namespace {

using SandboxRows = SandboxTest;

const std::string kId = "11111111-2222-4333-8444-555555555555";

TEST_F(SandboxRows, CreateAnswersWithTheAddressOfTheRow) {
    const http::Response response = api("POST", "opportunities", {{"name", "Fabrikam deal"}});
    EXPECT_EQ(response.status, 204);
    EXPECT_TRUE(response.body.empty());
    const std::string address = response.headers.get_or("OData-EntityId", "");
    EXPECT_EQ(address, response.headers.get_or("Location", "-"));
    EXPECT_EQ(get(path_of(address))["name"], "Fabrikam deal");
}

TEST_F(SandboxRows, CreateReturnsTheRowWhenTheRequestPrefersIt) {
    const http::Response response =
        api("POST",
            "opportunities?$select=name",
            {{"name", "Fabrikam deal"}},
            {{"Prefer", "return=representation"}});
    EXPECT_EQ(response.status, 201);
    EXPECT_EQ(response.headers.get_or("Preference-Applied", ""), "return=representation");
    const Json row = body_of(response);
    EXPECT_EQ(row["name"], "Fabrikam deal");
    EXPECT_TRUE(row.contains("opportunityid"));
    EXPECT_FALSE(row.contains("description"));
    EXPECT_TRUE(row["@odata.etag"].get<std::string>().starts_with("W/\""));
}

TEST_F(SandboxRows, AClientMayChooseThePrimaryKeyOnce) {
    EXPECT_EQ(create("opportunities", {{"name", "First"}, {"opportunityid", kId}}), kId);
    const http::Response again =
        api("POST", "opportunities", {{"name", "Second"}, {"opportunityid", kId}});
    EXPECT_EQ(again.status, 412);
    EXPECT_EQ(code_of(again), "0x80040237");
    EXPECT_EQ(get("opportunities(" + kId + ")")["name"], "First");
}

TEST_F(SandboxRows, AnAlternateKeyFindsItsRowAndIsUnique) {
    const std::string id =
        create("opportunities", {{"name", "One"}, {"msft_referralidentifier", "o'1"}});
    const Json row = get("opportunities(msft_referralidentifier='o''1')");
    EXPECT_EQ(row["opportunityid"], id);
    const http::Response same =
        api("POST", "opportunities", {{"name", "Two"}, {"msft_referralidentifier", "O'1"}});
    EXPECT_EQ(same.status, 412);
    EXPECT_EQ(code_of(same), "0x80040237");
    EXPECT_EQ(api("GET", "opportunities(msft_referralidentifier='none')").status, 404);
    EXPECT_EQ(api("GET", "opportunities(name='One')").status, 400) << "name is no alternate key";
}

TEST_F(SandboxRows, AKeyThatMovedFindsTheRowUnderItsNewValueOnly) {
    const std::string id =
        create("opportunities", {{"name", "One"}, {"msft_referralidentifier", "a"}});
    EXPECT_EQ(
        api("PATCH", "opportunities(" + id + ")", {{"msft_referralidentifier", "b"}}).status, 204
    );
    EXPECT_EQ(api("GET", "opportunities(msft_referralidentifier='a')").status, 404);
    EXPECT_EQ(get("opportunities(msft_referralidentifier='b')")["opportunityid"], id);
}

TEST_F(SandboxRows, AMissingRowIs404WithTheServicesCode) {
    const http::Response response = api("GET", "opportunities(" + kId + ")");
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(code_of(response), "0x80040217");
    const http::Response update =
        api("PATCH", "opportunities(" + kId + ")", {{"name", "x"}}, {{"If-Match", "*"}});
    EXPECT_EQ(update.status, 404) << "If-Match: * never creates";
    EXPECT_EQ(api("GET", "nothings").status, 404);
    EXPECT_EQ(api("DELETE", "opportunities(" + kId + ")").status, 404);
}

TEST_F(SandboxRows, UpdatesAreGuardedByTheEtag) {
    const std::string id = create("opportunities", {{"name", "One"}});
    const std::string path = "opportunities(" + id + ")";
    const std::string etag = get(path)["@odata.etag"];
    EXPECT_EQ(api("PATCH", path, {{"name", "Two"}}, {{"If-Match", etag}}).status, 204);
    const http::Response stale = api("PATCH", path, {{"name", "Three"}}, {{"If-Match", etag}});
    EXPECT_EQ(stale.status, 412);
    EXPECT_EQ(code_of(stale), "0x80060882");
    EXPECT_EQ(api("DELETE", path, {}, {{"If-Match", etag}}).status, 412);
    EXPECT_EQ(get(path)["name"], "Two");
}

TEST_F(SandboxRows, UpsertCreatesThenUpdates) {
    const std::string path = "opportunities(" + kId + ")";
    EXPECT_EQ(api("PATCH", path, {{"name", "Made"}}).status, 204);
    const http::Response second =
        api("PATCH", path, {{"name", "Changed"}}, {{"Prefer", "return=representation"}});
    EXPECT_EQ(second.status, 200);
    EXPECT_EQ(body_of(second)["name"], "Changed");
    const http::Response create_only =
        api("PATCH", path, {{"name", "No"}}, {{"If-None-Match", "*"}});
    EXPECT_EQ(create_only.status, 412);
    EXPECT_EQ(get(path)["name"], "Changed");
}

TEST_F(SandboxRows, UpsertByAlternateKeySetsTheKeysColumns) {
    const std::string path = "opportunities(msft_referralidentifier='r-9')";
    EXPECT_EQ(api("PATCH", path, {{"name", "Made"}}).status, 204);
    EXPECT_EQ(api("PATCH", path, {{"name", "Changed"}}).status, 204);
    const Json rows = get("opportunities?$filter=msft_referralidentifier eq 'r-9'")["value"];
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0]["name"], "Changed");
}

TEST_F(SandboxRows, AnUnchangedRowIs304) {
    const std::string path = "opportunities(" + create("opportunities", {{"name", "One"}}) + ")";
    const std::string etag = get(path)["@odata.etag"];
    const http::Response same = api("GET", path, {}, {{"If-None-Match", etag}});
    EXPECT_EQ(same.status, 304);
    EXPECT_TRUE(same.body.empty());
    api("PATCH", path, {{"name", "Two"}});
    EXPECT_EQ(api("GET", path, {}, {{"If-None-Match", etag}}).status, 200);
    const std::string now = get(path)["@odata.etag"];
    EXPECT_EQ(api("GET", path + "?$expand=ownerid", {}, {{"If-None-Match", now}}).status, 200)
        << "an expanded row is always sent";
}

TEST_F(SandboxRows, DeleteTakesTheRowAndReferencesToIt) {
    const std::string account = create("accounts", {{"name", "Northwind"}});
    const std::string id = create(
        "opportunities",
        {{"name", "One"}, {"parentaccountid@odata.bind", "/accounts(" + account + ")"}}
    );
    EXPECT_EQ(api("DELETE", "accounts(" + account + ")").status, 204);
    EXPECT_EQ(api("GET", "accounts(" + account + ")").status, 404);
    EXPECT_TRUE(get("opportunities(" + id + ")")["_parentaccountid_value"].is_null());
}

TEST_F(SandboxRows, OneColumnCanBeReadSetAndCleared) {
    const std::string path = "opportunities(" + create("opportunities", {{"name", "One"}}) + ")";
    EXPECT_EQ(api("PUT", path + "/description", {{"value", "Call back"}}).status, 204);
    EXPECT_EQ(get(path + "/description")["value"], "Call back");
    EXPECT_EQ(api("GET", path + "/description/$value").body, "Call back");
    EXPECT_EQ(api("DELETE", path + "/description").status, 204);
    EXPECT_EQ(api("GET", path + "/description").status, 204) << "null has no content";
}

TEST_F(SandboxRows, LookupsAreBoundByNavigationPropertyAndReadAsValues) {
    const std::string account = sandbox::seed_id('a', 1);
    const std::string id = create(
        "opportunities",
        {{"name", "One"},
         {"customerid_account@odata.bind", "/accounts(" + account + ")"},
         {"transactioncurrencyid@odata.bind",
          std::string(kBase) + "/api/data/v9.2/transactioncurrencies(" + sandbox::seed_id('c', 2) +
              ")"}}
    );
    const Json row =
        get("opportunities(" + id + ")", {{"Prefer", "odata.include-annotations=\"*\""}});
    EXPECT_EQ(row["_customerid_value"], account);
    EXPECT_EQ(row["_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "account");
    EXPECT_EQ(row["_customerid_value@OData.Community.Display.V1.FormattedValue"], "Fabrikam, Inc.");
    EXPECT_EQ(row["_transactioncurrencyid_value"], sandbox::seed_id('c', 2));
}

TEST_F(SandboxRows, WrongLookupsAreRefusedAndNothingIsSaved) {
    const std::string account = "/accounts(" + sandbox::seed_id('a', 1) + ")";
    const Json bodies[] = {
        {{"name", "a"}, {"ParentAccountId@odata.bind", account}},
        {{"name", "b"}, {"parentcontactid@odata.bind", account}},
        {{"name", "c"}, {"_parentaccountid_value", sandbox::seed_id('a', 1)}},
        {{"name", "d"}, {"parentaccountid", sandbox::seed_id('a', 1)}},
        {{"name", "e"}, {"parentaccountid@odata.bind", "nonsense"}}};
    for (const Json& body : bodies) {
        const http::Response response = api("POST", "opportunities", body);
        EXPECT_EQ(response.status, 400) << body;
        EXPECT_EQ(code_of(response), "0x80048d19") << body;
    }
    const http::Response dangling =
        api("POST",
            "opportunities",
            {{"name", "f"}, {"parentaccountid@odata.bind", "/accounts(" + kId + ")"}});
    EXPECT_EQ(dangling.status, 404);
    EXPECT_TRUE(get("opportunities")["value"].empty());
}

TEST_F(SandboxRows, ReferencesLinkAndUnlinkRows) {
    const std::string account = "accounts(" + sandbox::seed_id('a', 1) + ")";
    const std::string id = create("opportunities", {{"name", "One"}});
    const std::string path = "opportunities(" + id + ")";
    const Json reference = {{"@odata.id", std::string(kBase) + "/api/data/v9.2/" + path}};
    EXPECT_EQ(api("POST", account + "/opportunity_parent_account/$ref", reference).status, 204);
    EXPECT_EQ(get(path)["_parentaccountid_value"], sandbox::seed_id('a', 1));
    EXPECT_EQ(names(account + "/opportunity_parent_account"), Json({"One"}));
    EXPECT_EQ(get(path + "/parentaccountid")["name"], "Fabrikam, Inc.");
    EXPECT_EQ(api("DELETE", account + "/opportunity_parent_account(" + id + ")/$ref").status, 204);
    EXPECT_TRUE(get(path)["_parentaccountid_value"].is_null());

    const Json other = {{"@odata.id", "/accounts(" + sandbox::seed_id('a', 2) + ")"}};
    EXPECT_EQ(api("PUT", path + "/parentaccountid/$ref", other).status, 204);
    EXPECT_EQ(get(path)["_parentaccountid_value"], sandbox::seed_id('a', 2));
    EXPECT_EQ(api("DELETE", path + "/parentaccountid/$ref").status, 204);
    EXPECT_TRUE(get(path)["_parentaccountid_value"].is_null());
}

TEST_F(SandboxRows, ANestedRowIsCreatedWithItsParent) {
    const std::string id = create(
        "opportunities", {{"name", "One"}, {"parentaccountid", {{"name", "Contoso Bikes"}}}}
    );
    const Json row = get("opportunities(" + id + ")?$expand=parentaccountid($select=name)");
    EXPECT_EQ(row["parentaccountid"]["name"], "Contoso Bikes");
    const http::Response bad = api(
        "POST", "opportunities", {{"name", "x"}, {"parentaccountid", {{"name", "New"}, {"no", 1}}}}
    );
    EXPECT_EQ(bad.status, 400);
    EXPECT_TRUE(get("accounts?$filter=name eq 'New'")["value"].empty());
}

TEST_F(SandboxRows, PayloadsAreCheckedPropertyByProperty) {
    const struct {
        Json body;
        const char* code;
    } cases[] = {
        {{{"name", "a"}, {"nosuchcolumn", 1}}, "0x80048d19"},
        {{{"name", 5}}, "0x80048d19"},
        {{{"name", std::string(301, 'x')}}, "0x80044331"},
        {{{"name", "a"}, {"description", std::string(2001, 'x')}}, "0x80044331"},
        {{{"name", "a"}, {"budgetamount", "12.5"}}, "0x80048d19"},
        {{{"name", "a"}, {"budgetamount", 1e15}}, "0x80044330"},
        {{{"name", "a"}, {"estimatedclosedate", "2026-02-03T00:00:00Z"}}, "0x80048d19"},
        {{{"name", "a"}, {"estimatedclosedate", "soon"}}, "0x80048d19"},
        {{{"name", "a"}, {"msft_syncwithpartnercenter", "yes"}}, "0x80048d19"},
        {{{"name", "a"}, {"msft_howcanmicrosofthelp", 7}}, "0x8004431a"},
        {{{"description", "no name"}}, "0x80040203"}};

    for (const auto& each : cases) {
        const http::Response response = api("POST", "opportunities", each.body);
        EXPECT_EQ(response.status, 400) << each.body;
        EXPECT_EQ(code_of(response), each.code) << each.body;
    }
    EXPECT_EQ(
        api("POST", "opportunities", {{"name", "a"}, {"description", std::string(2000, 'x')}}
        ).status,
        204
    );
}

TEST_F(SandboxRows, ABodyThatIsNoJsonObjectIsRefused) {
    http::Headers headers{{"Authorization", "Bearer " + token}};
    for (const char* body : {"{", "[]", "7", "{\"name\":\"a\"} x"}) {
        EXPECT_EQ(send("POST", "/api/data/v9.2/opportunities", body, headers).status, 400) << body;
    }
}

TEST_F(SandboxRows, ARequiredColumnCannotBeCleared) {
    const std::string path = "opportunities(" + create("opportunities", {{"name", "One"}}) + ")";
    EXPECT_EQ(api("PATCH", path, {{"name", nullptr}}).status, 400);
    make_sandbox(
        {.base_url = "",
         .state_file = "",
         .required_columns = Sandbox::RequiredColumns::kAsTheService}
    );
    EXPECT_EQ(api("POST", "opportunities", {{"description", "no name"}}).status, 204);
}

TEST_F(SandboxRows, DuplicatesAreDetectedOnRequestOnly) {
    const Json row = {{"name", "Northwind Traders"}};
    const http::Response refused =
        api("POST", "accounts", row, {{"MSCRM.SuppressDuplicateDetection", "false"}});
    EXPECT_EQ(refused.status, 412);
    EXPECT_EQ(code_of(refused), "0x80040333");
    EXPECT_EQ(api("POST", "accounts", row).status, 204);
}

TEST_F(SandboxRows, ImpersonationSavesAsTheOtherUser) {
    const std::string seller = sandbox::seed_id('e', 2);
    const http::Response made =
        api("POST", "opportunities", {{"name", "One"}}, {{"MSCRMCallerID", seller}});
    ASSERT_EQ(made.status, 204);
    const Json row = get(path_of(made.headers.get_or("OData-EntityId", "")));
    EXPECT_EQ(row["_createdby_value"], seller);
    EXPECT_EQ(row["_ownerid_value"], seller);
    EXPECT_EQ(api("POST", "opportunities", {{"name", "x"}}, {{"MSCRMCallerID", kId}}).status, 403);
}

}  // namespace
}  // namespace tideway::connectors::dataverse
