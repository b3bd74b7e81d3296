// Runs that start from a step: what was before it keeps its results.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/callback_calls.h"
#include "tests/support/resubmit_calls.h"

namespace tideway::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::string flow(const std::string& body, const std::string& trigger = "trigger.manual {}") {
    return "local ledger = connection \"ledger\"\n"
           "local once = { retry = { type = \"none\" } }\n"
           "return flow { title = \"Flow\", trigger = " +
           trigger + ", run = function(event)\n" + body + "\nend }";
}

model::RunRecord again(
    RuntimeWorld& world, const model::RunRecord& run, const runtime::ResubmitChoices& choices
) {
    const auto admitted = resubmit(world, run, choices);
    EXPECT_TRUE(admitted) << (admitted ? "" : admitted.error().text());
    return admitted ? world.ended(admitted->runs.front()) : model::RunRecord();
}

std::string code_at(RuntimeWorld& world, const model::RunRecord& run, const std::string& path) {
    std::string out;
    for (const model::JournalRow& row : world.journal(run)) {
        if (row.path == path) {
            out = row.code;
        }
    }
    return out;
}

const std::string kTwo = flow(R"(
  local seen = ledger.read("Look", {})
  local first = ledger.set("First", { name = uuid(), value = 1 }, once)
  ledger.set("Second", { name = "b", value = 2 }, once)
  return { seen = seen.entries, first = first.id })");

TEST(FromAStep, WhatWasBeforeItKeepsItsResultsAndIsNotDoneAgain) {
    RuntimeWorld world({{"two", kTwo}});
    world.service().plan("/set", {Treatment::kDo, Treatment::kRefuse});
    const auto original = world.run("two");
    ASSERT_EQ(original.status, model::Status::kFailed);
    const std::string before = history_of(world, original.uid);
    const auto run = again(world, original, from_failed());
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_THAT(world.service().done(), ElementsAre("set 1", "set 2"));
    EXPECT_EQ(run.output.view(), R"({"first":"1","seen":0})");
    EXPECT_EQ(code_at(world, run, "Look"), "Reused");
    EXPECT_EQ(code_at(world, run, "First"), "Reused");
    EXPECT_EQ(run.resubmit_of, original.uid);
    EXPECT_EQ(run.start_step, "Second");
    EXPECT_EQ(history_of(world, original.uid), before);
}

TEST(FromAStep, AnyStepOfTheRunCanBeTheFirstThatIsDoneAgain) {
    RuntimeWorld world({{"two", kTwo}});
    const auto original = world.run("two");
    ASSERT_EQ(original.status, model::Status::kSucceeded);
    const auto run = again(world, original, from_step("First"));
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_THAT(world.service().done(), ElementsAre("set 1", "set 2", "set 1", "set 2"));
    EXPECT_EQ(code_at(world, run, "Look"), "Reused");
    EXPECT_EQ(code_at(world, run, "First"), "OK");
}

TEST(FromAStep, GoesOnFromItsOwnResubmission) {
    RuntimeWorld world({{"two", kTwo}});
    world.service().plan("/set", {Treatment::kDo, Treatment::kRefuse, Treatment::kRefuse});
    const auto first = world.run("two");
    const auto second = again(world, first, from_failed());
    ASSERT_EQ(second.status, model::Status::kFailed);
    const auto third = again(world, second, from_failed());
    EXPECT_EQ(third.status, model::Status::kSucceeded);
    EXPECT_EQ(third.root_uid, first.uid);
    EXPECT_THAT(world.service().done(), ElementsAre("set 1", "set 2"));
}

