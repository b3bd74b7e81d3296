// What callers of an HTTP trigger may send wrongly: each is refused with a clear code, the refusal
// is in history, and the flow takes the next right request.
#include <gtest/gtest.h>

#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

constexpr const char* kStrict = R"(
return flow {
  title = "Strict",
  trigger = trigger.http_request {
    schema = {
      type = "object",
      required = { "id" },
      properties = { id = { type = "string" }, amount = { type = "number" } },
    },
  },
  run = function(event)
    respond { status = 200, body = { id = event.body.id } }
  end,
})";

class TriggerInput : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("echo", kEcho);
        program_.write_flow("strict", kStrict);
        program_.init();
        program_.serve();
        program_.turn_on("echo");
        program_.turn_on("strict");
    }

    void expect_still_works() const {
        const Reply reply = program_.post(program_.trigger_url("echo"), R"({"a":1})");
        EXPECT_EQ(reply.status, 200) << reply.text;
        EXPECT_EQ(reply.body, Json::parse(R"({"got":{"a":1}})"));
    }

    std::size_t runs_of(const std::string& flow) const {
        return program_.api("GET", "/runs?flow=bad/" + flow).body.at("value").size();
    }

    Program program_;
};

TEST_F(TriggerInput, ThatIsNotJsonIsRefusedAndLeavesARefusedEvent) {
    const Reply reply = program_.post(program_.trigger_url("echo"), R"({"id":)");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.code(), "InvalidJSON");
    const Json event = program_.refused_event("echo");
    EXPECT_EQ(string_or(event, "payload"), R"({"id":)");
    EXPECT_EQ(
        string_or(event, "reason"),
        "The request body is not valid JSON: line 1, column 7: it ends before the value is "
        "complete."
    );
    EXPECT_EQ(runs_of("echo"), 0U);
    expect_still_works();
}

TEST_F(TriggerInput, ThatDoesNotFitTheSchemaIsRefusedWithEveryProblem) {
    const std::string url = program_.trigger_url("strict");
    const Reply reply = program_.post(url, R"({"amount":"ten"})");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.code(), "TriggerInputSchemaMismatch");
    EXPECT_NE(reply.text.find("/id"), std::string::npos) << reply.text;
    EXPECT_NE(reply.text.find("/amount"), std::string::npos) << reply.text;
    const Json event = program_.refused_event("strict");
    EXPECT_NE(string_or(event, "reason").find("/id"), std::string::npos) << dump(event);
    EXPECT_EQ(runs_of("strict"), 0U);
    EXPECT_EQ(program_.post(url, R"({"id":"1","amount":10})").status, 200);
}

TEST_F(TriggerInput, ThatIsMissingWhereTheSchemaWantsABodyIsRefused) {
    const Reply reply = program_.post(program_.trigger_url("strict"), "");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.code(), "TriggerInputSchemaMismatch");
}

TEST_F(TriggerInput, WithAWrongSignatureIsRefusedBeforeItsBodyIsLookedAt) {
    std::string url = program_.trigger_url("echo");
    url.back() = url.back() == 'A' ? 'B' : 'A';
    const Reply reply = program_.post(url, R"({"id":)");
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(reply.code(), "DirectApiAuthorizationRequired");
    EXPECT_NE(reply.text.find("tideway flows show echo"), std::string::npos);
    const Json event = program_.refused_event("echo");
    EXPECT_NE(string_or(event, "reason").find("not signed"), std::string::npos);
    EXPECT_EQ(runs_of("echo"), 0U);
}

TEST_F(TriggerInput, WithoutAnySignatureIsRefused) {
    std::string url = program_.trigger_url("echo");
    url.erase(url.find('?'));
    const Reply reply = program_.post(url, "{}");
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(reply.code(), "DirectApiAuthorizationRequired");
}

TEST_F(TriggerInput, ForAnUnknownFlowIsNotFound) {
    std::string url = program_.trigger_url("echo");
    url.replace(url.find("/echo/"), 6, "/nothing/");
    const Reply reply = program_.post(url, "{}");
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.code(), "WorkflowNotFound");
}

