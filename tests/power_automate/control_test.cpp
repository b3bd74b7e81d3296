// Conditions, switches, loops and branches, as an author of cloud flows expects them.
#include <gtest/gtest.h>

#include "tests/support/callback_calls.h"
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

std::string output_of(const std::string& body, const std::string& event = "{}") {
    RuntimeWorld world(kInMemory, {flow_with(body)});
    const auto run = world.run("flow", event);
    EXPECT_EQ(run.status, Status::kSucceeded) << runtime::headline(run);
    return run.output.str();
}

TEST(ConditionRule, TheBranchThatIsNotTakenIsSkippedWithAllThatIsInIt) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
if condition("Is it large?", event.amount > 10) then
  compose("Ask for approval", 1)
else
  scope("Small", function() compose("Book at once", 2) end)
end)")});
    const auto run = world.run("flow", R"({"amount":11})");
    EXPECT_EQ(run.status, Status::kSucceeded);
    EXPECT_EQ(step_of(world, run, "Is it large?").output.view(), "true");
    EXPECT_EQ(status_of(world, run, "Ask for approval"), Status::kSucceeded);
    for (const char* skipped : {"Small", "Book at once"}) {
        const auto step = step_of(world, run, skipped);
        EXPECT_EQ(step.status, Status::kSkipped) << skipped;
        EXPECT_EQ(step.code, "ActionSkipped") << skipped;
    }
}

std::string why_skipped(RuntimeWorld& world, const model::RunRecord& run, const char* name) {
    const auto error = parse_json(step_of(world, run, name).error.view(), "error").value();
    return string_or(error, "code") + ": " + string_or(error, "message");
}

TEST(SkipRule, WhatIsNotTakenSaysWhy) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
if condition("Is it large?", event.amount > 10) then
  scope("Large", function() compose("Ask for approval", 1) end)
end
scope("Book", function()
  fail("Closed", "The books are closed.")
  compose("Booked", 2)
end)
scope("Tell", function() compose("Write a letter", 3) end))")});
    const auto run = world.run("flow", R"({"amount":1})");
    EXPECT_EQ(
        why_skipped(world, run, "yes"),
        "ActionBranchingConditionNotSatisfied: 'Is it large?' went another way."
    );
    EXPECT_EQ(
        why_skipped(world, run, "Large"),
        "ActionDependencyFailed: It is in 'yes', which was Skipped."
    );
    EXPECT_EQ(
        why_skipped(world, run, "Ask for approval"),
        "ActionDependencyFailed: It is in 'Large', which was Skipped."
    );
    EXPECT_EQ(
        why_skipped(world, run, "Tell"),
        "ActionConditionFailed: It comes after 'Book', which is Failed."
    );
    EXPECT_EQ(
        why_skipped(world, run, "Write a letter"),
        "ActionDependencyFailed: It is in 'Tell', which was Skipped."
    );
}

TEST(SkipRule, WhatStandsBehindAReturnOrAHandledFailureHasNoReason) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
local book = try("Book", function() fail("Closed", "The books are closed.") end)
if book.error then return end
compose("Thank", 1))")});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kSucceeded);
    EXPECT_EQ(status_of(world, run, "Thank"), Status::kSkipped);
    EXPECT_TRUE(step_of(world, run, "Thank").error.empty());
}

TEST(ConditionRule, AConditionEndsAsTheBranchThatItTook) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
if condition("Go on?", true) then
  scope("Break", function() fail("Bad", "It broke.") end)
end
compose("After", 1))")});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kFailed);
    EXPECT_EQ(status_of(world, run, "Go on?"), Status::kFailed);
    EXPECT_EQ(status_of(world, run, "After"), Status::kSkipped);
}

TEST(SwitchRule, MatchesTextsWithTheirCase) {
    EXPECT_EQ(
        output_of(R"(
local function pick(value)
  return switch("Which?", value, {
    won = function() return "the case" end,
    default = function() return "the default" end,
  })
end
return array { pick("won"), pick("Won"), pick(nil) })"),
        R"(["the case","the default","the default"])"
    );
}

TEST(SwitchRule, TakesOneOfFortyCasesAndSkipsTheOthers) {
    std::string cases;
    for (int i = 1; i <= 40; ++i) {
        const std::string number = std::to_string(i);
        cases += "c" + number + " = function() compose(\"Step " + number + "\", 1) end,\n";
    }
    RuntimeWorld world(kInMemory, {flow_with("switch(\"Which?\", event.word, {" + cases + "})")});
    const auto run = world.run("flow", R"({"word":"c33"})");
    EXPECT_EQ(run.status, Status::kSucceeded) << runtime::headline(run);
    EXPECT_EQ(status_of(world, run, "Step 33"), Status::kSucceeded);
    EXPECT_EQ(status_of(world, run, "Step 32"), Status::kSkipped);
}

