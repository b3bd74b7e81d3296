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
    loop.poll();
    make_sandbox(options);
    EXPECT_EQ(described("msft_kept")["type"], "String");
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
}

}  // namespace
}  // namespace tideway::connectors::dataverse
