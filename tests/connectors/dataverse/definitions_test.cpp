// Tables described and customized: the connector against the sandbox.
#include <algorithm>

#include <gtest/gtest.h>

#include "connectors/dataverse/dataverse_connector.h"
#include "engine/http/url.h"
#include "tests/connectors/dataverse/sandbox_fixture.h"
#include "tests/support/connector_call.h"
#include "tests/support/temp_folder.h"

namespace tideway::connectors::dataverse {
namespace {

class Definitions : public SandboxTest {
  protected:
    test::Conversation& run(test::Conversation& talk) {
        for (int i = 0; i < 20 && talk.is_asking(); ++i) {
            const http::Request& request = talk.request();
            const auto url = http::parse_url(request.url).value();
            http::Headers headers = request.headers;
            headers.set("Authorization", "Bearer " + token);
            talk.hears(send(
                request.method,
                url.path + (url.query.empty() ? "" : "?" + url.query),
                request.body,
                headers
            ));
        }
        return talk;
    }

    Json output(const char* operation, const Json& input) {
        test::Conversation talk = crm_.start(operation, input);
        run(talk);
        EXPECT_TRUE(talk.is_done()) << (talk.is_failed() ? talk.error().text() : "still asking");
        return talk.is_done() ? talk.output() : Json();
    }

    Error refusal(const char* operation, const Json& input) {
        test::Conversation talk = crm_.start(operation, input);
        run(talk);
        EXPECT_TRUE(talk.is_failed());
        return talk.is_failed() ? talk.error() : Error();
    }

    Json described(const std::string& name) {
        const Json table = output("describe_table", {{"table", "opportunity"}});
        for (const Json& column : table["columns"]) {
            if (column["name"] == name) {
                return column;
            }
        }
        return {};
    }

    void without_solution() { send("POST", "/sandbox/solution", R"({"installed": false})"); }

    void deny(const Json& privileges) {
        send("POST", "/sandbox/privileges", dump({{"name", "crm-client"}, {"deny", privileges}}));
    }

    static Json column(const char* name, const char* type) {
        return {{"table", "opportunity"}, {"name", name}, {"label", "Audit"}, {"type", type}};
    }

    static Json table(const char* name, const char* column) {
        return {
            {"table", name},
            {"label", "Solution"},
            {"plural", "Solutions"},
            {"primary_name", {{"name", column}, {"label", "Name"}}}};
    }

    static Json lookup(const char* table, const char* name) {
        return {
            {"table", table},
            {"name", name},
            {"label", "Opportunity"},
            {"type", "lookup"},
            {"target", "opportunity"}};
    }

