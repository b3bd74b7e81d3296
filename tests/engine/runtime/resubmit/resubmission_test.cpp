// Resubmissions of many runs: planned, then applied.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/store/backup.h"
#include "tests/support/resubmit_calls.h"

namespace tideway::testing {
namespace {

using runtime::StepFate;
using store::ResubmissionState;
using store::ResubmittedState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr const char* kOrder = R"(
local ledger = connection "ledger"
local once = { retry = { type = "none" } }
return flow { title = "Order", trigger = trigger.manual { one_at_a_time_by = function(event) return event.customer end },
run = function(event)
  ledger.read("Look", {})
  ledger.post("Create", { key = event.n, value = event.n }, once)
  ledger.set("Update", { name = "n", value = event.n }, once)
  ledger.shout("Tell", { value = event.n }, once)
end })";

std::vector<model::RunRecord> failed_orders(RuntimeWorld& world, int count) {
    std::vector<model::RunRecord> out;
    for (int n = 1; n <= count; ++n) {
        world.service().plan("/set", {Treatment::kRefuse});
        out.push_back(world.run("order", R"({"n":)" + std::to_string(n) + "}"));
        EXPECT_EQ(out.back().status, model::Status::kFailed);
    }
    return out;
}

std::vector<std::pair<std::string, StepFate>> fates_of(const runtime::RunPlan& run) {
    std::vector<std::pair<std::string, StepFate>> out;
    for (const runtime::PlannedStep& step : run.steps) {
        out.emplace_back(step.path, step.fate);
    }
    return out;
}

TEST(ResubmitPlan, SaysOfEachStepWhatBecomesOfIt) {
    RuntimeWorld world({{"order", kOrder}});
    const auto runs = failed_orders(world, 1);
    const std::size_t requests = world.service().requests();
    const auto whole = plan(world, selection_of(runs));
    ASSERT_TRUE(whole) << whole.error().text();
    ASSERT_EQ(whole->runs.size(), 1U);
    EXPECT_THAT(
        fates_of(whole->runs.front()),
        ElementsAre(
            Pair("Look", StepFate::kRepeated),
            Pair("Create", StepFate::kProbed),
            Pair("Update", StepFate::kRepeated),
            Pair("Tell", StepFate::kMayFollow)
        )
    );
    const auto from_there = plan(world, selection_of(runs), from_failed());
    EXPECT_THAT(
        fates_of(from_there->runs.front()),
        ElementsAre(
            Pair("Look", StepFate::kReused),
            Pair("Create", StepFate::kReused),
            Pair("Update", StepFate::kRepeated),
            Pair("Tell", StepFate::kMayFollow)
        )
    );
    EXPECT_EQ(from_there->calls.at("ledger").calls, 1);
    EXPECT_EQ(from_there->calls.at("ledger").may_follow, 1);
    EXPECT_NE(from_there->hash, whole->hash);
    EXPECT_EQ(plan(world, selection_of(runs))->hash, whole->hash);
    EXPECT_EQ(world.service().requests(), requests);
}

TEST(ResubmitPlan, OfACreateThatCannotBeAskedForReusesItsRecord) {
    RuntimeWorld world({{"order", kOrder}});
    const auto run = world.run("order", R"({"n":1})");
    const auto planned = plan(world, selection_of({run}));
    EXPECT_THAT(
        fates_of(planned->runs.front()),
        ElementsAre(
            Pair("Look", StepFate::kRepeated),
            Pair("Create", StepFate::kProbed),
            Pair("Update", StepFate::kRepeated),
            Pair("Tell", StepFate::kReused)
        )
    );
    EXPECT_EQ(planned->calls.at("ledger").calls, 3);
}

constexpr const char* kChoice = R"(
local ledger = connection "ledger"
local once = { retry = { type = "none" } }
return flow { title = "Choice", trigger = trigger.manual {}, run = function(event)
  if condition("Enabled", env("enabled")) then
    ledger.set("Yes", { name = "n", value = "yes" }, once)
  else
    ledger.set("No", { name = "n", value = "no" }, once)
  end
  ledger.set("Last", { name = "n", value = "last" }, once)
end })";

