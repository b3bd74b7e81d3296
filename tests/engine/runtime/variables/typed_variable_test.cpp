// Environment variables of each type in runs, and what is said of them when a flow is turned on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kTyped = R"(
return flow { title = "Typed", trigger = trigger.manual {}, run = function()
  return { env "greeting", env "ratio", env "enabled", env "days" }
end })";

constexpr const char* kTells = R"(
local ledger = connection "ledger"
return flow { title = "Tells", trigger = trigger.manual {}, run = function()
  ledger.shout("Tell", { value = env "token" })
end })";

constexpr const char* kPrints = R"(
return flow { title = "Prints", trigger = trigger.manual {}, run = function()
  return "the token is " .. env "token"
end })";

constexpr const char* kUnknown = R"(
return flow { title = "Unknown", trigger = trigger.manual {}, run = function()
  return env "nowhere"
end })";

std::string stored(RuntimeWorld& world, const model::RunRecord& run) {
    std::string out;
    for (const model::JournalRow& row : world.journal(run)) {
        out += std::string(row.input.view()) + std::string(row.output.view());
    }
    const auto variables = world.reader().variables();
    for (const store::Variable& variable : *variables) {
        out += variable.value.view();
    }
    return out;
}

std::vector<std::string> problems(RuntimeWorld& world, const std::string& flow) {
    std::vector<std::string> out;
    for (const Error& error : world.activation().problems(*world.catalog().flow(flow))) {
        out.push_back(error.code);
    }
    return out;
}

TEST(TypedVariable, HasItsTypeInTheScript) {
    RuntimeWorld world({{"typed", kTyped}});
    ASSERT_TRUE(world.catalog().set_variable("test", "ratio", 0.5));
    ASSERT_TRUE(world.catalog().set_variable("test", "days", Json::array({1, 2})));
    EXPECT_EQ(world.run("typed").output.view(), R"(["hello",0.5,true,[1,2]])");
}

TEST(SecretVariable, ReachesTheServiceAndNothingElse) {
    RuntimeWorld world({{"tells", kTells}});
    ASSERT_TRUE(world.catalog().set_variable("test", "token", "s3cret-77"));
    const auto run = world.run("tells");
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_THAT(world.service().done(), ElementsAre(R"(shout "s3cret-77")"));
    EXPECT_THAT(stored(world, run), Not(HasSubstr("s3cret-77")));
    EXPECT_THAT(stored(world, run), HasSubstr(R"({"$secret":"token"})"));
}

TEST(SecretVariable, IsTheSameAfterARestart) {
    RuntimeWorld world({{"tells", kTells}});
    ASSERT_TRUE(world.catalog().set_variable("test", "token", "s3cret-77"));
    world.restart();
    EXPECT_EQ(world.run("tells").status, model::Status::kSucceeded);
    EXPECT_THAT(world.service().done(), ElementsAre(R"(shout "s3cret-77")"));
}

TEST(SecretVariable, CannotBePrinted) {
    RuntimeWorld world({{"prints", kPrints}});
    ASSERT_TRUE(world.catalog().set_variable("test", "token", "s3cret-77"));
    const auto run = world.run("prints");
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_THAT(std::string(run.error.view()), HasSubstr("a secret cannot be printed"));
}

TEST(TypedVariable, ThatIsNotSetKeepsAFlowFromBeingTurnedOn) {
    RuntimeWorld world({{"typed", kTyped}, {"tells", kTells}});
    EXPECT_THAT(problems(world, "typed"), ElementsAre("VariableNotSet", "VariableNotSet"));
    EXPECT_THAT(problems(world, "tells"), Contains("VariableNotSet"));
    ASSERT_TRUE(world.catalog().set_variable("test", "ratio", 1));
    ASSERT_TRUE(world.catalog().set_variable("test", "days", Json::array()));
    EXPECT_THAT(problems(world, "typed"), IsEmpty());
}

TEST(TypedVariable, ThatThePackDoesNotDeclareKeepsAFlowFromBeingTurnedOn) {
    RuntimeWorld world({{"unknown", kUnknown}});
    EXPECT_THAT(problems(world, "unknown"), ElementsAre("VariableNotFound"));
}

}  // namespace
}  // namespace tideway::testing
