// The life of a run: values, scopes, waits, children, locks, restart and replay.
#include <gtest/gtest.h>

#include "engine/runtime/step_tree.h"
#include "tests/support/callback_calls.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

TEST(Run, ReturnsTheValueOfItsScriptAndRemembersItsOutcome) {
    RuntimeWorld world({{"hello", R"(
return flow { title = "Hello", trigger = trigger.manual {}, run = function(event)
  local value = compose("Compose", { text = env("greeting") .. " " .. event.name })
  outcome("greeted", event.name)
  return value
end })"}});
    const auto run = world.run("hello", R"({"name":"Contoso"})");
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_EQ(run.output.view(), R"({"text":"hello Contoso"})");
    EXPECT_EQ(run.outcome, "greeted");
    EXPECT_EQ(run.outcome_reason, "Contoso");
}

TEST(Run, ThatRaisesFailsWithTheMessageOfItsScript) {
    RuntimeWorld world({{"bad", R"(
return flow { title = "Bad", trigger = trigger.manual {}, run = function()
  scope("(Scope) Outer", function() fail("Broken", "The thing is broken.", "Mend it.") end)
end })"}});
    const auto run = world.run("bad");
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_EQ(run.code, "ActionFailed");
    EXPECT_NE(runtime::headline(run).find("The thing is broken."), std::string::npos);
    EXPECT_FALSE(run.fingerprint.empty());
}

TEST(Run, HandlesAFailureWithTry) {
    RuntimeWorld world({{"try", R"(
local ledger = connection "ledger"
return flow { title = "Try", trigger = trigger.manual {}, run = function()
  local result = try("Try it", function() ledger.set("Set", { name = "a" }, { retry = { type = "none" } }) end)
  return { status = result.status, code = result.error.code, step = result.error.step }
end })"}});
    world.service().plan("/set", {Treatment::kRefuse});
    const auto run = world.run("try");
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_EQ(run.output.view(), R"({"code":"BadRequest","status":"Failed","step":"Try it/Set"})");
}

TEST(Run, GoesOnAfterARestartFromWhereItWasAndKeepsItsValues) {
    RuntimeWorld world({{"wait", R"(
local ledger = connection "ledger"
return flow { title = "Wait", trigger = trigger.manual {}, run = function()
  local id, at, random = uuid(), now(), math.random()
  ledger.post("Before", { value = "before" })
  local answer = wait_for_callback("Wait for it", function() end)
  ledger.post("After", { value = id })
  return { same = id == uuid and true or nil, at = at, id = id, answer = answer.body }
end })"}});
    const auto admitted = world.admit("wait");
    ASSERT_TRUE(admitted);
    const Uid uid = admitted->runs.front();
    world.when(uid, [](const model::RunRecord& run) {
        return run.status == model::Status::kWaiting;
    });
    world.restart();
    world.restart();
    EXPECT_EQ(world.service().done().size(), 1U);
    EXPECT_EQ(
        call_back(world, uid, "Wait for it", R"({"body":"go"})"), store::CallbackFate::kTaken
    );
    const auto run = world.ended(uid);
    EXPECT_EQ(run.status, model::Status::kSucceeded) << runtime::headline(run);
    EXPECT_EQ(world.service().done().size(), 2U);
    EXPECT_NE(run.output.view().find(R"("answer":"go")"), std::string_view::npos);
}

TEST(Run, WaitsForADelayOverARestart) {
    RuntimeWorld world({{"delay", R"(
return flow { title = "Delay", trigger = trigger.manual {}, run = function()
  delay("A moment", 0.3)
  return "done"
end })"}});
    const auto admitted = world.admit("delay");
    ASSERT_TRUE(admitted);
    world.restart();
    EXPECT_EQ(world.ended(admitted->runs.front()).output.view(), R"("done")");
}

TEST(Run, GetsTheResultOfAChildFlow) {
    RuntimeWorld world(
        {{"parent", R"(
return flow { title = "Parent", trigger = trigger.manual {}, run = function()
  return run_child_flow("Call it", "child", { n = 20 })
end })"},
         {"child", R"(
return flow { title = "Child", trigger = trigger.child {}, run = function(input) return { n = input.n + 1 } end })"}}
    );
    const auto run = world.run("parent");
    EXPECT_EQ(run.status, model::Status::kSucceeded) << runtime::headline(run);
    EXPECT_EQ(run.output.view(), R"({"n":21})");
    const auto child = world.reader().run_by_uid(Uid::derive(run.uid, "Call it"));
    ASSERT_TRUE(child && *child);
    EXPECT_EQ((*child)->parent_uid, run.uid);
}

TEST(Run, FailsWithTheFirstFailingLeafOfItsChild) {
    RuntimeWorld world(
        {{"parent", R"(
return flow { title = "Parent", trigger = trigger.manual {}, run = function()
  run_child_flow("Call it", "child", {})
end })"},
         {"child", R"(
local ledger = connection "ledger"
return flow { title = "Child", trigger = trigger.child {}, run = function()
  ledger.set("Set", { name = "a" }, { retry = { type = "none" } })
end })"}}
    );
    world.service().plan("/set", {Treatment::kRefuse});
    const auto run = world.run("parent");
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_EQ(run.failed_step, "Call it/Set");
    EXPECT_EQ(world.service().requests(), 1U);
}

TEST(Run, HoldsAnExclusiveLockThatOthersWaitFor) {
    RuntimeWorld world({{"lock", R"(
local ledger = connection "ledger"
return flow { title = "Lock", trigger = trigger.manual {}, run = function(event)
  exclusive("One at a time", "deal", function()
    local before = ledger.read("Look", {})
    ledger.post("Post", { value = before.entries })
  end)
end })"}});
    std::vector<Uid> runs;
    for (int i = 0; i < 8; ++i) {
        const auto admitted = world.admit("lock");
        ASSERT_TRUE(admitted);
        runs.push_back(admitted->runs.front());
    }
    for (const Uid& uid : runs) {
        EXPECT_EQ(world.ended(uid).status, model::Status::kSucceeded);
    }
    std::vector<std::string> expected;
    for (int i = 0; i < 8; ++i) {
        expected.push_back("post " + std::to_string(i));
    }
    EXPECT_EQ(world.service().done(), expected);
}

TEST(Run, RunsBranchesSideBySideAndReplaysThemInTheirOrder) {
    RuntimeWorld world({{"fan", R"(
local ledger = connection "ledger"
return flow { title = "Fan", trigger = trigger.manual {}, run = function()
  local seen = {}
  foreach("Each", { 1, 2, 3, 4 }, function(item)
    ledger.post("Post", { value = item })
    seen[#seen + 1] = item
  end, { concurrency = 4 })
  local before = #seen
  wait_for_callback("Hold", function() end)
  return { count = before, order = seen }
end })"}});
    const auto admitted = world.admit("fan");
    ASSERT_TRUE(admitted);
    const Uid uid = admitted->runs.front();
    const auto run = world.when(uid, [](const model::RunRecord& record) {
        return record.status == model::Status::kWaiting;
    });
    std::vector<std::string> order;
    for (const auto& row : world.journal(run)) {
        if (row.kind == model::RowKind::kResult) {
            order.push_back(row.path);
        }
    }
    EXPECT_EQ(order.size(), 4U);
    world.restart();
    EXPECT_EQ(call_back(world, uid, "Hold", "{}"), store::CallbackFate::kTaken);
    const auto ended = world.ended(uid);
    EXPECT_EQ(ended.status, model::Status::kSucceeded) << runtime::headline(ended);
    EXPECT_NE(ended.output.view().find(R"("count":4)"), std::string_view::npos);
    EXPECT_EQ(world.service().done().size(), 4U);
}

TEST(Run, IsCancelledAndSaysByWhom) {
    RuntimeWorld world(
        {{"wait",
          R"(return flow { title = "W", trigger = trigger.manual {}, run = function() delay("Long", 3600) end })"}}
    );
    const auto admitted = world.admit("wait");
    ASSERT_TRUE(admitted);
    const auto waiting = world.when(admitted->runs.front(), [](const model::RunRecord& record) {
        return record.status == model::Status::kWaiting;
    });
    world.runtime().cancel(waiting.id, "Cancelled by Ana.");
    const auto run = world.ended(waiting.uid);
    EXPECT_EQ(run.status, model::Status::kCancelled);
    EXPECT_NE(runtime::headline(run).find("Ana"), std::string::npos);
}

TEST(Run, TerminatesWithTheStatusThatItsScriptSays) {
    RuntimeWorld world({{"end", R"(
return flow { title = "End", trigger = trigger.manual {}, run = function()
  scope("(Scope) Inner", function() terminate("Failed", "Stopped", "Enough is enough.") end)
end })"}});
    const auto run = world.run("end");
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_EQ(run.code, "Terminated");
    EXPECT_NE(run.error.view().find("Enough is enough."), std::string_view::npos);
}

TEST(Run, RefusesASecondResponseInAReplayToo) {
    RuntimeWorld world({{"twice", R"(
return flow { title = "Twice", trigger = trigger.manual {}, run = function()
  respond { body = 1 }
  local again = try("Again", function() respond("Second", { body = 2 }) end)
  wait_for_callback("Hold", function() end)
  return array { again.error.code, again.error.step }
end })"}});
    const auto admitted = world.admit("twice");
    ASSERT_TRUE(admitted);
    const Uid uid = admitted->runs.front();
    world.when(uid, [](const model::RunRecord& run) {
        return run.status == model::Status::kWaiting;
    });
    world.restart();
    EXPECT_EQ(call_back(world, uid, "Hold", "{}"), store::CallbackFate::kTaken);
    const auto run = world.ended(uid);
    EXPECT_EQ(run.output.view(), R"(["AlreadyResponded","Again/Second"])")
        << runtime::headline(run);
    EXPECT_EQ(run.response.view(), R"({"body":1})");
}

TEST(Run, WithAnEndlessLoopFailsAndLetsOthersRun) {
    RuntimeWorld world(
        {{"loop",
          R"(return flow { title = "L", trigger = trigger.manual {}, run = function() while true do end end })"},
         {"quick",
          R"(return flow { title = "Q", trigger = trigger.manual {}, run = function() return 1 end })"}}
    );
    const auto loop = world.admit("loop");
    ASSERT_TRUE(loop);
    EXPECT_EQ(world.run("quick").status, model::Status::kSucceeded);
    world.runtime().cancel(1, "enough");
    const auto run = world.ended(loop->runs.front());
    EXPECT_TRUE(run.status == model::Status::kCancelled || run.status == model::Status::kFailed);
}

TEST(Run, ComputesLongAfterAnAnswerAndAfterAWaitAndGoesOn) {
    RuntimeWorld world({{"long", R"(
local ledger = connection "ledger"
local function compute()
  local sum = 0
  for i = 1, 1000000 do sum = sum + i end
  return sum
end
return flow { title = "Long", trigger = trigger.manual {}, run = function()
  ledger.set("Before", { name = "a", value = 1 })
  local first = compute()
  delay("Wait", 1)
  local second = compute()
  ledger.set("After", { name = "a", value = 2 })
  return first == second
end })"}});
    const auto run = world.run("long");
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_EQ(run.output.view(), "true");
}

TEST(Admission, RefusesAFlowThatIsOffAndLeavesATrace) {
    RuntimeWorld world(
        {{"quick",
          R"(return flow { title = "Q", trigger = trigger.manual {}, run = function() return 1 end })"}}
    );
    const auto flow = world.catalog().flow("quick");
    ASSERT_TRUE(flow);
    ASSERT_TRUE(world.catalog().set_state(flow->row.id, model::FlowState::kOff, "for the test"));
    const auto admitted = world.admit("quick");
    ASSERT_FALSE(admitted);
    EXPECT_EQ(admitted.error().code, "WorkflowTriggerIsNotEnabled");
    world.restart();  // the refusal is stored in the background; a restart waits for the writer
    const auto events = world.events("quick");
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events.front().status, model::EventStatus::kRefused);
}

TEST(Admission, CatchesADuplicateByTheFlowsOwnKey) {
    RuntimeWorld world({{"dedupe", R"(
return flow { title = "D", trigger = trigger.manual { dedupe_by = function(event) return event.id end },
  run = function() return 1 end })"}});
    const auto first = world.admit("dedupe", R"({"id":"a"})");
    const auto second = world.admit("dedupe", R"({"id":"a"})");
    const auto third = world.admit("dedupe", R"({"id":"b"})");
    ASSERT_TRUE(first && second && third);
    EXPECT_EQ(second->status, model::EventStatus::kDuplicate);
    EXPECT_EQ(second->runs, first->runs);
    EXPECT_EQ(third->status, model::EventStatus::kAccepted);
}

TEST(Admission, RecordsAnEventWhoseConditionIsNotMet) {
    RuntimeWorld world({{"if", R"(
return flow { title = "C", trigger = trigger.manual { condition = function(event) return event.go == true end },
  run = function() return 1 end })"}});
    const auto no = world.admit("if", R"({"go":false})");
    const auto yes = world.admit("if", R"({"go":true})");
    ASSERT_TRUE(no && yes);
    EXPECT_EQ(no->status, model::EventStatus::kConditionUnmet);
    EXPECT_TRUE(no->runs.empty());
    EXPECT_EQ(yes->runs.size(), 1U);
}

TEST(Admission, SplitsAnEventIntoOneRunPerItem) {
    RuntimeWorld world({{"split", R"(
return flow { title = "S", trigger = trigger.manual { split_on = function(event) return event.items end },
  run = function(item) return item end })"}});
    const auto admitted = world.admit("split", R"({"items":[1,2,3]})");
    ASSERT_TRUE(admitted);
    ASSERT_EQ(admitted->runs.size(), 3U);
    EXPECT_EQ(world.ended(admitted->runs[2]).output.view(), "3");
}

}  // namespace
}  // namespace tideway::testing