    test::ConnectorUnderTest crm_{
        "dataverse",
        make_connector(),
        {{"base_url", kBase}, {"tenant", "contoso"}, {"client_id", "crm-client"}}};
};

TEST_F(Definitions, OfATableSayTypeLengthRightsAndChoices) {
    EXPECT_EQ(
        described("name"),
        Json::parse(R"({"name":"name","label":"Topic","type":"String","max_length":300,
                        "required":"ApplicationRequired","create":true,"update":true,
                        "custom":false,"source":"simple"})")
    );
    EXPECT_EQ(described("actualclosedate")["update"], false);
    EXPECT_EQ(described("estimatedclosedate")["format"], "DateOnly");
    const Json help = described("msft_howcanmicrosofthelp");
    ASSERT_EQ(help["options"].size(), 6U);
    EXPECT_EQ(help["options"][1]["label"], "Customer Technical Architecture");
    const Json table = output("describe_table", {{"table", "opportunity"}});
    EXPECT_EQ(table["set"], "opportunities");
    EXPECT_EQ(table["keys"][0]["columns"], Json::array({"msft_referralidentifier"}));
}

TEST_F(Definitions, OfATableThatIsNotThereAreRefused) {
    EXPECT_EQ(refusal("describe_table", {{"table", "deal"}}).http_status, 404);
}

TEST_F(Definitions, OfColumnsThatWereMadeAreThereAndTakeValues) {
    without_solution();
    EXPECT_TRUE(described("msft_audit").is_null());
    Json audit = column("msft_audit", "memo");
    audit["max_length"] = 4000;
    output("create_column", audit);
    output("create_column", column("msft_sync", "boolean"));
    Json help = column("msft_help", "choice");
    help["choices"] = Json::parse(R"([{"value":861980000,"label":"Quotes"}])");
    output("create_column", help);
    EXPECT_EQ(described("msft_audit")["max_length"], 4000);
    EXPECT_EQ(described("msft_help")["options"][0]["value"], 861980000);
    const std::string id = create(
        "opportunities", {{"name", "Pilot"}, {"msft_audit", "made"}, {"msft_help", 861980000}}
    );
    const Json row = get("opportunities(" + id + ")");
    EXPECT_EQ(row["msft_audit"], "made");
    EXPECT_EQ(row["msft_sync"], false);
}

TEST_F(Definitions, OfAColumnThatIsThereAlreadyAreFineAndOfAnotherTypeRefused) {
    const Json there = column("msft_audit", "memo");
    EXPECT_EQ(output("create_column", there)["name"], "msft_audit");
    const Error error = refusal("create_column", column("msft_audit", "boolean"));
    EXPECT_EQ(error.http_status, 400);
    EXPECT_NE(error.message.find("already exists"), std::string::npos) << error.message;
}

TEST_F(Definitions, OfAKeyMakeItsColumnsFindable) {
    without_solution();
    output("create_column", column("msft_referral", "text"));
    const Json key = {
        {"table", "opportunity"},
        {"name", "msft_referralkey"},
        {"label", "Referral"},
        {"columns", {"msft_referral"}}};
    output("create_key", key);
    output("create_key", key);
    const std::string id = create("opportunities", {{"name", "Pilot"}, {"msft_referral", "r-1"}});
    EXPECT_EQ(get("opportunities(msft_referral='r-1')")["opportunityid"], id);
}

TEST_F(Definitions, OfATableWithALookupTakeRowsThatPointToTheirParent) {
    without_solution();
    output("create_table", table("msft_solution", "msft_name"));
    const Json parent = lookup("msft_solution", "msft_opportunityid");
    output("create_column", parent);
    output("create_table", table("msft_solution", "msft_name"));
    output("create_column", parent);
    const Json described = output("describe_table", {{"table", "msft_solution"}});
    EXPECT_EQ(described["primary_name"], "msft_name");
    EXPECT_EQ(described["set"], "msft_solutions");
    const std::string deal = create("opportunities", {{"name", "Pilot"}});
    create(
        "msft_solutions",
        {{"msft_name", "SOL-1"}, {"msft_opportunityid@odata.bind", "/opportunities(" + deal + ")"}}
    );
    const Json rows = output(
        "list_rows",
        {{"table", "msft_solution"}, {"filter", "_msft_opportunityid_value eq " + deal}}
    );
    ASSERT_EQ(rows["rows"].size(), 1U) << dump(rows);
    EXPECT_EQ(rows["rows"][0]["msft_name"], "SOL-1");
}

TEST_F(Definitions, OfATableNamedByAnotherColumnAreRefusedAndSoIsALookupToNothing) {
    output("create_table", table("msft_other", "msft_name"));
    const Error named = refusal("create_table", table("msft_other", "msft_title"));
    EXPECT_EQ(named.http_status, 400);
    EXPECT_NE(named.message.find("already exists"), std::string::npos) << named.message;
    Json lost = lookup("msft_other", "msft_dealid");
    lost["target"] = "msft_deal";
    EXPECT_EQ(refusal("create_column", lost).http_status, 404);
}

TEST_F(Definitions, OfATableAskForARightOfTheirOwn) {
    deny({"prvCreateEntity", "prvCreateRelationship"});
    EXPECT_NE(
        refusal("create_table", table("msft_more", "msft_name")).message.find("prvCreateEntity"),
        std::string::npos
    );
    EXPECT_NE(
        refusal("create_column", lookup("lead", "msft_dealid"))
            .message.find("prvCreateRelationship"),
        std::string::npos
    );
}

TEST_F(Definitions, AskForTheRightAndNameIt) {
    EXPECT_EQ(
        output(
            "check_privileges", {{"names", {"prvCreateAttribute", "prvReadOpportunity"}}}
        )["missing"],
        Json::array()
    );
    deny({"prvCreateAttribute"});
    EXPECT_EQ(
        output("check_privileges", {{"names", {"prvCreateAttribute", "prvReadOpportunity"}}}),
        Json::parse(R"({"held":["prvReadOpportunity"],"missing":["prvCreateAttribute"]})")
    );
    const Error error = refusal("create_column", column("msft_more", "text"));
    EXPECT_EQ(error.http_status, 403);
    EXPECT_NE(error.message.find("prvCreateAttribute"), std::string::npos) << error.message;
}

TEST_F(Definitions, ArePublished) {
    EXPECT_EQ(output("publish_customizations", {{"tables", {"opportunity"}}}), Json());
}

TEST_F(Definitions, ThatWereMadeStayInTheStateFile) {
    const tests::TempFolder folder;
    Sandbox::Options options;
    options.state_file = folder.file("state.json");
    make_sandbox(options);
    without_solution();
    output("create_column", column("msft_kept", "text"));
    output("create_table", table("msft_table", "msft_name"));
    output("create_column", lookup("msft_table", "msft_dealid"));
    loop.poll();
    make_sandbox(options);
    EXPECT_EQ(described("msft_kept")["type"], "String");
    EXPECT_EQ(refusal("create_table", table("msft_table", "msft_no")).http_status, 400);
    EXPECT_TRUE(described("msft_audit").is_null());
}

// Which of several equal requests took effect does not matter.
TEST_F(Definitions, AreLookedForAfterADoubt) {
    const Json there = column("msft_audit", "memo");
    test::Conversation talk = crm_.probe("create_column", there);
    run(talk);
    EXPECT_EQ(talk.output()["found"], true);
    test::Conversation missing = crm_.probe("create_column", column("msft_none", "memo"));
    run(missing);
    EXPECT_EQ(missing.output()["found"], false);
    test::Conversation whole = crm_.probe("create_table", table("msft_none", "msft_name"));
    run(whole);
    EXPECT_EQ(whole.output()["found"], false);
}

}  // namespace
}  // namespace tideway::connectors::dataverse
