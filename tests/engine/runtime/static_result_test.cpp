// Static results: a step that does not take place and gives what the flow's text says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runtime/step_tree.h"
#include "tests/support/callback_calls.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kBooks = R"(
local ledger = connection "ledger"
return flow { title = "Books", trigger = trigger.manual {}, run = function()
  local made = ledger.post("Book", { key = "n-1", value = 1 }, { static_result = { output = { id = "p-9" } } })
  local child = run_child_flow("Call", "squares", {}, { static_result = { output = { squared = 49 } } })
  local call = wait_for_callback("Ask", { static_result = { output = { body = "yes" } } }, function(address)
    ledger.shout("Send the address", { value = address })
  end)
  delay("Pause", 0)
  return { made.id, child.squared, call.body }
end })";

constexpr const char* kSquares =
    "return flow { title = 'Squares', trigger = trigger.child {}, run = function() end }";

constexpr const char* kBooksForReal = R"(
local ledger = connection "ledger"
return flow { title = "Books", trigger = trigger.manual {}, run = function()
  ledger.post("Book", { key = "n-1", value = 1 })
end })";

constexpr const char* kFails = R"(
local ledger = connection "ledger"
return flow { title = "Fails", trigger = trigger.manual {}, run = function()
  local done = try("Try", function()
    ledger.set("Set", { name = "a" }, { static_result = { status = "TimedOut", error = { message = "Too slow." } } })
  end)
  outcome(done.status, done.error.code)
  ledger.set("Set again", { name = "a" }, { static_result = { status = "Failed", error = {
    code = "DuplicateRecord", message = "It is there already.", details = { id = 7 } } } })
end })";

std::vector<runtime::StepNode> steps_of(RuntimeWorld& world, const model::RunRecord& run) {
    const auto version = world.catalog().version(run.version_id);
    return runtime::build_step_tree(world.journal(run), (*version)->analysis.outline, run);
}

TEST(StaticResult, IsTheOutputOfAnOperationAChildAndACallback) {
    RuntimeWorld world({{"books", kBooks}, {"squares", kSquares}});
    const auto run = world.run("books");
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_EQ(run.output.view(), R"(["p-9",49,"yes"])");
    EXPECT_EQ(world.service().requests(), 0U);
    const auto effects = world.reader().effects(run.id);
    ASSERT_TRUE(effects);
    EXPECT_THAT(*effects, IsEmpty());
    const auto runs = world.reader().runs({});
    ASSERT_TRUE(runs);
    EXPECT_EQ(runs->runs.size(), 1U) << "no child was started";
}

TEST(StaticResult, IsMarkedInHistory) {
    RuntimeWorld world({{"books", kBooks}, {"squares", kSquares}});
    const auto steps = steps_of(world, world.run("books"));
    ASSERT_EQ(steps.size(), 4U);
    for (const std::size_t i : {0U, 1U, 2U}) {
        EXPECT_TRUE(steps[i].is_static) << steps[i].name;
        EXPECT_EQ(steps[i].status, model::Status::kSucceeded) << steps[i].name;
        EXPECT_EQ(to_json(steps[i], runtime::Contents::kWithout).value("static", false), true);
    }
    EXPECT_FALSE(steps[3].is_static);
    ASSERT_EQ(steps[2].children.size(), 1U);
    EXPECT_EQ(steps[2].children[0].status, model::Status::kSkipped) << "what the body would send";
}

TEST(StaticResult, ThatFailsFailsTheStepWithItsError) {
    RuntimeWorld world({{"fails", kFails}});
    const auto run = world.run("fails");
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_EQ(run.outcome, "TimedOut");
    EXPECT_EQ(run.outcome_reason, "ActionTimedOut");
    EXPECT_EQ(run.failed_step, "Set again");
    const auto error = model::parse_step_error(run.error.view());
    EXPECT_EQ(error.code, "DuplicateRecord");
    EXPECT_EQ(error.message, "It is there already.");
    EXPECT_EQ(error.details, R"({"id":7})");
    EXPECT_EQ(world.service().requests(), 0U);
}

TEST(StaticResult, IsTheSameWhenTheRunIsReplayed) {
    constexpr const char* kWaits = R"(
local ledger = connection "ledger"
return flow { title = "Waits", trigger = trigger.manual {}, run = function()
  local seen = try("Try", function()
    ledger.shout("Shout", {}, { static_result = { error = { code = "Busy" } } })
  end)
  wait_for_callback("Hold", function() end)
  return seen.error.code
end })";
    RuntimeWorld world({{"waits", kWaits}});
    const auto admitted = world.admit("waits");
    ASSERT_TRUE(admitted);
    const auto held = world.when(admitted->runs.front(), [](const model::RunRecord& run) {
        return run.status == model::Status::kWaiting;
    });
    world.restart();
    EXPECT_EQ(call_back(world, held.uid, "Hold", "{}"), store::CallbackFate::kTaken);
    const auto run = world.ended(held.uid);
    EXPECT_EQ(run.output.view(), R"("Busy")") << run.error.view();
    EXPECT_EQ(world.service().requests(), 0U);
}

TEST(StaticResult, DoesNotCountAsDoneWhenARunIsResubmittedWithoutIt) {
    RuntimeWorld world({{"books", kBooks}, {"squares", kSquares}});
    const auto first = world.run("books");
    world.edit("books", kBooksForReal);
    const auto again = world.resubmit(first, runtime::CodeChoice::kCurrent);
    ASSERT_TRUE(again);
    EXPECT_EQ(world.ended(again->runs.front()).status, model::Status::kSucceeded);
    EXPECT_THAT(world.service().done(), ElementsAre(HasSubstr("post")));
}

}  // namespace
}  // namespace tideway::testing
