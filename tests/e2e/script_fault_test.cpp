// Scripts that are wrong or run wild: they fail alone.
#include <gtest/gtest.h>

#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

constexpr const char* kEndlessHandler = R"(
return flow {
  title = "Endless handler",
  trigger = trigger.manual {},
  run = function()
    xpcall(function() error("a fault") end, function() while true do end end)
  end,
})";

constexpr const char* kMemoryBomb = R"(
return flow {
  title = "Memory bomb",
  trigger = trigger.manual {},
  run = function()
    local all = {}
    while true do
      pcall(function() all[#all + 1] = string.rep("x", 1000000) .. #all end)
    end
  end,
})";

constexpr const char* kPatternBomb = R"(
return flow {
  title = "Pattern bomb",
  trigger = trigger.manual {},
  run = function()
    return { found = string.find(string.rep("a", 5000), ".-.-.-.-.-b") }
  end,
})";

constexpr const char* kEndlessRecursion = R"(
return flow {
  title = "Endless recursion",
  trigger = trigger.manual {},
  run = function()
    local function deeper(n) return 1 + deeper(n + 1) end
    return deeper(1)
  end,
})";

class ScriptFault : public ::testing::Test {
  protected:
    void serve(const std::string& flow, const std::string& text) {
        program_.write_flow("hello", kHello);
        program_.write_flow(flow, text);
        program_.init();
        program_.serve();
        program_.turn_on("hello");
        program_.turn_on(flow);
    }

    void expect_others_go_on() const {
        const Json run = program_.run("hello", {{"name", "Contoso"}});
        EXPECT_EQ(string_or(run, "status"), "Succeeded") << dump(run);
        EXPECT_EQ(string_or(run.at("output"), "greeting"), "Hello Contoso");
    }

    // The bomb's run fails and says why; the server lives and runs others.
    void expect_fails(const std::string& flow, const std::string& part_of_message) {
        const Json run = program_.run(flow);
        EXPECT_EQ(string_or(run, "status"), "Failed") << dump(run);
        EXPECT_NE(string_or(run, "headline").find(part_of_message), std::string::npos) << dump(run);
        EXPECT_TRUE(program_.is_alive());
        expect_others_go_on();
    }

    // The run takes its turns with others until somebody cancels it.
    void expect_can_be_cancelled(const std::string& flow) {
        const std::string run = program_.start(flow);
        expect_others_go_on();
        const Json open = program_.api("GET", "/runs/" + run).body;
        EXPECT_EQ(string_or(open, "status"), "Running") << dump(open);
        const auto cancelled = program_.cli({"runs", "cancel", run});
        EXPECT_EQ(cancelled.exit_code, 0) << cancelled.text();
        const Json ended = program_.ended(run);
        EXPECT_EQ(string_or(ended, "status"), "Cancelled");
        EXPECT_NE(string_or(ended, "headline").find("Cancelled by admin"), std::string::npos);
        expect_others_go_on();
    }

    Program program_;
};

TEST_F(ScriptFault, OfSyntaxIsShownWithFileAndLineWhileTheOldVersionStays) {
    serve("echo", kEcho);
    const Json before = program_.api("GET", "/flows/bad/echo").body;
    program_.write_flow("echo", "return flow {\n  title = \"Echo\",\n  trigger = trigger.\n}\n");

    EXPECT_EQ(program_.cli({"flows", "reload"}).exit_code, 0);
    const auto listed = program_.cli({"flows", "list"});
    EXPECT_NE(listed.output.find("echo.lua:4"), std::string::npos) << listed.text();
    const Json after = program_.api("GET", "/flows/bad/echo").body;
    ASSERT_FALSE(after.at("problems").empty());
    EXPECT_EQ(string_or(after.at("problems").front(), "file"), "echo.lua");
    EXPECT_EQ(int_or(after.at("problems").front(), "line", 0), 4);
    EXPECT_EQ(after.at("version"), before.at("version"));
    EXPECT_EQ(string_or(after, "state"), "On");
    EXPECT_EQ(program_.post(program_.trigger_url("echo"), "{}").status, 200);

    const auto checked = program_.cli({"flows", "check", program_.pack_folder()});
    EXPECT_EQ(checked.exit_code, 1);
    EXPECT_NE(checked.output.find("echo.lua:4"), std::string::npos) << checked.text();
}

TEST_F(ScriptFault, OfSyntaxInANewFlowKeepsItFromBeingTurnedOn) {
    program_.write_flow("broken", "return flow {\n");
    program_.init();
    program_.serve();
    const Json refused = program_.cli_json({"flows", "on", "broken"}).at("error");
    EXPECT_EQ(string_or(refused, "code"), "WorkflowTriggerNotFound");
    EXPECT_NE(string_or(refused, "message").find("broken.lua:"), std::string::npos);
    EXPECT_NE(program_.log().find("broken.lua"), std::string::npos);
}

TEST_F(ScriptFault, OfAnEndlessLoopLeavesOthersTheirTurnAndCanBeCancelled) {
    serve("endless", kEndless);
    expect_can_be_cancelled("endless");
}

TEST_F(ScriptFault, OfAnEndlessErrorHandlerCanBeCancelled) {
    serve("handler", kEndlessHandler);
    expect_can_be_cancelled("handler");
}

TEST_F(ScriptFault, OfMemoryFailsTheRunEvenUnderPcall) {
    serve("memory", kMemoryBomb);
    expect_fails("memory", "holds more than");
}

TEST_F(ScriptFault, OfAPatternFailsTheRun) {
    serve("pattern", kPatternBomb);
    expect_fails("pattern", "too many steps");
}

TEST_F(ScriptFault, OfRecursionFailsTheRun) {
    serve("recursion", kEndlessRecursion);
    expect_fails("recursion", "a function that calls itself without end");
}

TEST_F(ScriptFault, InAValueFailsTheRunWithTheLine) {
    serve(
        "parent",
        "return flow { title = \"P\", trigger = trigger.manual {},\n run = function(e)\n"
        "  return e.missing.field\n end }\n"
    );
    expect_fails("parent", "parent.lua:3");
}

}  // namespace
}  // namespace tideway::testing
