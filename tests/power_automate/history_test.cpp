// Run history, resubmit, and the shape of errors.
#include <future>

#include <gtest/gtest.h>

#include "tests/support/callback_calls.h"
#include "tests/support/run_history.h"

namespace tideway::testing {
namespace {

using model::Status;
using runtime::CodeChoice;

constexpr WorldOptions kInMemory{.durability = store::Durability::kProcess};

FlowText flow_with(const std::string& body) {
    return {
        "flow",
        "local ledger = connection \"ledger\"\n"
        "return flow { title = \"Flow\", trigger = trigger.manual {}, run = function(event)\n" +
            body + "\nend }"};
}

TEST(RunRecordRule, ARunThatGoesOnHasNoEnd) {
    RuntimeWorld world(kInMemory, {flow_with(R"(wait_for_callback("Hold", function() end))")});
    const auto admitted = world.admit("flow");
    ASSERT_TRUE(admitted);
    const auto run = world.when(admitted->runs.front(), [](const model::RunRecord& record) {
        return record.status == Status::kWaiting;
    });
    EXPECT_TRUE(run.started);
    EXPECT_FALSE(run.ended);
    EXPECT_FALSE(run.wait_reason.empty());
    call_back(world, run.uid, "Hold", "{}");
    EXPECT_TRUE(world.ended(run.uid).ended);
}

TEST(RunRecordRule, NamesTheVersionThatRan) {
    RuntimeWorld world(kInMemory, {flow_with("return 1")});
    const auto first = world.run("flow");
    world.edit("flow", flow_with("return 2").text);
    const auto second = world.run("flow");
    EXPECT_NE(first.version_id, second.version_id);
    EXPECT_EQ(second.version_id, world.catalog().flow("flow")->row.published);
}

TEST(RunRecordRule, AFailureHasOneCodeForTheRunAndTheCauseOfItsFirstFailingStep) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
scope("Outer", function()
  scope("Inner", function() ledger.set("Write it", { name = "a" }) end)
end))")});
    world.service().plan("/set", {Treatment::kRefuse});
    const auto run = world.run("flow");
    EXPECT_EQ(run.code, "ActionFailed");
    EXPECT_EQ(run.failed_step, "Outer/Inner/Write it");
    const auto error = model::parse_step_error(run.error.view());
    EXPECT_EQ(error.code, "BadRequest");
    EXPECT_EQ(error.message, "The ledger says no.");
}

TEST(RunRecordRule, EqualFailuresHaveEqualFingerprints) {
    RuntimeWorld world(kInMemory, {flow_with(R"(fail(event.code, "It broke."))")});
    const auto fingerprint = [&world](const char* code) {
        return world.run("flow", std::string(R"({"code":")") + code + R"("})").fingerprint;
    };
    EXPECT_EQ(fingerprint("Bad"), fingerprint("Bad"));
    EXPECT_NE(fingerprint("Bad"), fingerprint("Worse"));
}

TEST(StepRecordRule, HasTimesStatusInputAndOutput) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
return ledger.set("Write it", { name = "a", value = 7 }))")});
    const auto run = world.run("flow");
    const auto step = step_of(world, run, "Write it");
    EXPECT_EQ(step.status, Status::kSucceeded);
    EXPECT_EQ(step.code, "OK");
    EXPECT_EQ(step.input.view(), R"({"name":"a","value":7})");
    EXPECT_EQ(step.output.view(), R"({"id":"1"})");
    ASSERT_TRUE(step.started && step.ended);
    EXPECT_LE(*step.started, *step.ended);
    EXPECT_EQ(step.attempts, 1);
}

TEST(StepRecordRule, TheScriptGetsTheErrorThatHistoryShows) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
local result = try("Try it", function() ledger.set("Write it", { name = "a" }) end)
local error = result.error
return { code = error.code, message = error.message, step = error.step, status = error.status,
         answered = error.details.body.error.code }
)")});
    world.service().plan("/set", {Treatment::kRefuse});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kSucceeded) << runtime::headline(run);
    EXPECT_EQ(
        run.output.view(),
        R"({"answered":"bad","code":"BadRequest","message":"The ledger says no.",)"
        R"("status":"Failed","step":"Try it/Write it"})"
    );
    const auto shown = model::parse_step_error(step_of(world, run, "Write it").error.view());
    EXPECT_EQ(shown.code, "BadRequest");
}