TEST(ResubmitPlan, HasWhatTheRunDidNotTakeAsSkipped) {
    RuntimeWorld world({{"choice", kChoice}});
    world.service().plan("/set", {Treatment::kDo, Treatment::kRefuse});
    const auto run = world.run("choice");
    const auto planned = plan(world, selection_of({run}));
    EXPECT_THAT(
        fates_of(planned->runs.front()),
        ElementsAre(
            Pair("Yes", StepFate::kRepeated),
            Pair("Last", StepFate::kRepeated),
            Pair("No", StepFate::kSkipped)
        )
    );
}

TEST(ResubmitPlan, OfOtherCodeSaysThatEverythingMayFollow) {
    RuntimeWorld world({{"choice", kChoice}});
    world.service().plan("/set", {Treatment::kDo, Treatment::kRefuse});
    const auto run = world.run("choice");
    std::string edited = kChoice;
    edited.replace(edited.find("\"last\""), 6, "\"end\"");
    world.edit("choice", edited);
    const auto planned = plan(world, selection_of({run}), {.code = runtime::CodeChoice::kCurrent});
    EXPECT_THAT(
        fates_of(planned->runs.front()),
        ElementsAre(
            Pair("Yes", StepFate::kRepeated),
            Pair("Last", StepFate::kRepeated),
            Pair("No", StepFate::kMayFollow)
        )
    );
}

