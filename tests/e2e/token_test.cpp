// API tokens: made, listed, removed; and what somebody may do who may only run a flow.
#include <gtest/gtest.h>

#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

constexpr const char* kOrder = R"(
return flow {
  title = "Order",
  trigger = trigger.manual { inputs = { { name = "customer", type = "text", required = true } } },
  run = function(input)
    outcome("ordered", "for " .. input.customer)
    return { secret = input.customer }
  end,
})";

constexpr const char* kWaiting = R"(
return flow {
  title = "Waiting",
  trigger = trigger.manual {},
  run = function() wait_for_callback("Wait", function() end) end,
})";

class Token : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("order", kOrder);
        program_.write_flow("waiting", kWaiting);
        program_.write_flow("hello", kHello);
        program_.init();
        program_.serve();
        for (const char* flow : {"order", "waiting", "hello"}) {
            program_.turn_on(flow);
        }
    }

    std::string add(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"tokens", "add"});
        return string_or(program_.cli_json(arguments), "token");
    }

    std::string clerk() const {
        return add({"clerk", "--role", "run-only", "--flow", "order", "--flow", "bad/waiting"});
    }

    int status(
        const std::string& token,
        const std::string& method,
        const std::string& path,
        const Json& body = {}
    ) const {
        return program_.api_as(token, method, path, body).status;
    }

    std::string start(const std::string& token, const std::string& flow) const {
        const Reply reply = program_.api_as(
            token, "POST", "/flows/bad/" + flow + "/run", {{"input", {{"customer", "Contoso"}}}}
        );
        EXPECT_EQ(reply.status, 202) << reply.text;
        return reply.status == 202 ? reply.body.at("runs").at(0).get<std::string>() : "";
    }

    Program program_;
};

TEST_F(Token, IsPrintedOnceListedAndRemoved) {
    const std::string token = add({"ada", "--role", "operator", "--expires", "30d"});
    EXPECT_EQ(token.substr(0, 4), "twy_");
    EXPECT_EQ(status(token, "GET", "/flows"), 200);
    EXPECT_EQ(status(token, "GET", "/tokens"), 403);
    const auto listed = program_.cli({"tokens", "list"});
    EXPECT_NE(listed.output.find("ada"), std::string::npos) << listed.text();
    EXPECT_EQ(listed.output.find(token), std::string::npos);
    EXPECT_EQ(program_.cli({"tokens", "remove", "ada"}).exit_code, 0);
    EXPECT_EQ(status(token, "GET", "/flows"), 401);
    EXPECT_EQ(
        string_or(program_.cli_json({"tokens", "remove", "ada"}).at("error"), "code"),
        "TokenNotFound"
    );
}

TEST_F(Token, HoldsAfterARestart) {
    const std::string token = clerk();
    program_.kill();
    program_.serve();
    EXPECT_EQ(status(token, "GET", "/flows/bad/order/inputs"), 200);
    EXPECT_EQ(status(token, "GET", "/flows/bad/hello/inputs"), 403);
}

TEST_F(Token, IsRefusedWithWhatIsWrong) {
    const auto code = [this](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"tokens", "add"});
        return string_or(program_.cli_json(arguments).at("error"), "code");
    };
    EXPECT_EQ(code({"a b", "--role", "viewer"}), "InvalidArgument");
    EXPECT_EQ(code({"bob", "--role", "root"}), "InvalidArgument");
    EXPECT_EQ(code({"bob", "--role", "run-only"}), "InvalidArgument");
    EXPECT_EQ(code({"bob", "--role", "viewer", "--flow", "order"}), "InvalidArgument");
    EXPECT_EQ(code({"bob", "--role", "run-only", "--flow", "none"}), "WorkflowNotFound");
    EXPECT_EQ(code({"bob", "--role", "viewer", "--expires", "soon"}), "InvalidArgument");
    EXPECT_EQ(code({"admin", "--role", "admin"}), "TokenExists");
    EXPECT_EQ(
        string_or(program_.cli_json({"tokens", "remove", "admin"}).at("error"), "code"),
        "LastAdminToken"
    );
}

TEST_F(Token, OfARunOnlyUserStartsItsFlowsAndSeesItsOwnRunsWithoutContents) {
    const std::string token = clerk();
    const Reply flows = program_.api_as(token, "GET", "/flows");
    ASSERT_EQ(flows.body.at("value").size(), 2U) << flows.text;
    EXPECT_EQ(find(flows.body.at("value").at(0), "trigger_config"), nullptr);
    EXPECT_EQ(status(token, "GET", "/flows/bad/order/inputs"), 200);
    const std::string run = start(token, "order");
    const std::string other = program_.start("order", {{"customer", "Fabrikam"}});
    program_.ended(run);
    program_.ended(other);
    const Json seen = program_.api_as(token, "GET", "/runs/" + run + "?contents=true").body;
    EXPECT_EQ(string_or(seen, "status"), "Succeeded");
    EXPECT_EQ(string_or(seen, "outcome"), "ordered");
    EXPECT_EQ(string_or(seen, "started_by"), "clerk");
    for (const char* kept : {"output", "outcome_reason", "steps", "event", "headline"}) {
        EXPECT_EQ(find(seen, kept), nullptr) << kept;
    }
    EXPECT_EQ(status(token, "GET", "/runs/" + other), 404);
    const Json runs = program_.api_as(token, "GET", "/runs?started_by=admin").body.at("value");
    ASSERT_EQ(runs.size(), 1U);
    EXPECT_EQ(string_or(runs.at(0), "id"), run);
    EXPECT_EQ(string_or(program_.ended(run), "started_by"), "clerk");
    // What is not shown is not searched for either.
    for (const char* search : {"text=Contoso", "record_id=1", "fingerprint=f", "tracked=a=b"}) {
        EXPECT_EQ(status(token, "GET", std::string("/runs?") + search), 403) << search;
    }
    EXPECT_EQ(status(token, "GET", "/runs?status=Succeeded&flow=order&limit=5"), 200);
}

