// Callers of the addresses that wait_for_callback makes, against the real program.
#include <gtest/gtest.h>

#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

constexpr const char* kApproval = R"(
return flow {
  title = "Approval",
  trigger = trigger.manual {},
  run = function()
    local late = try("Late", function()
      wait_for_callback("Nobody comes", { timeout = 0.05 }, function(address)
        compose("Closed address", address)
      end)
    end)
    local call = wait_for_callback("Decision", { timeout = "P1D" }, function(address)
      compose("Address", address)
    end)
    local last = wait_for_callback("Hold", function(address)
      compose("Last address", address)
    end)
    return {
      late = late.status, method = call.method, decision = call.queries.decision, body = call.body,
      word = call.headers["x-word"], secret = call.headers.authorization, last = last.body,
    }
  end,
})";

// The output of the step of this name anywhere in the run, or "".
std::string output_of(const Json& node, const std::string& name) {
    if (node.is_object() && string_or(node, "name") == name) {
        return string_or(node, "output");
    }
    for (const Json& child : node) {
        const std::string found = child.is_structured() ? output_of(child, name) : std::string();
        if (!found.empty()) {
            return found;
        }
    }
    return {};
}

class CallbackAddress : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("approval", kApproval);
        program_.write_flow("echo", kEcho);
        program_.init();
        program_.serve();
        program_.turn_on("approval");
        program_.turn_on("echo");
        run_ = program_.start("approval");
    }

    // What the step of this name noted, as soon as it is in history.
    std::string address(const std::string& name) const {
        std::string found;
        EXPECT_TRUE(tests::becomes([&] {
            found = output_of(program_.api("GET", "/runs/" + run_ + "?contents=true").body, name);
            return !found.empty();
        })) << name;
        return found;
    }

    Reply call(const std::string& url, const std::string& body, const std::string& type) const {
        http::Request request;
        request.method = "POST";
        request.url = url;
        request.headers.set("Content-Type", type);
        request.headers.set("Authorization", "Bearer of-the-caller");
        request.headers.set("X-Word", "please");
        request.body = body;
        return program_.send(std::move(request));
    }

    void expect_refused(const Reply& reply, int status, const std::string& code) const {
        EXPECT_EQ(reply.status, status) << reply.text;
        EXPECT_EQ(reply.code(), code);
    }

    Program program_;
    std::string run_;
};

TEST_F(CallbackAddress, TakesOneCallAndGivesItToTheRunAsTheHttpTriggerWould) {
    const std::string decision = address("Address");
    const Reply first = call(decision + "?decision=approve", R"({"by":"Ana"})", "application/json");
    EXPECT_EQ(first.status, 202) << first.text;
    expect_refused(program_.post(decision, "{}"), 409, "CallbackAlreadyReceived");
    expect_refused(program_.post(address("Closed address"), "{}"), 410, "CallbackExpired");
    expect_refused(program_.post(decision + "x", "{}"), 404, "CallbackNotFound");
    http::Request preview;
    preview.url = decision;
    expect_refused(program_.send(std::move(preview)), 405, "MethodNotAllowed");

    const std::string last = address("Last address");
    expect_refused(program_.post(last, R"({"by":)"), 400, "InvalidJSON");
    EXPECT_EQ(call(last, "as a text", "text/plain").status, 202);
    const Json run = program_.ended(run_);
    EXPECT_EQ(string_or(run, "status"), "Succeeded") << dump(run);
    EXPECT_EQ(
        run.at("output"), Json::parse(R"({"late":"TimedOut","method":"POST","decision":"approve",
                        "body":{"by":"Ana"},"word":"please","last":"as a text"})")
    );
    expect_refused(program_.post(last, "{}"), 404, "CallbackNotFound");
    EXPECT_EQ(program_.log().find(last.substr(last.rfind('/') + 1)), std::string::npos);
}

TEST_F(CallbackAddress, IsHeardAfterTheProcessWasKilled) {
    const std::string path = [](const std::string& url) {
        return url.substr(url.find("/callbacks/"));
    }(address("Address"));
    program_.kill();
    program_.serve();
    const std::string echo = program_.trigger_url("echo");
    const std::string origin = echo.substr(0, echo.find("/flows/"));
    EXPECT_EQ(program_.post(origin + path, R"({"by":"Ana"})").status, 202);
    expect_refused(program_.post(origin + path, "{}"), 409, "CallbackAlreadyReceived");
    EXPECT_EQ(program_.post(address("Last address"), "{}").status, 202);
    EXPECT_EQ(string_or(program_.ended(run_), "status"), "Succeeded");
}

}  // namespace
}  // namespace tideway::testing