TEST(ForeachRule, TakesOneItemAtATimeUnlessToldOtherwise) {
    EXPECT_EQ(
        output_of(R"(
local seen = array {}
foreach("Each", { 1, 2, 3 }, function(item)
  seen[#seen + 1] = "begin " .. item
  delay("Wait", 0.01)
  seen[#seen + 1] = "end " .. item
end)
return seen)"),
        R"(["begin 1","end 1","begin 2","end 2","begin 3","end 3"])"
    );
}

TEST(ForeachRule, TakesAsManyItemsAtATimeAsItIsTold) {
    EXPECT_EQ(
        output_of(R"(
local under_way, most = 0, 0
foreach("Each", { 1, 2, 3, 4, 5, 6 }, function()
  under_way = under_way + 1
  most = math.max(most, under_way)
  delay("Wait", 0.01)
  under_way = under_way - 1
end, { concurrency = 3 })
return most)"),
        "3"
    );
}

TEST(ForeachRule, ANestedLoopMayTakeItemsSideBySideToo) {
    EXPECT_EQ(
        output_of(R"(
local under_way, most = 0, 0
foreach("Outer", { 1, 2 }, function()
  foreach("Inner", { 1, 2 }, function()
    under_way = under_way + 1
    most = math.max(most, under_way)
    delay("Wait", 0.05)
    under_way = under_way - 1
  end, { concurrency = 2 })
end, { concurrency = 2 })
return most)"),
        "4"
    );
}

TEST(ForeachRule, AllItemsRunAlsoAfterOneHasFailedAndTheLoopFails) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
foreach("Each", { "a", "b", "c" }, function(item)
  compose("Look", item)
  if item == "b" then fail("Bad", "It broke.") end
  compose("Book", item)
end)
compose("After", 1))")});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kFailed);
    const auto loop = step_of(world, run, "Each");
    ASSERT_EQ(loop.children.size(), 3U);
    EXPECT_EQ(loop.status, Status::kFailed);
    EXPECT_EQ(loop.children[0].status, Status::kSucceeded);
    EXPECT_EQ(loop.children[1].status, Status::kFailed);
    EXPECT_EQ(loop.children[2].status, Status::kSucceeded);
    EXPECT_EQ(find_step(loop.children[1].children, "Book")->status, Status::kSkipped);
    EXPECT_EQ(status_of(world, run, "After"), Status::kSkipped);
}

TEST(ForeachRule, ALoopOverNothingSucceedsAndWhatItHoldsIsSkipped) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
foreach("Each", array {}, function() compose("Book", 1) end))")});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kSucceeded);
    EXPECT_EQ(status_of(world, run, "Each"), Status::kSucceeded);
    EXPECT_EQ(status_of(world, run, "Book"), Status::kSkipped);
}

TEST(ForeachRule, OverSomethingThatIsNoListFailsWithItsPlace) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
foreach("Each", event.items, function() end))")});
    const auto run = world.run("flow", R"({"items":7})");
    EXPECT_EQ(run.status, Status::kFailed);
    EXPECT_NE(run.error.view().find("foreach: the list"), std::string_view::npos);
    EXPECT_NE(run.error.view().find("flow.lua:4"), std::string_view::npos) << run.error.view();
}

TEST(UntilRule, RunsItsBodyBeforeItAsksWhetherItIsDone) {
    EXPECT_EQ(
        output_of(R"(
local rounds = 0
local done = repeat_until("Until", function() rounds = rounds + 1 return true end)
return array { rounds, done })"),
        "[1,true]"
    );
}

TEST(UntilRule, EndsSucceededAfterSixtyRoundsUnlessToldOtherwise) {
    EXPECT_EQ(
        output_of(R"(
local rounds = 0
local done = repeat_until("Until", function() rounds = rounds + 1 return false end)
return array { rounds, done })"),
        "[60,false]"
    );
}

TEST(UntilRule, FailsAtItsLimitWhereItIsToldTo) {
    RuntimeWorld world(
        kInMemory,
        {flow_with(R"(
repeat_until("Until", { limit = 2, fail_when_limits_reached = true }, function() return false end))"
        )}
    );
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kFailed);
    EXPECT_EQ(model::parse_step_error(run.error.view()).code, "UntilLimitsReached");
    EXPECT_EQ(run.failed_step, "Until");
}

TEST(UntilRule, TakesAtMostFiveThousandRounds) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
repeat_until("Until", { limit = 5001 }, function() return true end))")});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kFailed);
    EXPECT_NE(run.error.view().find("from 1 to 5000"), std::string_view::npos);
}