TEST(StepRecordRule, AnErrorOfTheScriptNamesFileAndLine) {
    RuntimeWorld world(kInMemory, {flow_with("\nreturn event.customer.name")});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kFailed);
    const auto error = model::parse_step_error(run.error.view());
    EXPECT_EQ(error.code, "ScriptError");
    EXPECT_NE(error.message.find("flow.lua:4"), std::string::npos) << error.message;
    EXPECT_NE(error.message.find("customer"), std::string::npos) << error.message;
}

TEST(ResubmitRule, MakesANewRunWithTheSameEventAndLeavesTheOriginal) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
return { number = event.number, again_of = run_info.resubmit_of })")});
    const auto original = world.run("flow", R"({"number":7})");
    EXPECT_EQ(original.output.view(), R"({"number":7})");
    const auto admitted = world.resubmit(original, CodeChoice::kOriginal);
    ASSERT_TRUE(admitted);
    const auto again = world.ended(admitted->runs.front());
    EXPECT_NE(again.uid, original.uid);
    EXPECT_EQ(again.resubmit_of, original.uid);
    EXPECT_EQ(again.root_uid, original.root_uid);
    EXPECT_EQ(again.output.view(), R"({"again_of":")" + original.uid.hex() + R"(","number":7})");
    EXPECT_EQ(world.ended(original.uid).output, original.output);
}

TEST(ResubmitRule, TheFlowSeesWhoStartedItsRun) {
    RuntimeWorld world(kInMemory, {flow_with("\nreturn { by = run_info.started_by or 'nobody' }")});
    const auto original = world.run("flow");
    EXPECT_EQ(original.output.view(), R"({"by":"nobody"})");
    std::promise<Result<runtime::Admitted>> admitted;
    world.runtime().resubmit(original, {}, "kim", [&](auto result) {
        admitted.set_value(std::move(result));
    });
    const auto again = admitted.get_future().get();
    ASSERT_TRUE(again);
    EXPECT_EQ(world.ended(again->runs.front()).output.view(), R"({"by":"kim"})");
}

TEST(ResubmitRule, TakesRunsHoweverTheyEnded) {
    RuntimeWorld world(kInMemory, {flow_with(R"(terminate(event.status, "Stopped", "So."))")});
    for (const char* status : {"Succeeded", "Failed", "Cancelled"}) {
        const auto original = world.run("flow", std::string(R"({"status":")") + status + R"("})");
        const auto admitted = world.resubmit(original, CodeChoice::kOriginal);
        ASSERT_TRUE(admitted) << status;
        EXPECT_EQ(world.ended(admitted->runs.front()).status, original.status) << status;
    }
}

TEST(ResubmitRule, AFlowWithLoopsAndBranchesIsResubmittedLikeAnyOther) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
local sum = 0
foreach("Each", { 1, 2, 3 }, function(item) sum = sum + item end, { concurrency = 3 })
parallel("Both", { a = function() sum = sum + 10 end, b = function() sum = sum + 100 end })
return sum)")});
    const auto original = world.run("flow");
    const auto admitted = world.resubmit(original, CodeChoice::kOriginal);
    ASSERT_TRUE(admitted);
    EXPECT_EQ(world.ended(admitted->runs.front()).output.view(), "116");
}

TEST(StatusRule, HistoryIsNewestFirst) {
    RuntimeWorld world(kInMemory, {flow_with("return event.number")});
    for (int number = 1; number <= 3; ++number) {
        world.run("flow", R"({"number":)" + std::to_string(number) + "}");
    }
    const auto runs = world.reader().runs({});
    ASSERT_TRUE(runs);
    ASSERT_EQ(runs->runs.size(), 3U);
    EXPECT_EQ(runs->runs.front().output.view(), "3");
    EXPECT_EQ(runs->runs.back().output.view(), "1");
}

}  // namespace
}  // namespace tideway::testing
