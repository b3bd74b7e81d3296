#include <filesystem>
#include <fstream>

#include "engine/base/uid.h"
#include "tests/connectors/dataverse/sandbox_fixture.h"

namespace tideway::connectors::dataverse {
namespace {

using SandboxService = SandboxTest;

TEST_F(SandboxService, ARequestNeedsATokenForThisService) {
    EXPECT_EQ(send("GET", "/api/data/v9.2/WhoAmI").status, 401);
    const std::string other = identity.issue(
        {"contoso",
         "crm-client",
         "",
         "admin",
         "https://elsewhere.crm.dynamics.com",
         clock.now() + std::chrono::hours(1)}
    );
    const http::Response response =
        send("GET", "/api/data/v9.2/WhoAmI", "", {{"Authorization", "Bearer " + other}});
    EXPECT_EQ(response.status, 401);
    EXPECT_TRUE(response.headers.get("WWW-Authenticate").has_value());
}

TEST_F(SandboxService, AnApplicationWithoutAUserIsNotAMember) {
    token = token_for("stranger", "none");
    const http::Response response = api("GET", "WhoAmI");
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(code_of(response), "0x80072560");
}

TEST_F(SandboxService, WhoAmINamesTheApplicationUser) {
    const Json who = get("WhoAmI");
    const Json user = get("systemusers(" + who["UserId"].get<std::string>() + ")");
    EXPECT_EQ(user["fullname"], "# crm-client");
    EXPECT_EQ(get("WhoAmI()"), who);
    EXPECT_TRUE(get("RetrieveVersion()")["Version"].get<std::string>().starts_with("9.2"));
    EXPECT_EQ(api("POST", "WhoAmI").status, 405);
}

TEST_F(SandboxService, OnlyVersionNineIsServed) {
    const http::Headers headers{{"Authorization", "Bearer " + token}};
    EXPECT_EQ(send("GET", "/api/data/v9.0/WhoAmI", "", headers).status, 200);
    EXPECT_EQ(send("GET", "/api/data/v8.2/WhoAmI", "", headers).status, 404);
    EXPECT_EQ(send("GET", "/elsewhere", "", headers).status, 404);
}

TEST_F(SandboxService, PrivilegesAreNamedWhenTheyAreMissing) {
    token = token_for("plain", "user");
    EXPECT_EQ(api("POST", "opportunities", {{"name", "One"}}).status, 204);
    const http::Response response = api(
        "PATCH", "transactioncurrencies(" + sandbox::seed_id('c', 2) + ")", {{"exchangerate", 2}}
    );
    EXPECT_EQ(response.status, 403);
    EXPECT_NE(response.body.find("prvWriteTransactionCurrency"), std::string::npos);
    send("POST", "/sandbox/privileges", R"({"name":"plain","deny":["prvReadOpportunity"]})");
    EXPECT_EQ(api("GET", "opportunities").status, 403);
    send("POST", "/sandbox/privileges", R"({"name":"plain","deny":[]})");
    EXPECT_EQ(api("GET", "opportunities").status, 200);
}

TEST_F(SandboxService, AUserOverTheRequestLimitWaitsUntilTheWindowMoves) {
    send("POST", "/sandbox/limits", R"({"requests":2,"window_ms":60000})");
    const http::Response first = api("GET", "WhoAmI");
    EXPECT_EQ(first.headers.get_or("x-ms-ratelimit-burst-remaining-xrm-requests", ""), "1");
    clock.advance(std::chrono::seconds(20));
    api("GET", "WhoAmI");
    const http::Response refused = api("GET", "WhoAmI");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(code_of(refused), "0x80072322");
    EXPECT_EQ(refused.headers.get_or("Retry-After", ""), "40");
    token = token_for("other", "admin");
    EXPECT_EQ(api("GET", "WhoAmI").status, 200) << "limits are per user";
    token = token_for("crm-client", "admin");
    clock.advance(std::chrono::seconds(40));
    EXPECT_EQ(api("GET", "WhoAmI").status, 200);
}

TEST_F(SandboxService, SlowAnswersCountAsConcurrentRequestsAndExecutionTime) {
    send("POST", "/sandbox/limits", R"({"concurrent":1,"latency_ms":1})");
    const http::Headers headers{{"Authorization", "Bearer " + token}};
    const auto slow = std::make_shared<test_support::RecordingResponder>();
    sandbox->handler(
    )(test_support::make_request("GET", "/api/data/v9.2/WhoAmI", "", headers), slow);
    EXPECT_EQ(slow->answers(), 0);
    const http::Response refused = api("GET", "WhoAmI");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(code_of(refused), "0x80072326");
    while (slow->answers() == 0) {
        loop.poll();
    }
    EXPECT_EQ(slow->answer->status, 200);
    EXPECT_EQ(
        slow->answer->headers.get_or("x-ms-ratelimit-time-remaining-xrm-requests", ""), "1200.00"
    );
}

TEST_F(SandboxService, WritesOfClientsAreListedAndThoseOfSellersAreNot) {
    const std::string id = create("opportunities", {{"name", "One"}});
    sandbox->act_as("Kelly Krout", "PATCH", "opportunities(" + id + ")", {{"name", "Two"}});
    api("GET", "opportunities");
    api("PATCH", "opportunities(" + id + ")", {{"nosuch", 1}});
    const Json log = body_of(send("GET", "/sandbox/writes"));
    ASSERT_EQ(log["count"], 1);
    EXPECT_EQ(log["writes"][0]["kind"], "create");
    EXPECT_EQ(log["writes"][0]["table"], "opportunity");
    EXPECT_EQ(log["writes"][0]["id"], id);
    EXPECT_EQ(log["writes"][0]["user"], "crm-client");
    EXPECT_EQ(body_of(send("GET", "/sandbox/writes?since=1"))["count"], 0);
    EXPECT_EQ(body_of(send("GET", "/sandbox/requests"))["requests"].size(), 3U);
    send("DELETE", "/sandbox/writes");
    EXPECT_EQ(body_of(send("GET", "/sandbox/writes"))["count"], 0);
}

TEST_F(SandboxService, AWriteSaysWhatHasAnotherValueSince) {
    const std::string id = create("opportunities", {{"name", "One"}, {"description", "Notes"}});
    const std::string path = "opportunities(" + id + ")";
    api("PATCH", path, {{"name", "Two"}, {"description", "Notes"}});
    api("PATCH", path, {{"name", "Two"}});
    const Json writes = body_of(send("GET", "/sandbox/writes"))["writes"];
    ASSERT_EQ(writes.size(), 3U);
    EXPECT_EQ(writes[1]["columns"], Json({"description", "name"}));
    EXPECT_EQ(writes[1]["changed"], Json({"name"}));
    EXPECT_EQ(writes[2]["changed"], Json::array());
}

TEST_F(SandboxService, ASellerActsThroughTheControlApi) {
    const http::Response made = send(
        "POST", "/sandbox/as/jamie.reding%40contoso.com/opportunities", R"({"name":"Jamie's"})"
    );
    ASSERT_EQ(made.status, 204) << made.body;
    const Json row = get(path_of(made.headers.get_or("OData-EntityId", "")));
    EXPECT_EQ(row["_ownerid_value"], sandbox::seed_id('e', 2));
    EXPECT_EQ(send("POST", "/sandbox/as/nobody/opportunities", "{}").status, 404);
}

TEST_F(SandboxService, ResetBringsTheSeedDataBack) {
    create("opportunities", {{"name", "One"}});
    send("POST", "/sandbox/limits", R"({"requests":0})");
    EXPECT_EQ(api("GET", "WhoAmI").status, 429);
    EXPECT_EQ(send("POST", "/sandbox/reset").status, 200);
    EXPECT_TRUE(get("opportunities")["value"].empty());
    EXPECT_EQ(body_of(send("GET", "/sandbox/writes"))["count"], 0);
}

TEST_F(SandboxService, RowsOfATableCanBeRemovedWithoutAnybodyHearingOfIt) {
    create("opportunities", {{"name", "One"}});
    send("DELETE", "/sandbox/writes");
    EXPECT_EQ(body_of(send("DELETE", "/sandbox/rows/opportunity"))["count"], 1);
    EXPECT_EQ(body_of(send("GET", "/sandbox/rows/opportunity"))["count"], 0);
    EXPECT_EQ(body_of(send("GET", "/sandbox/rows/account"))["count"], 4);
    EXPECT_EQ(body_of(send("GET", "/sandbox/writes"))["count"], 0);
}

TEST_F(SandboxService, SeedDataHasCurrenciesPeopleCustomersAndVariables) {
    Json codes = Json::object();
    const Json currencies = get("transactioncurrencies");
    for (const Json& row : currencies["value"]) {
        codes[row["isocurrencycode"].get<std::string>()] = row["currencyprecision"];
    }
    EXPECT_EQ(codes["USD"], 2);
    EXPECT_EQ(codes["JPY"], 0);
    EXPECT_EQ(codes["KWD"], 3);
    const Json accounts = get("accounts");
    ASSERT_EQ(accounts["value"].size(), 4U);
    for (const Json& row : accounts["value"]) {
        EXPECT_EQ(row["address1_country"].get<std::string>().size(), 2U);
    }
    const Json variable =
        get("environmentvariabledefinitions(schemaname='msft_dealvaluefield')"
            "?$expand=environmentvariabledefinition_environmentvariablevalue");
    EXPECT_EQ(variable["defaultvalue"], "estimatedvalue");
    EXPECT_TRUE(variable["environmentvariabledefinition_environmentvariablevalue"].empty());
}

TEST_F(SandboxService, ControlRequestsThatAreWrongSaySo) {
    EXPECT_EQ(send("POST", "/sandbox/nosuch").status, 404);
    EXPECT_EQ(send("GET", "/sandbox/nosuch").status, 404);
    EXPECT_EQ(send("POST", "/sandbox/limits", R"({"request":5})").status, 400);
    EXPECT_EQ(send("POST", "/sandbox/limits", R"({"window_ms":0})").status, 400);
    EXPECT_EQ(send("POST", "/sandbox/limits", "[1]").status, 400);
    EXPECT_EQ(send("POST", "/sandbox/lag", "{").status, 400);
    EXPECT_EQ(send("POST", "/sandbox/privileges", R"({"name":"x"})").status, 400);
    EXPECT_EQ(send("GET", "/sandbox/rows/opportunities").status, 404);
    EXPECT_EQ(body_of(send("GET", "/sandbox/rows/account"))["count"], 4);
    EXPECT_EQ(body_of(send("GET", "/sandbox"))["service"], "dataverse");
}

TEST_F(SandboxService, StateSurvivesARestart) {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("tideway-" + Uid::random().hex());
    std::filesystem::create_directories(folder);
    Sandbox::Options options;
    options.state_file = (folder / "dataverse.json").string();
    make_sandbox(options);
    const std::string id =
        create("opportunities", {{"name", "Kept"}, {"msft_referralidentifier", "r"}});
    const std::string link =
        path_of(get("opportunities", {{"Prefer", "odata.track-changes"}})["@odata.deltaLink"]);
    make_sandbox(options);
    EXPECT_EQ(get("opportunities(msft_referralidentifier='r')")["opportunityid"], id);
    EXPECT_TRUE(get(link)["value"].empty()) << "versions go on";
    std::ofstream(options.state_file) << "{broken";
    make_sandbox(options);
    ASSERT_FALSE(sandbox->load_error().has_value());
    EXPECT_NE(sandbox->load_error().error().message.find("dataverse.json"), std::string::npos);
    EXPECT_EQ(get("accounts")["value"].size(), 4U) << "seed data";
    std::filesystem::remove_all(folder);
}

TEST_F(SandboxService, MetadataDescribesTablesColumnsAndChoices) {
    const Json sets = get("EntityDefinitions?$select=LogicalName,EntitySetName")["value"];
    bool found = false;
    for (const Json& each : sets) {
        found = found ||
                (each["LogicalName"] == "opportunity" && each["EntitySetName"] == "opportunities");
        EXPECT_FALSE(each.contains("PrimaryIdAttribute"));
    }
    EXPECT_TRUE(found);
    const Json status =
        get("EntityDefinitions(LogicalName='opportunity')/Attributes(LogicalName='statuscode')/"
            "Microsoft.Dynamics.CRM.StatusAttributeMetadata?$expand=OptionSet");
    const Json& options = status["OptionSet"]["Options"];
    ASSERT_EQ(options.size(), 5U);
    EXPECT_EQ(options[4]["Value"], 5);
    EXPECT_EQ(options[4]["State"], 2);
    EXPECT_EQ(options[4]["Label"]["UserLocalizedLabel"]["Label"], "Out-Sold");
    const Json name =
        get("EntityDefinitions(LogicalName='opportunity')/Attributes(LogicalName='name')");
    EXPECT_EQ(name["MaxLength"], 300);
    const Json keys = get("EntityDefinitions(LogicalName='opportunity')/Keys")["value"];
    EXPECT_EQ(keys[0]["KeyAttributes"], Json({"msft_referralidentifier"}));
    EXPECT_EQ(api("GET", "EntityDefinitions(LogicalName='nosuch')").status, 404);
}

TEST_F(SandboxService, TheMetadataDocumentNamesEverySet) {
    const http::Response response = api("GET", "$metadata");
    EXPECT_EQ(response.headers.get_or("Content-Type", ""), "application/xml");
    EXPECT_TRUE(response.body.starts_with("<?xml"));
    for (const char* part :
         {"<EntitySet Name=\"opportunities\"",
          "Name=\"_ownerid_value\" Type=\"Edm.Guid\"",
          "Type=\"Collection(mscrm.contact)\"",
          "</edmx:Edmx>"}) {
        EXPECT_NE(response.body.find(part), std::string::npos) << part;
    }
}

}  // namespace
}  // namespace tideway::connectors::dataverse