TEST(ResubmitPlan, ShowsTheStepsOfCalledFlowsBehindTheCall) {
    RuntimeWorld world(
        {{"caller", R"(
return flow { title = "Caller", trigger = trigger.manual {}, run = function()
  run_child_flow("Call", "called", {})
end })"},
         {"called", R"(
local ledger = connection "ledger"
return flow { title = "Called", trigger = trigger.child {}, run = function()
  ledger.set("One", { name = "c", value = 1 }, { retry = { type = "none" } })
  ledger.set("Two", { name = "c", value = 2 }, { retry = { type = "none" } })
end })"}}
    );
    world.service().plan("/set", {Treatment::kDo, Treatment::kRefuse});
    const auto run = world.run("caller");
    EXPECT_THAT(
        fates_of(plan(world, selection_of({run}), from_failed())->runs.front()),
        ElementsAre(
            Pair("Call", StepFate::kRepeated),
            Pair("Call/One", StepFate::kReused),
            Pair("Call/Two", StepFate::kRepeated)
        )
    );
}

TEST(ResubmitPlan, OfTheLatestPerRecordLeavesTheOthersOutAndSaysWhich) {
    RuntimeWorld world({{"order", kOrder}});
    std::vector<model::RunRecord> runs;
    for (const char* event :
         {R"({"n":1,"customer":"Contoso"})",
          R"({"n":2,"customer":"Fabrikam"})",
          R"({"n":3,"customer":"Contoso"})"}) {
        world.service().plan("/set", {Treatment::kRefuse});
        runs.push_back(world.run("order", event));
    }
    runtime::Selection selection = selection_of(runs);
    selection.pick = runtime::Pick::kLatestPerRecord;
    const auto planned = plan(world, selection);
    ASSERT_TRUE(planned);
    EXPECT_EQ(planned->items[0].state, ResubmittedState::kSuperseded);
    EXPECT_THAT(planned->items[0].reason, HasSubstr(runs[2].uid.hex()));
    EXPECT_EQ(planned->items[1].state, ResubmittedState::kPending);
    EXPECT_EQ(planned->items[2].state, ResubmittedState::kPending);
}

TEST(ResubmitPlan, OfASearchLeavesOutWhatWasResubmittedSince) {
    RuntimeWorld world({{"order", kOrder}});
    const auto runs = failed_orders(world, 2);
    const auto again = world.resubmit(runs[0], runtime::CodeChoice::kOriginal);
    ASSERT_TRUE(again);
    world.ended(again->runs.front());
    runtime::Selection selection = selection_of(runs);
    selection.is_search = true;
    const auto planned = plan(world, selection);
    EXPECT_EQ(planned->items[0].state, ResubmittedState::kSuperseded);
    EXPECT_EQ(planned->items[1].state, ResubmittedState::kPending);
    // By its id it is made again.
    EXPECT_EQ(plan(world, selection_of(runs))->items[0].state, ResubmittedState::kPending);
}

TEST(Resubmission, MakesEachRunAgainOnceAndKeepsTheOriginals) {
    RuntimeWorld world({{"order", kOrder}});
    const auto runs = failed_orders(world, 5);
    std::vector<std::string> before;
    for (const model::RunRecord& run : runs) {
        before.push_back(history_of(world, run.uid));
    }
    const auto planned = plan(world, selection_of(runs), from_failed());
    const auto id = apply(world, *planned, from_failed());
    const auto done = ended(world, id);
    EXPECT_EQ(done.state, ResubmissionState::kDone);
    EXPECT_EQ(count_of(done, ResubmittedState::kSucceeded), 5);
    const auto items = items_of(world, id);
    for (std::size_t at = 0; at < runs.size(); ++at) {
        const auto run = world.ended(items[at].run);
        EXPECT_EQ(run.resubmit_of, runs[at].uid);
        EXPECT_EQ(run.resubmission, id);
        EXPECT_EQ(run.person, "maria");
        EXPECT_EQ(history_of(world, runs[at].uid), before[at]);
    }
    int creates = 0;
    for (const std::string& done_there : world.service().done()) {
        creates += done_there.starts_with("post") ? 1 : 0;
    }
    EXPECT_EQ(creates, 5);
}

TEST(Resubmission, StopsAfterNewFailuresAndGoesOnWhenItIsTold) {
    RuntimeWorld world({{"order", kOrder}});
    const auto runs = failed_orders(world, 6);
    world.service().plan("/set", {Treatment::kRefuse, Treatment::kRefuse});
    const auto planned = plan(world, selection_of(runs), from_failed());
    const auto id =
        apply(world, *planned, from_failed(), {.at_once = 1, .per_minute = 0, .stop_after = 2});
    const auto stopped = ended(world, id);
    EXPECT_EQ(stopped.state, ResubmissionState::kStopped);
    EXPECT_THAT(stopped.reason, HasSubstr("2"));
    EXPECT_EQ(count_of(stopped, ResubmittedState::kFailed), 2);
    EXPECT_EQ(count_of(stopped, ResubmittedState::kPending), 4);
    set_state(world, id, ResubmissionState::kRunning);
    const auto done = ended(world, id);
    EXPECT_EQ(done.state, ResubmissionState::kDone);
    EXPECT_EQ(count_of(done, ResubmittedState::kSucceeded), 4);
}

TEST(Resubmission, StopsBeforeAnEffectThatThePlanDidNotHave) {
    RuntimeWorld world({{"choice", kChoice}});
    std::vector<model::RunRecord> runs;
    for (int i = 0; i < 3; ++i) {
        world.service().plan("/set", {Treatment::kDo, Treatment::kRefuse});
        runs.push_back(world.run("choice"));
    }
    ASSERT_TRUE(world.catalog().set_variable("test", "enabled", Json(false)));
    const auto planned = plan(world, selection_of(runs));
    const auto id = apply(world, *planned, {}, {.at_once = 1, .per_minute = 0, .stop_after = 10});
    const auto stopped = ended(world, id);
    EXPECT_EQ(stopped.state, ResubmissionState::kStopped);
    EXPECT_THAT(stopped.reason, HasSubstr("No"));
    EXPECT_EQ(count_of(stopped, ResubmittedState::kPending), 2);
    EXPECT_EQ(world.service().done().size(), 3U);
    const auto run = world.ended(items_of(world, id).front().run);
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_EQ(run.code, "UnplannedEffect");
    EXPECT_EQ(run.failed_step, "No");
    // A plan of the new run has what it came to.
    const auto next = plan(world, selection_of({run}), from_failed());
    const auto second = apply(world, *next, from_failed());
    EXPECT_EQ(ended(world, second).state, ResubmissionState::kDone);
    EXPECT_THAT(world.service().done().back(), HasSubstr("last"));
}

TEST(Resubmission, ThatIsAbortedStartsNoMoreAndCanBeResumed) {
    RuntimeWorld world({{"order", kOrder}});
    const auto runs = failed_orders(world, 3);
    world.service().plan("/set", {Treatment::kHold});
    const auto planned = plan(world, selection_of(runs), from_failed());
    const auto id =
        apply(world, *planned, from_failed(), {.at_once = 1, .per_minute = 0, .stop_after = 10});
    ASSERT_TRUE(RuntimeWorld::becomes([&] { return world.service().held() == 1; }));
    set_state(world, id, ResubmissionState::kAborted);
    world.service().release();
    const auto aborted = ended(world, id);
    EXPECT_EQ(count_of(aborted, ResubmittedState::kSucceeded), 1);
    EXPECT_EQ(count_of(aborted, ResubmittedState::kPending), 2);
    set_state(world, id, ResubmissionState::kRunning);
    EXPECT_EQ(count_of(ended(world, id), ResubmittedState::kSucceeded), 3);
}

TEST(Resubmission, GoesOnAfterARestart) {
    RuntimeWorld world({{"order", kOrder}});
    const auto runs = failed_orders(world, 4);
    world.service().plan("/set", {Treatment::kHold});
    const auto planned = plan(world, selection_of(runs), from_failed());
    const auto id =
        apply(world, *planned, from_failed(), {.at_once = 1, .per_minute = 0, .stop_after = 10});
    ASSERT_TRUE(RuntimeWorld::becomes([&] { return world.service().held() == 1; }));
    world.restart();
    const auto done = ended(world, id);
    EXPECT_EQ(done.state, ResubmissionState::kDone);
    EXPECT_EQ(count_of(done, ResubmittedState::kSucceeded), 4);
    for (const model::RunRecord& run : runs) {
        store::RunFilter lineage;
        lineage.root_uid = run.uid;
        EXPECT_EQ(world.reader().runs(lineage)->runs.size(), 2U);
    }
}

TEST(Resubmission, OfARestoredStoreIsStopped) {
    RuntimeWorld world({{"order", kOrder}});
    const auto runs = failed_orders(world, 3);
    world.service().plan("/set", {Treatment::kHold});
    const auto planned = plan(world, selection_of(runs), from_failed());
    const auto id =
        apply(world, *planned, from_failed(), {.at_once = 1, .per_minute = 0, .stop_after = 10});
    ASSERT_TRUE(RuntimeWorld::becomes([&] { return world.service().held() == 1; }));
    const tests::TempFolder folder;
    const std::string copy = folder.file("copy.db");
    ASSERT_TRUE(store::back_up_sqlite(world.store_file(), copy, world.clock().now()));
    world.restart([&] {
        ASSERT_TRUE(store::restore_sqlite(copy, world.store_file(), SystemClock().now()));
    });
    const auto stopped = resubmission(world, id);
    EXPECT_EQ(stopped.state, ResubmissionState::kStopped);
    EXPECT_THAT(stopped.reason, HasSubstr("backup"));
    EXPECT_EQ(count_of(stopped, ResubmittedState::kPending), 2);
}

TEST(Resubmission, KeepsToItsPaceByTheMinute) {
    RuntimeWorld world({{"order", kOrder}});
    const auto runs = failed_orders(world, 4);
    world.clock().set(*parse_utc("2026-02-03T10:00:00Z"));
    const auto planned = plan(world, selection_of(runs), from_failed());
    const auto id =
        apply(world, *planned, from_failed(), {.at_once = 32, .per_minute = 60, .stop_after = 10});
    ASSERT_TRUE(RuntimeWorld::becomes([&] {
        return count_of(resubmission(world, id), ResubmittedState::kSucceeded) >= 1;
    }));
    const auto made = 4 - count_of(resubmission(world, id), ResubmittedState::kPending);
    EXPECT_LE(made, 2);
    EXPECT_EQ(resubmission(world, id).state, ResubmissionState::kRunning);
    world.clock().set(*parse_utc("2026-02-03T10:00:10Z"));
    EXPECT_TRUE(RuntimeWorld::becomes([&] {
        return count_of(resubmission(world, id), ResubmittedState::kSucceeded) >= made + 1;
    }));
}

TEST(Resubmission, OfARunThatCannotBeMadeAgainSaysWhy) {
    RuntimeWorld world({{"order", kOrder}});
    const auto good = world.run("order", R"({"n":1})");
    const auto planned = plan(world, selection_of({good}), from_failed());
    ASSERT_TRUE(planned);
    EXPECT_EQ(planned->items.front().state, ResubmittedState::kRefused);
    EXPECT_THAT(planned->items.front().reason, HasSubstr("No step"));
}

}  // namespace
}  // namespace tideway::testing
