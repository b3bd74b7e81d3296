// What happens when a run, or a shard, meets a limit.
#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

constexpr const char* kPost = R"(
local ledger = connection "ledger"
return flow { title = "Post", trigger = trigger.manual {},
  run = function(event) return ledger.set("Set", { name = "n", value = event.n }) end })";

constexpr const char* kCaller = R"(
return flow { title = "Caller", trigger = trigger.manual {},
  run = function(event) return run_child_flow("Call", "callee", { n = event.n }) end })";

constexpr const char* kCallee = R"(
return flow { title = "Callee", trigger = trigger.child {}, run = function(event) return event.n end })";

constexpr const char* kEndless = R"(
return flow { title = "Endless", trigger = trigger.child {},
  run = function(event) return run_child_flow("Again", "endless", { level = event.level + 1 }) end })";

constexpr const char* kStart = R"(
return flow { title = "Start", trigger = trigger.manual {},
  run = function() return run_child_flow("Begin", "endless", { level = 1 }) end })";

constexpr const char* kHoarder = R"(
return flow { title = "Hoarder", trigger = trigger.manual {},
  run = function()
    for i = 1, 100 do
      compose("Keep", string.rep("x", 10000))
    end
  end })";

constexpr const char* kCallback = R"(
return flow { title = "Patient", trigger = trigger.manual {},
  run = function() return wait_for_callback("Answer", function() end) end })";

constexpr const char* kSleeper = R"(
return flow { title = "Sleeper", trigger = trigger.manual {},
  run = function() delay("Sleep", 3600) end })";

// Keeps 8 MB while it waits.
constexpr const char* kLarge = R"(
return flow { title = "Large", trigger = trigger.manual {},
  run = function()
    local kept = {}
    for i = 1, 8 do kept[i] = string.rep(tostring(i), 1000000) end
    delay("Wait", 0.05)
    return #kept
  end })";

WorldOptions with_room_for(std::size_t runs) {
    WorldOptions options;
    options.limits.in_memory_per_shard = runs;
    return options;
}

TEST(RunLimits, RunsBeyondTheMemoryOfAShardTakeTheirTurnInOrder) {
    RuntimeWorld world({{"post", kPost}}, with_room_for(1));
    std::vector<Uid> runs;
    std::vector<std::string> expected;
    for (int n = 0; n < 20; ++n) {
        const auto admitted = world.admit("post", R"({"n":)" + std::to_string(n) + "}");
        ASSERT_TRUE(admitted);
        runs.push_back(admitted->runs.front());
        expected.push_back("set " + std::to_string(n));
    }
    for (const Uid& run : runs) {
        EXPECT_EQ(world.ended(run).status, model::Status::kSucceeded);
    }
    EXPECT_EQ(world.service().done(), expected);
}

TEST(RunLimits, ARunThatOnlyWaitsMakesRoom) {
    RuntimeWorld world({{"caller", kCaller}, {"callee", kCallee}}, with_room_for(1));
    const auto run = world.run("caller", R"({"n":7})");
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_EQ(run.output.view(), "7");
}

TEST(RunLimits, ARunThatHasNoRoomYetIsSeenWaitingAndSurvivesARestart) {
    RuntimeWorld world({{"sleeper", kSleeper}, {"post", kPost}}, with_room_for(0));
    const auto admitted = world.admit("post", R"({"n":1})");
    ASSERT_TRUE(admitted);
    const auto run = world.when(admitted->runs.front(), [](const model::RunRecord& record) {
        return record.status == model::Status::kWaiting;
    });
    EXPECT_NE(run.wait_reason.find("its turn"), std::string::npos);
    world.set_limits({});
    world.restart();
    EXPECT_EQ(world.ended(run.uid).status, model::Status::kSucceeded);
}

TEST(RunLimits, AFlowThatCallsItselfWithoutEndFailsAtTheDeepestLevel) {
    RuntimeWorld world({{"start", kStart}, {"endless", kEndless}});
    const auto run = world.run("start");
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_NE(run.error.view().find("ChildFlowsTooDeep"), std::string_view::npos);
    store::RunFilter all;
    all.limit = 100;
    const auto runs = world.reader().runs(all);
    ASSERT_TRUE(runs);
    EXPECT_EQ(runs->runs.size(), static_cast<std::size_t>(limits::kChildDepthMax + 1));
}

TEST(RunLimits, ARunWhoseJournalGrowsTooLargeFails) {
    WorldOptions options;
    options.limits.journal_bytes = 200'000;
    RuntimeWorld world({{"hoarder", kHoarder}}, options);
    const auto run = world.run("hoarder");
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_NE(run.error.view().find("JournalTooLarge"), std::string_view::npos);
    EXPECT_LT(run.journal_bytes, 250'000);
}

TEST(RunLimits, ARunThatWaitsTooLongTimesOut) {
    WorldOptions options;
    options.speed = 2000.0;
    options.limits.duration = std::chrono::hours(1);
    RuntimeWorld world({{"patient", kCallback}}, options);
    const auto run = world.run("patient");
    EXPECT_EQ(run.status, model::Status::kTimedOut);
    EXPECT_EQ(run.code, "RunTimedOut");
    EXPECT_GE(*run.ended - *run.started, std::chrono::hours(1));
}

TEST(RunLimits, AFlowThatNamesItsOwnTimeLimitTimesOutByIt) {
    constexpr const char* kHurried = R"(return flow {
  title = "Hurried",
  timeout = "PT1M",
  trigger = trigger.manual {},
  run = function() delay("Take a day", 86400) end,
})";
    WorldOptions options;
    options.speed = 600.0;
    RuntimeWorld world({{"hurried", kHurried}}, options);
    const auto run = world.run("hurried");
    EXPECT_EQ(run.status, model::Status::kTimedOut);
    EXPECT_EQ(run.code, "RunTimedOut");
    EXPECT_GE(*run.ended - *run.started, std::chrono::minutes(1));
    EXPECT_LT(*run.ended - *run.started, std::chrono::hours(24));
}

TEST(RunLimits, ATimeOutThatWasRecordedHoldsAfterARestart) {
    WorldOptions options;
    options.speed = 2000.0;
    options.limits.duration = std::chrono::hours(1);
    RuntimeWorld world({{"patient", kCallback}}, options);
    const auto run = world.run("patient");
    world.restart();
    EXPECT_EQ(world.ended(run.uid).status, model::Status::kTimedOut);
}

TEST(RunLimits, RunsThatAreTooLargeTogetherEndOneAfterTheOther) {
    WorldOptions options;
    options.limits.vm_bytes = 20U << 20U;
    RuntimeWorld world({{"large", kLarge}}, options);
    std::vector<Uid> runs;
    for (int n = 0; n < 6; ++n) {
        const auto admitted = world.admit("large");
        ASSERT_TRUE(admitted);
        runs.push_back(admitted->runs.front());
    }
    for (const Uid& run : runs) {
        EXPECT_EQ(world.ended(run).output.str(), "8");
    }
}

}  // namespace
}  // namespace tideway::testing
