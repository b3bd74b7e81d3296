// Runs of what is published that change nothing outside.
#include <gtest/gtest.h>

#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

// It would send a request that nobody could answer.
constexpr const char* kSends = R"(
local web = connection "web"
return flow {
  title = "Sends",
  trigger = trigger.manual { inputs = { { name = "who", type = "text", required = true } } },
  run = function(input)
    web.put("Tell somebody", { uri = "http://127.0.0.1:1/x", body = { who = input.who } })
    run_child_flow("Call the child", "teller", { who = input.who })
    outcome("told", input.who)
  end,
})";

constexpr const char* kTeller = R"(
local web = connection "web"
return flow {
  title = "Teller",
  trigger = trigger.child {},
  run = function(input)
    web.put("Tell it again", { uri = "http://127.0.0.1:1/y", body = { who = input.who } })
  end,
})";

class DryRun : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("sends", kSends);
        program_.write_flow("teller", kTeller);
        program_.init();
        program_.serve();
    }

    Program program_;
};

TEST_F(DryRun, ShowsEachEffectAndItsInputAlsoOfFlowsThatAreCalled) {
    const Json shown =
        program_.cli_json({"flows", "run", "sends", "--set", "who=Contoso", "--dry-run"});
    EXPECT_EQ(string_or(shown, "outcome"), "told") << shown.dump();
    const Json& effects = shown.at("effects");
    ASSERT_EQ(effects.size(), 2U) << shown.dump();
    EXPECT_EQ(effects[0].at("step"), "Tell somebody");
    EXPECT_EQ(effects[0].at("operation"), "web.put");
    EXPECT_EQ(effects[0].at("input").at("body").at("who"), "Contoso");
    EXPECT_EQ(effects[1].at("step"), "Tell it again");
    const auto said = program_.cli({"flows", "run", "sends", "--set", "who=x", "--dry-run"});
    EXPECT_EQ(said.exit_code, 0) << said.text();
    EXPECT_NE(said.output.find("Nothing was changed."), std::string::npos) << said.output;
}

TEST_F(DryRun, IsOfTheDraftWhenItIsAskedFor) {
    std::string edited = kSends;
    edited.replace(edited.find("Tell somebody"), 13, "Tell everybody");
    program_.write_flow("sends", edited);
    const std::vector<std::string> dry{"flows", "run", "sends", "--set", "who=x", "--dry-run"};
    EXPECT_EQ(program_.cli_json(dry).at("effects")[0].at("step"), "Tell somebody");
    std::vector<std::string> of_draft = dry;
    of_draft.emplace_back("--draft");
    EXPECT_EQ(program_.cli_json(of_draft).at("effects")[0].at("step"), "Tell everybody");
}

TEST_F(DryRun, OfADraftIsMuted) {
    const Reply reply = program_.api(
        "POST", "/flows/bad/sends/run", {{"input", {{"who", "x"}}}, {"code", "draft"}}
    );
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.code(), "InvalidCode");
}

TEST_F(DryRun, IsMutedOrTheRunIsLive) {
    const Reply reply = program_.api(
        "POST", "/flows/bad/sends/run", {{"input", {{"who", "x"}}}, {"effects", "none"}}
    );
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.code(), "InvalidEffects");
}

}  // namespace
}  // namespace tideway::testing