TEST_F(Token, OfARunOnlyUserMayShowWhatItsRunsGiveBack) {
    const std::string token = add({"clerk", "--role", "run-only", "--flow", "order", "--contents"});
    const std::string run = start(token, "order");
    program_.ended(run);
    const Json seen = program_.api_as(token, "GET", "/runs/" + run).body;
    EXPECT_EQ(seen.at("output"), Json::parse(R"({"secret":"Contoso"})"));
    EXPECT_EQ(find(seen, "steps"), nullptr);
}

TEST_F(Token, OfARunOnlyUserCancelsItsOwnRunsOnly) {
    const std::string token = clerk();
    const std::string run = start(token, "waiting");
    const std::string other = program_.start("waiting");
    EXPECT_EQ(status(token, "POST", "/runs/" + other + "/cancel"), 404);
    EXPECT_EQ(status(token, "POST", "/runs/" + run + "/cancel"), 202);
    EXPECT_EQ(string_or(program_.ended(run), "status"), "Cancelled");
    EXPECT_EQ(string_or(program_.api("GET", "/runs/" + other).body, "status").empty(), false);
    EXPECT_EQ(program_.cli({"runs", "cancel", other}).exit_code, 0);
}

TEST_F(Token, OfARunOnlyUserMayDoNothingElse) {
    const std::string token = clerk();
    const std::string run = start(token, "order");
    program_.ended(run);

    struct Act {
        const char* method;
        std::string path;
    };

    for (const Act& act : std::vector<Act>{
             {"GET", "/flows/bad/order"},
             {"GET", "/flows/bad/hello/inputs"},
             {"POST", "/flows/bad/hello/run"},
             {"POST", "/flows/bad/nothing/run"},
             {"POST", "/flows/bad/order/on"},
             {"POST", "/flows/bad/order/off"},
             {"POST", "/flows-on"},
             {"GET", "/flows/bad/order/url"},
             {"POST", "/flows/bad/order/rotate-key"},
             {"GET", "/flows/bad/order/firings"},
             {"POST", "/packs/reload"},
             {"GET", "/drafts"},
             {"GET", "/packs/bad/draft"},
             {"GET", "/packs/bad/diff"},
             {"GET", "/packs/bad/revisions"},
             {"POST", "/packs/bad/publish"},
             {"POST", "/packs/bad/restore"},
             {"GET", "/packs/bad/files"},
             {"GET", "/packs/bad/files/pack.json"},
             {"PUT", "/packs/bad/files/pack.json"},
             {"DELETE", "/packs/bad/files/pack.json"},
             {"POST", "/runs/" + run + "/try"},
             {"GET", "/runs/" + run + "/journal"},
             {"POST", "/runs/" + run + "/resubmit"},
             {"POST", "/runs/" + run + "/resume"},
             {"POST", "/runs/" + run + "/decide"},
             {"GET", "/events"},
             {"GET", "/connections"},
             {"GET", "/variables"},
             {"GET", "/references"},
             {"GET", "/tokens"},
             {"POST", "/tokens"},
             {"DELETE", "/tokens/clerk"},
             {"GET", "/info"},
             {"GET", "/stream"}}) {
        EXPECT_EQ(status(token, act.method, act.path), 403) << act.method << " " << act.path;
    }
}

TEST_F(Token, OfAViewerDoesNotShowAddressesNorRunOrCancel) {
    program_.write_flow("echo", kEcho);
    ASSERT_EQ(program_.cli({"flows", "publish"}).exit_code, 0);
    const std::string token = add({"looker", "--role", "viewer"});
    const Json flow = program_.api_as(token, "GET", "/flows/bad/echo").body;
    EXPECT_EQ(find(flow, "trigger_url"), nullptr) << flow.dump();
    EXPECT_EQ(status(token, "GET", "/flows/bad/echo/url"), 403);
    EXPECT_EQ(status(token, "POST", "/flows/bad/order/run"), 403);
    const std::string run = program_.start("waiting");
    EXPECT_EQ(status(token, "POST", "/runs/" + run + "/cancel"), 403);
    EXPECT_EQ(status(token, "GET", "/runs/" + run), 200);
}

TEST_F(Token, IsEnoughForTheCommandsOfARunOnlyUser) {
    const std::string token = clerk();
    const auto started =
        program_.cli({"flows", "run", "order", "--set", "customer=Contoso", "--token", token});
    EXPECT_EQ(started.exit_code, 0) << started.text();
    const auto flows = program_.cli({"flows", "list", "--token", token});
    EXPECT_EQ(flows.exit_code, 0) << flows.text();
    EXPECT_EQ(flows.output.find("hello"), std::string::npos) << flows.text();
    const Json runs = program_.cli_json({"runs", "list", "--token", token});
    ASSERT_EQ(runs.at("value").size(), 1U);
    const auto shown =
        program_.cli({"runs", "show", string_or(runs.at("value").at(0), "id"), "--token", token});
    EXPECT_EQ(shown.exit_code, 0) << shown.text();
    EXPECT_EQ(program_.cli({"runs", "list", "--token", token}).exit_code, 0);
}

}  // namespace
}  // namespace tideway::testing