TEST_F(TriggerInput, ThatWasRefusedIsListedWithItsReason) {
    EXPECT_EQ(program_.post(program_.trigger_url("echo"), R"({"id":)").status, 400);
    const Json refused = program_.refused_event("echo");
    expect_still_works();
    const Json events = program_.cli_json({"events", "list", "--status", "Refused,Failed"});
    ASSERT_EQ(events.at("value").size(), 1U) << dump(events);
    EXPECT_EQ(string_or(events.at("value").front(), "id"), string_or(refused, "id"));
    EXPECT_EQ(string_or(events.at("value").front(), "flow"), "bad/echo");
    const Json all = program_.cli_json({"events", "list", "--flow", "echo"});
    EXPECT_FALSE(string_or(all.at("value").front(), "run").empty()) << dump(all);
    const auto shown = program_.cli({"flows", "show", "echo"});
    EXPECT_NE(shown.output.find(string_or(refused, "reason")), std::string::npos) << shown.text();
    EXPECT_EQ(
        string_or(program_.cli_json({"events", "list", "--status", "Lost"}).at("error"), "code"),
        "InvalidFilter"
    );
}

TEST_F(TriggerInput, ForAFlowThatIsOffIsKeptAsARefusedEvent) {
    const std::string url = program_.trigger_url("echo");
    ASSERT_EQ(program_.cli({"flows", "off", "echo"}).exit_code, 0);
    const Reply reply = program_.post(url, R"({"order":7})");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.code(), "WorkflowTriggerIsNotEnabled");
    EXPECT_NE(reply.text.find("tideway flows on echo"), std::string::npos);
    const Json event = program_.refused_event("echo");
    EXPECT_EQ(event.at("payload").at("body"), Json::parse(R"({"order":7})"));
    program_.turn_on("echo");
    expect_still_works();
}

TEST_F(TriggerInput, ThatIsTooLargeIsRefused) {
    const Reply reply =
        program_.post(program_.trigger_url("echo"), '"' + std::string(11U << 20U, 'x') + '"');
    EXPECT_EQ(reply.status, 413);
    EXPECT_EQ(reply.code(), "RequestEntityTooLarge");
    const Json event = program_.refused_event("echo");
    EXPECT_EQ(string_or(event, "reason"), "The request body is too large. (RequestEntityTooLarge)");
    EXPECT_EQ(string_or(event.at("payload"), "path"), "/flows/bad/echo/invoke");
    EXPECT_EQ(string_or(event.at("payload"), "content_length"), std::to_string((11U << 20U) + 2));
    EXPECT_EQ(runs_of("echo"), 0U);
    expect_still_works();
}

TEST_F(TriggerInput, ThatIsNestedTooDeeplyIsRefused) {
    const Reply reply = program_.post(
        program_.trigger_url("echo"), std::string(100'000, '[') + std::string(100'000, ']')
    );
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.code(), "InvalidJSON");
    expect_still_works();
}

TEST_F(TriggerInput, OfAnotherMethodThanTheFlowNamesIsRefused) {
    program_.write_flow("put_only", R"(
return flow {
  title = "Put only",
  trigger = trigger.http_request { method = "PUT" },
  run = function() end,
})");
    EXPECT_EQ(program_.cli({"flows", "publish"}).exit_code, 0);
    EXPECT_EQ(program_.cli({"flows", "on", "put_only"}).exit_code, 0);
    const Reply reply = program_.post(program_.trigger_url("put_only"), "{}");
    EXPECT_EQ(reply.status, 405);
    EXPECT_EQ(reply.code(), "MethodNotAllowed");
    EXPECT_EQ(runs_of("put_only"), 0U);
}

TEST_F(TriggerInput, IsNotAskedForByASchemaThatNobodyWouldEnforce) {
    program_.write_flow("strict", R"(
return flow {
  title = "Strict",
  trigger = trigger.http_request { schema = { type = "object", patternProperties = {} } },
  run = function() end,
})");
    EXPECT_EQ(program_.cli({"flows", "reload"}).exit_code, 0);
    const Json flow = program_.api("GET", "/flows/bad/strict").body;
    ASSERT_EQ(flow.at("problems").size(), 1U) << dump(flow);
    EXPECT_EQ(string_or(flow.at("problems").front(), "code"), "SchemaNotSupported");
    EXPECT_EQ(program_.post(program_.trigger_url("strict"), R"({"id":"1"})").status, 200);
}

}  // namespace
}  // namespace tideway::testing