TEST(FromAStep, OfALoopTheItemsBeforeKeepTheirResults) {
    RuntimeWorld world({{"loop", flow(R"(
  foreach("Each", array { 1, 2, 3 }, function(item)
    ledger.set("Put", { name = "n", value = item }, once)
  end))")}});
    world.service().plan("/set", {Treatment::kDo, Treatment::kRefuse});
    const auto original = world.run("loop");
    ASSERT_EQ(original.failed_step, "Each[2]/Put");
    const auto run = again(world, original, from_failed());
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    // All items run even when one fails; what comes behind the start is made again.
    EXPECT_THAT(world.service().done(), ElementsAre("set 1", "set 3", "set 2", "set 3"));
}

TEST(FromAStep, OfALoopThatWorksOnSeveralItemsTheOthersKeepWhatSucceeded) {
    RuntimeWorld world({{"loop", flow(R"(
  foreach("Each", array { 1, 2, 3, 4 }, function(item)
    ledger.set("Put", { name = "n", value = item }, once)
    ledger.set("Then", { name = "n", value = item * 10 }, once)
  end, { concurrency = 4 }))")}});
    world.service().plan("/set", {Treatment::kRefuse});
    const auto original = world.run("loop");
    ASSERT_EQ(original.status, model::Status::kFailed);
    const std::size_t made = world.service().done().size();
    ASSERT_EQ(made, 6U);
    const auto run = again(world, original, from_failed());
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_EQ(world.service().done().size(), 8U);
    EXPECT_THAT(
        world.service().done(),
        UnorderedElementsAre(
            "set 1", "set 2", "set 3", "set 4", "set 10", "set 20", "set 30", "set 40"
        )
    );
}

TEST(FromAStep, OfABranchTheOtherBranchesKeepWhatSucceededAndWhatFollowsIsDone) {
    RuntimeWorld world({{"branches", flow(R"(
  parallel("Both", {
    left = function() ledger.set("Put", { name = "l", value = "left" }, once) end,
    right = function() ledger.post("Make", { key = "r", value = "right" }, once) end })
  ledger.set("After", { name = "a", value = "after" }, once))")}});
    world.service().plan("/set", {Treatment::kRefuse});
    const auto original = world.run("branches");
    ASSERT_EQ(original.failed_step, "Both/left/Put");
    const auto run = again(world, original, from_failed());
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_THAT(
        world.service().done(), ElementsAre(R"(post "right")", R"(set "left")", R"(set "after")")
    );
    EXPECT_EQ(code_at(world, run, "Both/right/Make"), "Reused");
}

const std::string kCaller = flow(R"(
  ledger.set("Before", { name = "a", value = "before" }, once)
  local given = run_child_flow("Call", "called", { n = 1 })
  ledger.set("After", { name = "a", value = "after" }, once)
  return given)");

const std::string kCalled = flow(
    R"(
  local made = ledger.set("One", { name = "c", value = "one" }, once)
  ledger.set("Two", { name = "c", value = "two" }, once)
  return { id = made.id })",
    "trigger.child {}"
);

TEST(FromAStep, OfACalledFlowTheCallGoesOnInsideIt) {
    RuntimeWorld world({{"caller", kCaller}, {"called", kCalled}});
    world.service().plan("/set", {Treatment::kDo, Treatment::kDo, Treatment::kRefuse});
    const auto original = world.run("caller");
    ASSERT_EQ(original.failed_step, "Call/Two");
    const auto run = again(world, original, from_failed());
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_EQ(run.output.view(), R"({"id":"2"})");
    EXPECT_THAT(
        world.service().done(),
        ElementsAre(R"(set "before")", R"(set "one")", R"(set "two")", R"(set "after")")
    );
    const auto child = world.ended(Uid::derive(run.uid, "Call"));
    EXPECT_EQ(child.resubmit_of, Uid::derive(original.uid, "Call"));
    EXPECT_EQ(child.start_step, "Two");
}

TEST(FromAStep, AfterACallKeepsTheCallsResultWithoutCallingAgain) {
    RuntimeWorld world({{"caller", kCaller}, {"called", kCalled}});
    world.service().plan(
        "/set", {Treatment::kDo, Treatment::kDo, Treatment::kDo, Treatment::kRefuse}
    );
    const auto original = world.run("caller");
    ASSERT_EQ(original.failed_step, "After");
    const auto run = again(world, original, from_failed());
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_EQ(run.output.view(), R"({"id":"2"})");
    const auto child = world.reader().run_by_uid(Uid::derive(run.uid, "Call"));
    EXPECT_FALSE(*child);
    // The call is still found in the run before the last one.
    const auto third = again(world, run, from_step("Call/Two"));
    EXPECT_EQ(third.status, model::Status::kSucceeded) << third.error.view();
    EXPECT_EQ(world.ended(Uid::derive(third.uid, "Call")).start_step, "Two");
}

TEST(FromAStep, AFailureThatWasHandledBeforeItStaysAsItWas) {
    RuntimeWorld world({{"handled", flow(R"(
  local tried = try("Try", function() ledger.set("Maybe", { name = "m", value = 1 }, once) end)
  ledger.set("Note", { name = "n", value = tried.status }, once)
  ledger.set("Last", { name = "l", value = "last" }, once))")}});
    world.service().plan("/set", {Treatment::kRefuse, Treatment::kDo, Treatment::kRefuse});
    const auto original = world.run("handled");
    ASSERT_EQ(original.failed_step, "Last");
    const auto run = again(world, original, from_failed());
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_THAT(world.service().done(), ElementsAre(R"(set "Failed")", R"(set "last")"));
}

TEST(FromAStep, ALockIsTakenAnewAndADelayIsNotWaitedForAgain) {
    RuntimeWorld world({{"locked", flow(R"(
  delay("Wait", 0.01)
  exclusive("One at a time", "key", function()
    ledger.set("First", { name = "a", value = 1 }, once)
    ledger.set("Second", { name = "b", value = 2 }, once)
  end))")}});
    world.service().plan("/set", {Treatment::kDo, Treatment::kRefuse});
    const auto original = world.run("locked");
    world.service().plan("/set", {Treatment::kHold});
    const auto admitted = resubmit(world, original, from_failed());
    ASSERT_TRUE(admitted);
    ASSERT_TRUE(RuntimeWorld::becomes([&] { return world.service().held() == 1; }));
    EXPECT_EQ(world.reader().locks()->size(), 1U);
    world.service().release();
    const auto run = world.ended(admitted->runs.front());
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_EQ(code_at(world, run, "Wait"), "Reused");
    EXPECT_THAT(world.service().done(), ElementsAre("set 1", "set 2"));
}

TEST(FromAStep, AnAddressIsKeptWithItsCallAndMadeAnewInsideItsBody) {
    RuntimeWorld world({{"asks", flow(R"(
  local call = wait_for_callback("Ask", function(address)
    ledger.set("Send", { name = "s", value = "sent" }, once)
  end)
  ledger.set("Last", { name = "l", value = call.n }, once)
  return call.n)")}});
    world.service().plan("/set", {Treatment::kDo, Treatment::kRefuse});
    const auto admitted = world.admit("asks");
    ASSERT_TRUE(admitted);
    const auto is_waiting = [](const model::RunRecord& run) {
        return run.status == model::Status::kWaiting;
    };
    world.when(admitted->runs.front(), is_waiting);
    call_back(world, admitted->runs.front(), "Ask", R"({"n":7})");
    const auto original = world.ended(admitted->runs.front());
    ASSERT_EQ(original.failed_step, "Last");
    EXPECT_EQ(again(world, original, from_failed()).output.view(), "7");
    EXPECT_THAT(world.service().done(), ElementsAre(R"(set "sent")", "set 7"));
    const auto inside = resubmit(world, original, from_step("Ask/Send"));
    ASSERT_TRUE(inside);
    world.when(inside->runs.front(), is_waiting);
    EXPECT_NE(
        callback_address(world, inside->runs.front(), "Ask"),
        callback_address(world, original.uid, "Ask")
    );
    call_back(world, inside->runs.front(), "Ask", R"({"n":8})");
    EXPECT_EQ(world.ended(inside->runs.front()).output.view(), "8");
}

TEST(FromAStep, SharedVariablesAreAsTheyWereInTheOrderOfTheOriginal) {
    RuntimeWorld world({{"order", flow(R"(
  local order = {}
  parallel("Both", {
    a = function() ledger.read("A", {}) order[#order + 1] = "a" end,
    b = function() delay("B", 0.05) order[#order + 1] = "b" end,
    c = function() ledger.read("C", {}) ledger.read("C2", {}) order[#order + 1] = "c" end })
  ledger.set("Last", { name = "l", value = table.concat(order) }, once)
  return table.concat(order))")}});
    world.service().plan("/set", {Treatment::kRefuse});
    const auto original = world.run("order");
    const auto run = again(world, original, from_failed());
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    std::string asked;
    for (const model::JournalRow& row : world.journal(original)) {
        if (row.path == "Last" && row.kind == model::RowKind::kIntent) {
            asked = row.input.str();
        }
    }
    EXPECT_THAT(asked, HasSubstr(Json::parse(run.output.view()).get<std::string>()));
}

TEST(FromAStep, SurvivesARestartInTheMiddle) {
    RuntimeWorld world({{"two", kTwo}});
    world.service().plan("/set", {Treatment::kDo, Treatment::kRefuse, Treatment::kHold});
    const auto original = world.run("two");
    const auto admitted = resubmit(world, original, from_failed());
    ASSERT_TRUE(admitted);
    ASSERT_TRUE(RuntimeWorld::becomes([&] { return world.service().held() == 1; }));
    world.restart();
    const auto run = world.ended(admitted->runs.front());
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_EQ(run.output.view(), R"({"first":"1","seen":0})");
}

TEST(FromAStep, SecuredValuesStaySecured) {
    RuntimeWorld world({{"secret", flow(R"(
  local got = ledger.read("Look", {}, { secure = "outputs" })
  ledger.set("Last", { name = "l", value = 1 }, once)
  return "done")")}});
    world.service().plan("/set", {Treatment::kRefuse});
    const auto original = world.run("secret");
    const auto run = again(world, original, from_failed());
    ASSERT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    for (const model::JournalRow& row : world.journal(run)) {
        if (row.path == "Look") {
            EXPECT_EQ(row.secured, model::Secured::kOutputs);
        }
    }
}

TEST(FromAStep, WithOtherCodeKeepsTheResultsOfStepsThatAskTheSame) {
    RuntimeWorld world({{"two", kTwo}});
    world.service().plan("/set", {Treatment::kDo, Treatment::kRefuse});
    const auto original = world.run("two");
    world.edit("two", flow(R"(
  local seen = ledger.read("Look", {})
  local first = ledger.set("First", { name = uuid(), value = 1 }, once)
  ledger.set("Second", { name = "b", value = "repaired" }, once)
  return first.id)"));
    runtime::ResubmitChoices choices = from_failed();
    choices.code = runtime::CodeChoice::kCurrent;
    const auto run = again(world, original, choices);
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_THAT(world.service().done(), ElementsAre("set 1", R"(set "repaired")"));
    EXPECT_EQ(run.output.view(), R"("1")");
}

TEST(FromAStep, AStepThatAsksSomethingElseIsDoneAgain) {
    RuntimeWorld world({{"two", kTwo}});
    world.service().plan("/set", {Treatment::kDo, Treatment::kRefuse});
    const auto original = world.run("two");
    world.edit("two", flow(R"(
  ledger.set("First", { name = "a", value = "other" }, once)
  ledger.set("Second", { name = "b", value = 2 }, once))"));
    runtime::ResubmitChoices choices = from_failed();
    choices.code = runtime::CodeChoice::kCurrent;
    const auto run = again(world, original, choices);
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_THAT(world.service().done(), ElementsAre("set 1", R"(set "other")", "set 2"));
}

TEST(FromAStep, ThatTheRunNeverCameToIsRefused) {
    RuntimeWorld world({{"two", kTwo}});
    world.service().plan("/set", {Treatment::kRefuse});
    const auto original = world.run("two");
    const auto admitted = resubmit(world, original, from_step("Second"));
    ASSERT_FALSE(admitted);
    EXPECT_EQ(admitted.error().code, "StepNotInHistory");
}

TEST(FromAStep, TheFailedOneNeedsAFailure) {
    RuntimeWorld world({{"two", kTwo}});
    const auto admitted = resubmit(world, world.run("two"), from_failed());
    ASSERT_FALSE(admitted);
    EXPECT_EQ(admitted.error().code, "NoFailedStep");
}

TEST(Resubmit, TakesAPatchedEvent) {
    RuntimeWorld world({{"echo", flow("return event")}});
    const auto original = world.run("echo", R"({"amount":1,"note":"x","deep":{"a":1,"b":2}})");
    runtime::ResubmitChoices choices;
    choices.patch = Payload(R"({"amount":5,"note":null,"deep":{"b":3}})");
    const auto run = again(world, original, choices);
    EXPECT_EQ(run.output.view(), R"({"amount":5,"deep":{"a":1,"b":3}})");
    EXPECT_EQ(world.ended(original.uid).output.view(), original.output.view());
}

TEST(Resubmit, OfADraftSaysWhenThereIsNone) {
    RuntimeWorld world({{"echo", flow("return event")}});
    const auto admitted = resubmit(world, world.run("echo"), {.code = runtime::CodeChoice::kDraft});
    ASSERT_FALSE(admitted);
    EXPECT_EQ(admitted.error().code, "DraftNotFound");
}

TEST(ResubmitChoices, ExcludeEachOtherAndSayWhatIsWrong) {
    const auto both = runtime::parse_resubmit_choices({{"from_step", "A"}, {"from_failed", true}});
    ASSERT_FALSE(both);
    EXPECT_EQ(both.error().code, "InvalidRequestContent");
    const auto code = runtime::parse_resubmit_choices({{"code", "newest"}});
    ASSERT_FALSE(code);
    EXPECT_THAT(code.error().remedy, HasSubstr("draft"));
    EXPECT_FALSE(runtime::parse_resubmit_choices({{"patch", 5}}));
}

TEST(ResubmitChoices, ShowOfAPatchOnlyWhichFieldsItHas) {
    const auto choices =
        runtime::parse_resubmit_choices({{"patch", {{"card", "4111"}, {"name", "x"}}}});
    ASSERT_TRUE(choices);
    EXPECT_EQ(
        dump(runtime::describe(*choices)), R"({"code":"original","patched":["card","name"]})"
    );
    EXPECT_EQ(runtime::to_json(*choices)["patch"]["card"], "4111");
}

}  // namespace
}  // namespace tideway::testing
