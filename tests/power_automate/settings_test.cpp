// Environment variables, packs, retry policies of a flow, and the numbers of the published limits.
#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "tests/support/run_history.h"

namespace tideway::testing {
namespace {

using model::Status;
using std::chrono::hours;
using std::chrono::seconds;

constexpr WorldOptions kInMemory{.durability = store::Durability::kProcess};

constexpr const char* kGreets = R"(
return flow { title = "Greets", trigger = trigger.manual {}, run = function()
  local before = env("greeting")
  delay("A moment", 0.2)
  return array { before, env("greeting") }
end })";

TEST(EnvironmentVariableRule, AChangedValueIsThatOfTheNextRunWithoutTurningTheFlowOff) {
    RuntimeWorld world(kInMemory, {{"greets", kGreets}});
    EXPECT_EQ(world.run("greets").output.view(), R"(["hello","hello"])");
    ASSERT_TRUE(world.catalog().set_variable("test", "greeting", "good day"));
    EXPECT_EQ(world.run("greets").output.view(), R"(["good day","good day"])");
}

TEST(EnvironmentVariableRule, AValueOfAnotherTypeIsRefused) {
    RuntimeWorld world(kInMemory, {{"greets", kGreets}});
    const auto done = world.catalog().set_variable("test", "greeting", 7);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, "InvalidVariable");
    EXPECT_NE(done.error().message.find("String"), std::string::npos);
}

TEST(PackRule, PublishingAgainLeavesFlowsOnOrOff) {
    const std::map<std::string, std::string> files = {
        {"pack.json",
         R"({"name":"test","version":"1.0.1","connections":{"ledger":{"connector":"ledger"}}})"},
        {"greets.lua", R"(return flow { title = "Greets", trigger = trigger.manual {},
                            run = function() return "edited" end })"}};
    RuntimeWorld world(kInMemory, {{"greets", kGreets}});
    for (const auto state : {model::FlowState::kOff, model::FlowState::kOn}) {
        ASSERT_TRUE(world.catalog().set_state(world.catalog().flow("greets")->row.id, state, ""));
        const auto pack = runtime::parse_pack(files);
        ASSERT_TRUE(pack);
        ASSERT_TRUE(world.catalog().publish(world.catalog().check(*pack), {}));
        EXPECT_EQ(world.catalog().flow("greets")->row.state, state);
    }
    EXPECT_EQ(world.run("greets").output.view(), R"("edited")");
}

TEST(RetrySettingRule, APolicyOfTheFlowHoldsForStepsThatDoNotSayOtherwise) {
    RuntimeWorld world(kInMemory, {{"flow", R"(
local ledger = connection "ledger"
return flow {
  title = "Flow", trigger = trigger.manual {},
  retry = { type = "fixed", count = 1, interval = 0.02 },
  run = function()
    ledger.set("As the flow", { name = "a" })
    ledger.set("Its own", { name = "b" }, { retry = { type = "fixed", count = 1, interval = 0.01 } })
  end })"}});
    world.service().plan("/set", {Treatment::kBusy, Treatment::kDo, Treatment::kBusy});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kSucceeded) << runtime::headline(run);
    const auto wait_of = [&](std::string_view name) {
        const auto step = step_of(world, run, name);
        return int_or(Json::parse(step.attempt_notes.at(0).note.view()), "wait_ms", 0);
    };
    EXPECT_EQ(wait_of("As the flow"), 20);
    EXPECT_EQ(wait_of("Its own"), 10);
}

TEST(RetrySettingRule, APolicyTakesUpToNinetyRetries) {
    EXPECT_TRUE(model::parse_retry_policy({{"type", "fixed"}, {"count", 90}}));
    EXPECT_FALSE(model::parse_retry_policy({{"type", "fixed"}, {"count", 91}}));
}

TEST(ConcurrencyRule, RunsWithoutASettingAllStartAtOnce) {
    RuntimeWorld world(kInMemory, {{"holds", R"(
return flow { title = "Holds", trigger = trigger.manual {},
  run = function() wait_for_callback("Hold", function() end) end })"}});
    for (int i = 0; i < 60; ++i) {
        ASSERT_TRUE(world.admit("holds"));
    }
    EXPECT_TRUE(world.becomes([&world] {
        const auto runs = world.reader().runs({.limit = 100});
        return runs && std::ranges::all_of(runs->runs, [](const model::RunRecord& run) {
                   return run.wait_reason.find("callback") != std::string::npos;
               });
    }));
}

TEST(SplitRule, AnItemMayCarryWhatStoodAroundTheList) {
    RuntimeWorld world(kInMemory, {{"orders", R"(
return flow {
  title = "Orders",
  trigger = trigger.manual {
    split_on = function(event)
      return list.map(event.lines, function(line) return { line = line, order = event.order } end)
    end,
  },
  run = function(event) return event end })"}});
    const auto admitted = world.admit("orders", R"({"order":7,"lines":["a","b"]})");
    ASSERT_TRUE(admitted);
    ASSERT_EQ(admitted->runs.size(), 2U);
    EXPECT_EQ(world.ended(admitted->runs[1]).output.view(), R"({"line":"b","order":7})");
}

// What happens when a limit is met is shown where its rule is; here are the numbers.
TEST(LimitRule, NumbersAreThoseOfThePublishedModelOrWider) {
    EXPECT_EQ(limits::kBranchesMax, 50);
    EXPECT_EQ(limits::kForeachItemsMax, 100'000);
    EXPECT_EQ(limits::kSplitOnItemsMax, 100'000);
    EXPECT_EQ(limits::kConcurrencyRunsMax, 100);
    EXPECT_GE(limits::kWaitingRunsMax, 100);
    EXPECT_EQ(limits::kResponseWaitSeconds, 120);
    EXPECT_EQ(limits::kOutboundTimeout, seconds(120));
    EXPECT_EQ(http::Request().timeout, seconds(120));
    EXPECT_EQ(limits::kRunDurationMax, hours(24 * 30));
    EXPECT_EQ(limits::kCallbackWaitMax, hours(24 * 30));
    EXPECT_EQ(limits::kHistoryDays, 28);
    EXPECT_EQ(limits::kPayloadBytesMax, 100U << 20U);
    EXPECT_EQ(limits::kResponseBodyBytesMax, 100U << 20U);
    EXPECT_GE(limits::kScopeDepthMax, 8);
}

}  // namespace
}  // namespace tideway::testing
