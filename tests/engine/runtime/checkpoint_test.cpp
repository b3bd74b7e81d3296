// Loops with `checkpoint = true` after the process has ended in the middle of them: finished
// iterations are not gone through again.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/store/sqlite_driver.h"
#include "tests/support/callback_calls.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSum = R"(
local ledger = connection "ledger"
return flow { title = "Sum", trigger = trigger.manual {}, run = function()
  outcome("no change")
  return foreach("Each", { 1, 2, 3 }, function(item, sum)
    ledger.post("Post", { value = tostring(item) })
    if item == 2 then
      outcome("updated", "two")
      track { item = item }
    end
    if item == 3 then
      wait_for_callback("Wait", function() end)
    end
    return (sum or 0) + item
  end, { checkpoint = true })
end })";

constexpr const char* kCount = R"(
local ledger = connection "ledger"
return flow { title = "Count", trigger = trigger.manual {}, run = function()
  local done, count = repeat_until("Again", { checkpoint = true }, function(i, count)
    ledger.post("Post", { value = tostring(i) })
    if i == 3 then
      wait_for_callback("Wait", function() end)
    end
    return i == 4, (count or 0) + 1
  end)
  wait_for_callback("After", function() end)
  return { done = done, count = count }
end })";

bool waits(const model::RunRecord& run) {
    return run.status == model::Status::kWaiting;
}

class Checkpoint : public ::testing::Test {
  protected:
    Uid begin(const std::string& flow) {
        const auto admitted = world_.admit(flow);
        EXPECT_TRUE(admitted) << admitted.error().text();
        const Uid run = admitted->runs.front();
        world_.when(run, waits);
        return run;
    }

    // What was recorded of a step is not what the flow would ask for.
    void restart_with_another_input_of(const std::string& path) {
        world_.restart([&] {
            const auto driver = store::open_sqlite_writer(world_.store_file());
            ASSERT_TRUE(driver) << driver.error().text();
            const Status done = (*driver)->execute(
                "UPDATE journal SET input = '{\"value\":\"edited\"}' WHERE path = '" + path +
                "' AND input <> ''"
            );
            ASSERT_TRUE(done) << done.error().text();
            ASSERT_GT((*driver)->changes(), 0) << path;
        });
    }

    RuntimeWorld world_{{"sum", kSum}, {"count", kCount}};
};

TEST_F(Checkpoint, LeavesFinishedIterationsOfAForeachOutOfAReplay) {
    const Uid run = begin("sum");
    restart_with_another_input_of("Each[1]/Post");
    call_back(world_, run, "Each[3]/Wait", "{}");
    const auto ended = world_.ended(run);
    EXPECT_EQ(ended.status, model::Status::kSucceeded) << ended.error.view();
    EXPECT_EQ(ended.output.str(), "6");
    EXPECT_EQ(world_.service().done().size(), 3U) << "nothing is done again";
}

TEST_F(Checkpoint, StillComparesTheIterationThatIsNotFinished) {
    const Uid run = begin("sum");
    restart_with_another_input_of("Each[3]/Post");
    EXPECT_THAT(world_.paused(run).wait_reason, HasSubstr("the input of Each [3] > Post differs"));
}

TEST_F(Checkpoint, KeepsWhatTheRunSaidInTheIterationsThatAreLeftOut) {
    const Uid run = begin("sum");
    world_.restart();
    call_back(world_, run, "Each[3]/Wait", "{}");
    const auto ended = world_.ended(run);
    EXPECT_EQ(ended.outcome, "updated");
    EXPECT_EQ(ended.outcome_reason, "two");
}

TEST_F(Checkpoint, LeavesFinishedIterationsOfARepeatUntilOutOfAReplay) {
    const Uid run = begin("count");
    restart_with_another_input_of("Again[2]/Post");
    call_back(world_, run, "Again[3]/Wait", "{}");
    world_.when(run, [this](const model::RunRecord& now) {
        return waits(now) && world_.service().done().size() == 4;
    });
    // The iteration that ended the loop is gone through again, and ends it again.
    restart_with_another_input_of("Again[3]/Post");
    call_back(world_, run, "After", "{}");
    const auto ended = world_.ended(run);
    EXPECT_EQ(ended.status, model::Status::kSucceeded) << ended.error.view();
    EXPECT_EQ(ended.output.str(), R"({"count":4,"done":true})");
    EXPECT_EQ(world_.service().done().size(), 4U);
}

}  // namespace
}  // namespace tideway::testing
