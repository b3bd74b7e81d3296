// The connector against the sandbox: what one sends, the other understands.
#include <gmock/gmock.h>

#include "tests/connectors/salesforce/sandbox_fixture.h"

namespace tideway::connectors::salesforce {
namespace {

using test::Conversation;
using ::testing::HasSubstr;

class SalesforceWithSandbox : public SandboxTest {
  protected:
    Json upsert(const std::string& referral, const std::string& name) {
        return output(crm.start(
            "upsert_record",
            {{"object", "Opportunity"},
             {"field", "Referral_Identifier__c"},
             {"value", referral},
             {"record", opportunity(name)}}
        ));
    }

    Json checks() { return output(Conversation(crm.connector().test(crm.settings)))["checks"]; }
};

TEST_F(SalesforceWithSandbox, ARecordLivesThroughItsOperations) {
    const Json made = upsert("r-1", "Northwind");
    EXPECT_EQ(made["created"], true);
    EXPECT_EQ(
        upsert("r-1", "Northwind 2"),
        (Json{{"id", made["id"]}, {"object", "Opportunity"}, {"created", false}})
    );
    output(crm.start(
        "update_record",
        {{"object", "Opportunity"}, {"id", made["id"]}, {"changes", {{"Audit__c", "a\nb 'c'"}}}}
    ));
    const Json read = output(crm.start(
        "get_record_by_external_id",
        {{"object", "Opportunity"},
         {"field", "Referral_Identifier__c"},
         {"value", "r-1"},
         {"select", {"Name", "Audit__c"}}}
    ));
    EXPECT_EQ(read["Name"], "Northwind 2");
    EXPECT_EQ(read["Audit__c"], "a\nb 'c'");
    EXPECT_EQ(read["id"], made["id"]);
    const Json gone = {{"object", "Opportunity"}, {"id", made["id"]}};
    EXPECT_TRUE(output(crm.start("delete_record", gone)).is_null());
    EXPECT_TRUE(output(crm.repeat("delete_record", gone)).is_null());
    EXPECT_EQ(error_of(crm.start("get_record", gone)).kind, ErrorKind::kNotFound);
}

TEST_F(SalesforceWithSandbox, ValuesOfAQueryCannotChangeIt) {
    create("Opportunity", opportunity("O'Hara \\ sons"));
    create("Opportunity", opportunity("Other"));
    const auto find_names = [&](const Json& values, const std::string& condition) {
        return output(crm.start(
            "query",
            {{"soql", "SELECT Name FROM Opportunity WHERE " + condition}, {"values", values}}
        ));
    };
    EXPECT_EQ(find_names({{"name", "O'Hara \\ sons"}}, "Name = :name")["total"], 1);
    EXPECT_EQ(find_names({{"name", "x' OR Name != '"}}, "Name = :name")["total"], 0);
    EXPECT_EQ(find_names({{"names", {"Other", "x"}}}, "Name IN :names")["total"], 1);
    EXPECT_EQ(find_names(Json::object(), "Name = ':name' OR Name = 'Other'")["total"], 1);
    EXPECT_EQ(
        error_of(crm.start("query", {{"soql", "SELECT Id FROM Account WHERE Name = :name"}})).code,
        "ValueMissing"
    );
}

TEST_F(SalesforceWithSandbox, QueriesReadAllPagesOrAsManyAsAreWanted) {
    for (int i = 0; i < 2'001; ++i) {
        create("Account", {{"Name", "Customer " + std::to_string(i)}});
    }
    const std::string soql = "SELECT Id FROM Account WHERE Name LIKE 'Customer%'";
    const Json all = output(crm.start("query", {{"soql", soql}}));
    EXPECT_EQ(all["records"].size(), 2'001U);
    EXPECT_EQ(all["records"][0]["object"], "Account");
    const Json some = output(crm.start("query", {{"soql", soql}, {"max_items", 3}}));
    EXPECT_EQ(some["records"].size(), 3U);
    EXPECT_EQ(some["total"], 2'001);
}

TEST_F(SalesforceWithSandbox, ALinkThatLeadsElsewhereIsNotFollowed) {
    Conversation talk = crm.start("query", {{"soql", "SELECT Id FROM Account"}});
    talk.hears(test::answer(
        200,
        R"({"totalSize":2,"done":false,"records":[],"nextRecordsUrl":"//evil.example/query/x"})"
    ));
    EXPECT_EQ(talk.error().code, "ForeignLink");
}

TEST_F(SalesforceWithSandbox, ADoubtfulCreateIsFoundByWhatMatchNames) {
    const Json input = {
        {"object", "Opportunity"},
        {"record", opportunity("In doubt")},
        {"match", {"Name", "CloseDate"}}};
    EXPECT_EQ(output(crm.probe("create_record", input))["found"], false);
    // The manual clock stands in February; the call's intent is a day later.
    clock.advance(std::chrono::hours(48));
    token = sandbox->open_session(Sandbox::kIntegrationUser);
    const Json made = output(crm.start("create_record", input));
    EXPECT_EQ(output(crm.probe("create_record", input))["output"], made);
}

TEST_F(SalesforceWithSandbox, CollectionsAreWrittenAndSettled) {
    const Json made = output(crm.start(
        "create_records",
        {{"object", "Account"}, {"records", {{{"Name", "A"}}, {{"Phone", "no name"}}}}}
    ));
    EXPECT_EQ(made["failed"], 1);
    const std::string a = made["results"][0]["id"];
    const std::string b = create("Account", {{"Name", "B"}});
    const Json input = {
        {"object", "Account"},
        {"records", {{{"id", a}, {"Phone", "1"}}, {{"id", b}, {"Phone", "2"}}}}};
    EXPECT_EQ(output(crm.probe("update_records", input))["found"], false);
    ASSERT_EQ(api("PATCH", "sobjects/Account/" + a, {{"Phone", "1"}}).status, 204);
    control("limits", {{"used", 0}});
    const Json changed = output(crm.repeat("update_records", input));  // the rest only
    EXPECT_EQ(changed["failed"], 0);
    EXPECT_EQ(changed["results"][1]["id"], b);
    EXPECT_EQ(output(crm.probe("update_records", input))["found"], true);
    const Json gone = {{"object", "Account"}, {"ids", {a, b}}};
    EXPECT_EQ(output(crm.start("delete_records", gone))["failed"], 0);
    EXPECT_EQ(output(crm.start("delete_records", gone))["failed"], 2);
    EXPECT_EQ(output(crm.repeat("delete_records", gone))["failed"], 0);
}

TEST_F(SalesforceWithSandbox, ACompositeThatFailsSaysWhichRequestAndDoesNothing) {
    const auto requests = [](const Json& contact) {
        return Json{
            {"operations",
             {{{"method", "POST"},
               {"path", "sobjects/Account"},
               {"reference", "customer"},
               {"body", {{"Name", "C"}}}},
              {{"method", "POST"},
               {"path", "sobjects/Contact"},
               {"reference", "person"},
               {"body", contact}}}}};
    };
    const Json done = output(
        crm.start("composite", requests({{"LastName", "Li"}, {"AccountId", "@{customer.id}"}}))
    );
    EXPECT_EQ(done["answers"][1]["status"], 201);
    const Error error = error_of(crm.start("composite", requests({{"FirstName", "Li"}})));
    EXPECT_THAT(error.message, HasSubstr("person: Required fields are missing: [LastName]"));
    EXPECT_THAT(error.message, HasSubstr("Nothing was done"));
}

TEST_F(SalesforceWithSandbox, TellsWhatTheOrganizationIsAndHas) {
    EXPECT_EQ(output(crm.start("who_am_i", Json::object()))["username"], Sandbox::kIntegrationUser);
    EXPECT_EQ(output(crm.start("list_objects", Json::object()))["objects"].size(), 12U);
    EXPECT_EQ(output(crm.start("describe_object", {{"object", "Lead"}}))["name"], "Lead");
    EXPECT_EQ(output(crm.start("get_limits", Json::object()))["DailyApiRequests"]["Max"], 15'000);
}

TEST_F(SalesforceWithSandbox, FeedsSayUpToWhenTheyAreComplete) {
    const std::string id = create("Lead", {{"LastName", "A"}, {"Company", "X"}});
    clock.advance(std::chrono::minutes(2));
    const Json updated = output(crm.start(
        "list_updated",
        {{"object", "Lead"}, {"start", "2026-02-02T02:39:00Z"}, {"end", "2026-02-02T02:45:00Z"}}
    ));
    EXPECT_EQ(updated["ids"], Json({id}));
    EXPECT_EQ(updated["covered_until"], "2026-02-02T02:42:00Z");
    api("DELETE", "sobjects/Lead/" + id);
    clock.advance(std::chrono::minutes(2));
    const Json deleted = output(crm.start(
        "list_deleted",
        {{"object", "Lead"}, {"start", "2026-02-02T02:40:00Z"}, {"end", "2026-02-02T02:45:00Z"}}
    ));
    EXPECT_EQ(
        deleted["records"], Json::array({{{"id", id}, {"deleted_at", "2026-02-02T02:42:00Z"}}})
    );
}

TEST_F(SalesforceWithSandbox, TheConnectionTestNamesEachRightThatIsMissing) {
    Json all = checks();
    ASSERT_EQ(all.size(), 19U);
    for (const Json& check : all) {
        EXPECT_EQ(check["ok"], true) << check.dump();
    }
    control(
        "rights", {{"name", Sandbox::kIntegrationUser}, {"deny", {"Edit Opportunity", "Read Lead"}}}
    );
    all = checks();
    std::string missing;
    for (const Json& check : all) {
        missing += check["ok"] ? "" : string_or(check, "what") + ";";
    }
    EXPECT_EQ(missing, "Edit Opportunity;Read Lead;");
    EXPECT_EQ(body_of(send("GET", "/sandbox/writes"))["value"], Json::array());
}

TEST_F(SalesforceWithSandbox, TheConnectionTestSaysWhyTheSignInIsRefused) {
    token = "ended";
    const Json all = checks();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0]["ok"], false);
    EXPECT_THAT(string_or(all[0], "message"), HasSubstr("Session expired"));
}

}  // namespace
}  // namespace tideway::connectors::salesforce
