#include "tests/connectors/dataverse/sandbox_fixture.h"

namespace tideway::connectors::dataverse {
namespace {

class SandboxRules : public SandboxTest {
  protected:
    std::string opportunity(Json row = Json::object()) {
        row["name"] = "Fabrikam deal";
        return "opportunities(" + create("opportunities", row) + ")";
    }

    http::Response close(const std::string& path, const std::string& action, int status) {
        return api(
            "POST",
            action,
            {{"OpportunityClose", {{"subject", "Done"}, {"opportunityid@odata.bind", "/" + path}}},
             {"Status", status}}
        );
    }
};

TEST_F(SandboxRules, MoneyIsRoundedToTheCurrencyAndConverted) {
    const auto made = [this](int currency) {
        return get(opportunity(
            {{"isrevenuesystemcalculated", false},
             {"estimatedvalue", 1234.5678},
             {"transactioncurrencyid@odata.bind",
              "/transactioncurrencies(" + sandbox::seed_id('c', currency) + ")"}}
        ));
    };
    EXPECT_EQ(made(1)["estimatedvalue"], 1234.57) << "USD";
    EXPECT_EQ(made(4)["estimatedvalue"], 1235.0) << "JPY has no decimals";
    EXPECT_EQ(made(5)["estimatedvalue"], 1234.568) << "KWD has three";
    EXPECT_EQ(made(2)["estimatedvalue_base"], 1341.92) << "EUR at 0.92";
}

TEST_F(SandboxRules, TheOrganisationsCurrencyIsTheDefault) {
    EXPECT_EQ(get(opportunity())["_transactioncurrencyid_value"], sandbox::seed_id('c', 1));
}

TEST_F(SandboxRules, RevenueIsIgnoredWhileTheSystemCalculatesIt) {
    const std::string path = opportunity({{"estimatedvalue", 500}});
    EXPECT_EQ(get(path)["estimatedvalue"], 0.0);
    EXPECT_EQ(api("PATCH", path, {{"estimatedvalue", 700}}).status, 204);
    EXPECT_EQ(get(path)["estimatedvalue"], 0.0);
    EXPECT_EQ(
        api("PATCH", path, {{"isrevenuesystemcalculated", false}, {"estimatedvalue", 700}}).status,
        204
    );
    EXPECT_EQ(get(path)["estimatedvalue"], 700.0);
}

TEST_F(SandboxRules, TheCustomerFollowsTheAccount) {
    const std::string path =
        opportunity({{"parentaccountid@odata.bind", "/accounts(" + sandbox::seed_id('a', 2) + ")"}}
        );
    EXPECT_EQ(get(path)["_customerid_value"], sandbox::seed_id('a', 2));
}

TEST_F(SandboxRules, WinningClosesTheOpportunityAndWritesAnActivity) {
    const std::string path =
        opportunity({{"isrevenuesystemcalculated", false}, {"estimatedvalue", 900}});
    EXPECT_EQ(close(path, "WinOpportunity", 3).status, 204);
    const Json row = get(path);
    EXPECT_EQ(row["statecode"], 1);
    EXPECT_EQ(row["statuscode"], 3);
    EXPECT_EQ(row["actualvalue"], 900.0);
    EXPECT_FALSE(row["actualclosedate"].is_null());
    const Json closes = get("opportunitycloses")["value"];
    ASSERT_EQ(closes.size(), 1U);
    EXPECT_EQ(closes[0]["subject"], "Done");
    EXPECT_EQ("opportunities(" + closes[0]["_opportunityid_value"].get<std::string>() + ")", path);
    EXPECT_EQ(close(path, "WinOpportunity", 3).status, 400) << "already closed";
    EXPECT_EQ(get("opportunitycloses")["value"].size(), 1U);
}

TEST_F(SandboxRules, LosingTakesAReasonOfTheLostState) {
    const std::string path = opportunity();
    const http::Response wrong = close(path, "LoseOpportunity", 3);
    EXPECT_EQ(wrong.status, 400);
    EXPECT_EQ(code_of(wrong), "0x80048408");
    EXPECT_EQ(get(path)["statecode"], 0);
    EXPECT_EQ(close(path, "LoseOpportunity", 5).status, 204);
    EXPECT_EQ(get(path)["statuscode"], 5);
}

TEST_F(SandboxRules, AStateThatAnActionSetsIsNotSetByAnUpdate) {
    const std::string path = opportunity();
    const http::Response response = api("PATCH", path, {{"statecode", 1}, {"statuscode", 3}});
    EXPECT_EQ(response.status, 400);
    EXPECT_NE(response.body.find("WinOpportunity"), std::string::npos);
    EXPECT_EQ(get(path)["statecode"], 0);
}

TEST_F(SandboxRules, AClosedOpportunityRejectsEditsUntilItIsReopened) {
    const std::string path = opportunity();
    close(path, "LoseOpportunity", 4);
    EXPECT_EQ(api("PATCH", path, {{"name", "New"}}).status, 400);
    EXPECT_EQ(api("PATCH", path, {{"msft_audit", "Seen"}}).status, 204);
    EXPECT_EQ(api("PATCH", path, {{"statecode", 0}, {"statuscode", 1}}).status, 204);
    EXPECT_EQ(api("PATCH", path, {{"name", "New"}}).status, 204);
    const Json row = get(path);
    EXPECT_EQ(row["statecode"], 0);
    EXPECT_TRUE(row["actualclosedate"].is_null());
}

TEST_F(SandboxRules, AStatusReasonMustBelongToTheState) {
    const std::string path = opportunity();
    EXPECT_EQ(api("PATCH", path, {{"statuscode", 2}}).status, 204);
    EXPECT_EQ(get(path)["statuscode"], 2);
    const http::Response response = api("PATCH", path, {{"statuscode", 4}});
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(code_of(response), "0x80048408");
}

TEST_F(SandboxRules, QualifyingALeadMakesAccountContactAndOpportunity) {
    const std::string lead = create(
        "leads",
        {{"subject", "Bikes"},
         {"firstname", "Robin"},
         {"lastname", "Counts"},
         {"companyname", "Contoso Bikes"},
         {"estimatedamount", 250},
         {"estimatedclosedate", "2026-05-01"}}
    );
    const http::Response response =
        api("POST",
            "leads(" + lead + ")/Microsoft.Dynamics.CRM.QualifyLead",
            {{"CreateAccount", true},
             {"CreateContact", true},
             {"CreateOpportunity", true},
             {"Status", 3}});
    ASSERT_EQ(response.status, 200) << response.body;
    const Json made = body_of(response)["value"];
    ASSERT_EQ(made.size(), 3U);
    EXPECT_EQ(made[2]["@odata.type"], "#Microsoft.Dynamics.CRM.opportunity");
    const Json row =
        get("opportunities(" + made[2]["opportunityid"].get<std::string>() +
            ")?$expand=parentaccountid($select=name),parentcontactid($select=fullname)");
    EXPECT_EQ(row["name"], "Bikes");
    EXPECT_EQ(row["estimatedvalue"], 250.0);
    EXPECT_EQ(row["estimatedclosedate"], "2026-05-01");
    EXPECT_EQ(row["_originatingleadid_value"], lead);
    EXPECT_EQ(row["parentaccountid"]["name"], "Contoso Bikes");
    EXPECT_EQ(row["parentcontactid"]["fullname"], "Robin Counts");
    EXPECT_EQ(get("leads(" + lead + ")")["statecode"], 1);
}

TEST_F(SandboxRules, AQualificationThatFailsLeavesNothingBehind) {
    const std::string lead = create("leads", {{"subject", "Bikes"}, {"lastname", "Counts"}});
    EXPECT_EQ(
        send(
            "POST",
            "/sandbox/privileges",
            R"({"name":"crm-client","deny":["prvCreateOpportunity"]})"
        )
            .status,
        200
    );
    const std::size_t accounts = get("accounts")["value"].size();
    const http::Response response =
        api("POST",
            "leads(" + lead + ")/Microsoft.Dynamics.CRM.QualifyLead",
            {{"CreateAccount", true}, {"CreateOpportunity", true}, {"Status", 3}});
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(get("accounts")["value"].size(), accounts);
    EXPECT_EQ(get("leads(" + lead + ")")["statecode"], 0);
}

}  // namespace
}  // namespace tideway::connectors::dataverse