TEST(UntilRule, ARoundThatFailsEndsTheLoopUnlessItIsTried) {
    RuntimeWorld world(
        kInMemory,
        {{"plain", R"(
return flow { title = "Plain", trigger = trigger.manual {}, run = function()
  repeat_until("Until", function(round)
    if round == 2 then fail("Bad", "It broke.") end
    return round == 3
  end)
end })"},
         {"tried", R"(
return flow { title = "Tried", trigger = trigger.manual {}, run = function()
  local rounds = 0
  repeat_until("Until", function(round)
    rounds = round
    try("Round", function() if round == 2 then fail("Bad", "It broke.") end end)
    return round == 3
  end)
  return rounds
end })"}}
    );
    const auto plain = world.run("plain");
    EXPECT_EQ(plain.status, Status::kFailed);
    EXPECT_EQ(step_of(world, plain, "Until").children.size(), 2U);
    const auto tried = world.run("tried");
    EXPECT_EQ(tried.status, Status::kSucceeded);
    EXPECT_EQ(tried.output.view(), "3");
}

TEST(UntilRule, ItsRoundsAreInHistoryWhileItRuns) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
repeat_until("Until", function(round)
  compose("Look", round)
  if round == 2 then wait_for_callback("Hold", function() end) end
  return round == 3
end))")});
    const auto admitted = world.admit("flow");
    ASSERT_TRUE(admitted);
    const auto run = world.when(admitted->runs.front(), [](const model::RunRecord& record) {
        return record.status == Status::kWaiting;
    });
    const auto loop = step_of(world, run, "Until");
    ASSERT_EQ(loop.children.size(), 2U);
    EXPECT_EQ(loop.children[0].status, Status::kSucceeded);
    EXPECT_EQ(find_step(loop.children[1].children, "Look")->output.view(), "2");
    call_back(world, run.uid, "Until[2]/Hold", "{}");
    EXPECT_EQ(world.ended(run.uid).status, Status::kSucceeded);
}

TEST(ParallelRule, WhatFollowsWaitsForEveryBranch) {
    EXPECT_EQ(
        output_of(R"(
local seen = array {}
parallel("Both", {
  slow = function() delay("Wait", 0.02) seen[#seen + 1] = "slow" end,
  quick = function() seen[#seen + 1] = "quick" end,
})
seen[#seen + 1] = "after"
return seen)"),
        R"(["quick","slow","after"])"
    );
}

TEST(ParallelRule, OtherBranchesGoOnWhenOneFails) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
parallel("Both", {
  bad = function() scope("Break", function() fail("Bad", "It broke.") end) end,
  good = function() delay("Wait", 0.02) compose("Book", 1) end,
}))")});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kFailed);
    EXPECT_EQ(status_of(world, run, "Book"), Status::kSucceeded);
    EXPECT_EQ(run.failed_step, "Both/bad/Break");
}

TEST(StepRule, AScopeThatWasSkippedLeavesItsStepsSkipped) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
scope("First", function() fail("Bad", "It broke.") end)
scope("Second", function() scope("Inner", function() compose("Book", 1) end) end))")});
    const auto run = world.run("flow");
    for (const char* skipped : {"Second", "Inner", "Book"}) {
        EXPECT_EQ(status_of(world, run, skipped), Status::kSkipped) << skipped;
    }
}

TEST(StepRule, TheSameNameTwiceInAScopeIsNumbered) {
    RuntimeWorld world(kInMemory, {flow_with(R"(
for i = 1, 2 do compose("Line", i) end)")});
    const auto run = world.run("flow");
    std::vector<std::string> paths;
    for (const model::JournalRow& row : world.journal(run)) {
        if (row.operation == "compose") {
            paths.push_back(row.path);
        }
    }
    EXPECT_EQ(paths, (std::vector<std::string>{"Line", "Line#2"}));
}

TEST(StepRule, ANameMayHaveTwoHundredFiftySixBytes) {
    const std::string name(256, 'n');
    RuntimeWorld world(kInMemory, {flow_with("compose(\"" + name + "\", 1)")});
    EXPECT_EQ(status_of(world, world.run("flow"), name), Status::kSucceeded);
}

TEST(StepRule, ScopesMayBeNestedThirtyDeep) {
    std::string body = "compose(\"Innermost\", 1)";
    for (int depth = 30; depth > 0; --depth) {
        body = "scope(\"S" + std::to_string(depth) + "\", function() " + body + " end)";
    }
    RuntimeWorld world(kInMemory, {flow_with(body)});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kSucceeded) << runtime::headline(run);
    EXPECT_EQ(status_of(world, run, "Innermost"), Status::kSucceeded);
}

TEST(StepRule, AFlowMayHaveMoreThanFiveHundredSteps) {
    std::string body;
    for (int i = 1; i <= 600; ++i) {
        body += "compose(\"Step " + std::to_string(i) + "\", " + std::to_string(i) + ")\n";
    }
    RuntimeWorld world(kInMemory, {flow_with(body)});
    const auto run = world.run("flow");
    EXPECT_EQ(run.status, Status::kSucceeded) << runtime::headline(run);
    EXPECT_EQ(status_of(world, run, "Step 600"), Status::kSucceeded);
}

TEST(DelayRule, ATimeThatIsPastIsNotWaitedFor) {
    EXPECT_EQ(
        output_of(R"(
delay_until("Until then", "2001-01-01T00:00:00Z")
delay("No time", 0)
return "went on")"),
        R"("went on")"
    );
}

}  // namespace
}  // namespace tideway::testing
