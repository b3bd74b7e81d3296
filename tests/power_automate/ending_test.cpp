// Terminate, cancel and time limits: what becomes of the run and of each of its steps.
#include <gtest/gtest.h>

#include "tests/support/run_history.h"

namespace tideway::testing {
namespace {

using model::Status;

constexpr WorldOptions kInMemory{.durability = store::Durability::kProcess};

FlowText flow_with(const std::string& body) {
    return {
        "flow",
        "local ledger = connection \"ledger\"\n"
        "return flow { title = \"Flow\", trigger = trigger.manual {}, run = function(event)\n" +
            body + "\nend }"};
}

constexpr const char* kTerminates = R"(
compose("Before", 1)
scope("Around", function()
  compose("Inside", 2)
  if condition("Enough?", true) then
    return terminate(event.status, "Stopped", "Enough is enough.")
  end
  compose("Later", 3)
end)
compose("After", 4))";

model::RunRecord waiting(RuntimeWorld& world) {
    const auto admitted = world.admit("flow");
    EXPECT_TRUE(admitted);
    return world.when(admitted->runs.front(), [](const model::RunRecord& run) {
        return run.status == Status::kWaiting;
    });
}

TEST(TerminateRule, EndsTheRunWithTheStatusThatItNames) {
    RuntimeWorld world(kInMemory, {flow_with(kTerminates)});
    for (const Status status : {Status::kSucceeded, Status::kFailed, Status::kCancelled}) {
        const auto run =
            world.run("flow", R"({"status":")" + std::string(to_string(status)) + R"("})");
        EXPECT_EQ(run.status, status);
        EXPECT_EQ(run.code, "Terminated");
    }
}

TEST(TerminateRule, KeepsCodeAndMessageForAFailedRunOnly) {
    RuntimeWorld world(kInMemory, {flow_with(kTerminates)});
    const auto failed = world.run("flow", R"({"status":"Failed"})");
    const auto error = model::parse_step_error(failed.error.view());
    EXPECT_EQ(error.code, "Stopped");
    EXPECT_EQ(error.message, "Enough is enough.");
    EXPECT_TRUE(world.run("flow", R"({"status":"Cancelled"})").error.empty());
    EXPECT_TRUE(world.run("flow", R"({"status":"Succeeded"})").error.empty());
}

TEST(TerminateRule, CancelsWhatIsAroundItAndSkipsWhatFollows) {
    RuntimeWorld world(kInMemory, {flow_with(kTerminates)});
    const auto run = world.run("flow", R"({"status":"Failed"})");
    EXPECT_EQ(status_of(world, run, "Terminate"), Status::kSucceeded);
    EXPECT_EQ(status_of(world, run, "Before"), Status::kSucceeded);
    EXPECT_EQ(status_of(world, run, "Inside"), Status::kSucceeded);
    EXPECT_EQ(status_of(world, run, "Around"), Status::kCancelled);
    EXPECT_EQ(status_of(world, run, "Enough?"), Status::kCancelled);
    EXPECT_EQ(status_of(world, run, "Later"), Status::kSkipped);
    EXPECT_EQ(status_of(world, run, "After"), Status::kSkipped);
}

TEST(TerminateRule, CancelsStepsThatAreUnderWay) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
parallel("Both", {
  long = function() delay("Long", 3600) end,
  short = function() delay("Short", 0.01) terminate("Cancelled") end,
}))")});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kCancelled);
    EXPECT_EQ(status_of(world, run, "Long"), Status::kCancelled);
    EXPECT_EQ(status_of(world, run, "Short"), Status::kSucceeded);
}

TEST(TerminateRule, IsAllowedInsideALoop) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
foreach("Each", { 1, 2, 3 }, function(item)
  compose("Look", item)
  if item == 2 then terminate("Succeeded") end
end))")});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kSucceeded);
    EXPECT_EQ(step_of(world, run, "Each").children.size(), 2U);
}

TEST(CancelRule, CancelsStepsUnderWayAndSkipsTheRest) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
compose("Before", 1)
scope("Around", function() delay("Long", 3600) compose("Later", 2) end)
compose("After", 3))")});
    const auto run = waiting(world);
    world.runtime().cancel(run.id, "Cancelled by Ana.");
    const auto ended = world.ended(run.uid);
    EXPECT_EQ(ended.status, Status::kCancelled);
    EXPECT_EQ(status_of(world, ended, "Before"), Status::kSucceeded);
    EXPECT_EQ(status_of(world, ended, "Long"), Status::kCancelled);
    EXPECT_EQ(status_of(world, ended, "Around"), Status::kCancelled);
    EXPECT_EQ(status_of(world, ended, "Later"), Status::kSkipped);
    EXPECT_EQ(status_of(world, ended, "After"), Status::kSkipped);
}

TEST(CancelRule, NoHandlerTakesACancelledRun) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
try("Guarded", function() delay("Long", 3600) end)
pcall(function() compose("Handler", 1) end))")});
    const auto run = waiting(world);
    world.runtime().cancel(run.id, "Cancelled by Ana.");
    const auto ended = world.ended(run.uid);
    EXPECT_EQ(ended.status, Status::kCancelled);
    EXPECT_EQ(status_of(world, ended, "Guarded"), Status::kCancelled);
    EXPECT_EQ(status_of(world, ended, "Handler"), Status::kSkipped);
}

TEST(CancelRule, ASecondTimeChangesNothing) {
    RuntimeWorld world(kInMemory, {flow_with(R"(delay("Long", 3600))")});
    const auto run = waiting(world);
    world.runtime().cancel(run.id, "Cancelled by Ana.");
    const auto first = world.ended(run.uid);
    world.runtime().cancel(run.id, "Cancelled by Kai.");
    world.restart();
    const auto second = world.ended(run.uid);
    EXPECT_EQ(second.error.view(), first.error.view());
    EXPECT_EQ(second.ended, first.ended);
}

TEST(CancelRule, TurningTheFlowOffLetsItsRunsFinish) {
    RuntimeWorld world(kInMemory, {flow_with(R"(delay("A moment", 0.2) return "finished")")});
    const auto admitted = world.admit("flow");
    ASSERT_TRUE(admitted);
    const auto flow = world.catalog().flow("flow");
    ASSERT_TRUE(flow);
    ASSERT_TRUE(world.catalog().set_state(flow->row.id, model::FlowState::kOff, "for the test"));
    EXPECT_EQ(world.ended(admitted->runs.front()).output.view(), R"("finished")");
}

TEST(TimeLimitRule, AHandlerOfTimeOutsTakesAStepThatIsLate) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
local answer = try("Ask", function()
  wait_for_callback("Wait for it", { timeout = 0.05 }, function() end)
end)
return array { answer.status, answer.error.code })")});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kSucceeded);
    EXPECT_EQ(run.output.view(), R"(["TimedOut","ActionTimedOut"])");
    EXPECT_EQ(status_of(world, run, "Wait for it"), Status::kTimedOut);
}

TEST(TimeLimitRule, ARunWhoseStepIsLateAndNotHandledIsTimedOut) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
wait_for_callback("Wait for it", { timeout = 0.05 }, function() end))")});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kTimedOut);
    EXPECT_EQ(run.failed_step, "Wait for it");
}

}  // namespace
}  // namespace tideway::testing
