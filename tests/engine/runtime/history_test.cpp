// What history keeps of a run besides its steps, and what is done to many runs at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "engine/runtime/history/call_tree.h"
#include "engine/runtime/history/cancellation.h"
#include "engine/runtime/history/pruner.h"
#include "engine/runtime/step_tree.h"
#include "engine/store/sqlite_driver.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kTracks = R"(
return flow { title = "Tracks", trigger = trigger.manual {}, run = function(event)
  track { deal = event.deal, amount = 1200 }
  if event.hold then delay("Hold", 3600) end
  track { deal = event.deal, stage = "won" }
end })";

constexpr const char* kTracksMany = R"(
return flow { title = "Tracks many", trigger = trigger.manual {}, run = function(event)
  for i = 1, event.count do track { item = i } end
end })";

constexpr const char* kGrandchild = R"(
return flow { title = "Grandchild", trigger = trigger.child {}, run = function()
  delay("Hold", 3600)
end })";

constexpr const char* kChild = R"(
return flow { title = "Child", trigger = trigger.child {}, run = function()
  run_child_flow("Call further", "grandchild", {})
end })";

constexpr const char* kParent = R"(
return flow { title = "Parent", trigger = trigger.manual {}, run = function()
  run_child_flow("Call", "child", {})
end })";

constexpr const char* kSteps = R"(
local ledger = connection "ledger"
return flow { title = "Steps", trigger = trigger.manual {}, run = function()
  ledger.read("Read it", {})
  ledger.set("Set it", { name = "a", value = 1 }, { retry = { type = "fixed", count = 2, interval = 0 } })
end })";

bool is_waiting(const model::RunRecord& run) {
    return run.status == model::Status::kWaiting;
}

std::vector<model::RunRecord> runs_with(RuntimeWorld& world, const model::TrackedValue& value) {
    auto page = world.reader().runs({.tracked = {value}});
    EXPECT_TRUE(page);
    return page ? page->runs : std::vector<model::RunRecord>();
}

std::vector<model::TrackedValue> values_of(RuntimeWorld& world, const model::RunRecord& run) {
    auto values = world.reader().tracked(run.id);
    EXPECT_TRUE(values);
    return values ? *values : std::vector<model::TrackedValue>();
}

// ------------------------------------------------------------------ tracked values

TEST(TrackedValues, AreFoundAsSoonAsTheRunHasSaidThemAndOnceAfterAReplay) {
    RuntimeWorld world({{"tracks", kTracks}});
    const auto admitted = world.admit("tracks", R"({"deal":"ABC","hold":true})");
    ASSERT_TRUE(admitted);
    const auto run = world.when(admitted->runs.front(), is_waiting);
    ASSERT_EQ(runs_with(world, {"deal", "ABC"}).size(), 1U);
    world.restart();
    world.runtime().cancel(run.id, "enough");
    EXPECT_EQ(world.ended(run.uid).status, model::Status::kCancelled);
    EXPECT_THAT(
        values_of(world, run),
        ElementsAre(model::TrackedValue{"amount", "1200"}, model::TrackedValue{"deal", "ABC"})
    );
}

TEST(TrackedValues, OfAResubmittedRunAreItsOwn) {
    RuntimeWorld world({{"tracks", kTracks}});
    const auto first = world.run("tracks", R"({"deal":"ABC"})");
    const auto again = world.resubmit(first, runtime::CodeChoice::kOriginal);
    ASSERT_TRUE(again);
    world.ended(again->runs.front());
    EXPECT_EQ(runs_with(world, {"deal", "ABC"}).size(), 2U);
    EXPECT_EQ(runs_with(world, {"stage", "won"}).size(), 2U);
}

TEST(TrackedValues, BeyondTheBoundRaiseAndThoseBeforeStay) {
    RuntimeWorld world({{"many", kTracksMany}});
    const int most = limits::kTrackedValuesMax;
    EXPECT_EQ(
        world.run("many", R"({"count":)" + std::to_string(most) + "}").status,
        model::Status::kSucceeded
    );
    const auto run = world.run("many", R"({"count":)" + std::to_string(most + 1) + "}");
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_THAT(run.error.str(), HasSubstr("TooManyTrackedValues"));
    EXPECT_EQ(values_of(world, run).size(), static_cast<std::size_t>(most));
}

// ------------------------------------------------------------------ call trees

class CallTree : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto admitted = world_.admit("parent");
        ASSERT_TRUE(admitted);
        parent_ = world_.when(admitted->runs.front(), is_waiting);
        child_ = called_by(parent_);
        grandchild_ = called_by(child_);
        world_.when(grandchild_.uid, is_waiting);
    }

    model::RunRecord called_by(const model::RunRecord& caller) {
        model::RunRecord out;
        EXPECT_TRUE(world_.becomes([&] {
            auto found = runtime::open_children(world_.reader(), caller.uid);
            if (found && !found->empty()) {
                out = found->front();
            }
            return !out.uid.is_none();
        }));
        return out;
    }

    RuntimeWorld world_{{"parent", kParent}, {"child", kChild}, {"grandchild", kGrandchild}};
    model::RunRecord parent_;
    model::RunRecord child_;
    model::RunRecord grandchild_;
};

TEST_F(CallTree, IsCancelledFromTheTopDown) {
    world_.runtime().cancel(parent_.id, "Cancelled by Ada.");
    EXPECT_EQ(world_.ended(parent_.uid).status, model::Status::kCancelled);
    EXPECT_EQ(world_.ended(child_.uid).status, model::Status::kCancelled);
    const auto last = world_.ended(grandchild_.uid);
    EXPECT_EQ(last.status, model::Status::kCancelled);
    EXPECT_THAT(last.error.str(), HasSubstr("The run that called it, " + child_.uid.hex()));
}

TEST_F(CallTree, IsCancelledAfterARestartThatCameBetween) {
    world_.restart([this] {
        const auto driver = store::open_sqlite_writer(world_.store_file());
        ASSERT_TRUE(driver);
        ASSERT_TRUE((*driver)->execute(
            "UPDATE run SET status = 'Cancelled', ended = started WHERE id = " +
            std::to_string(parent_.id)
        ));
    });
    EXPECT_EQ(world_.ended(child_.uid).status, model::Status::kCancelled);
    EXPECT_EQ(world_.ended(grandchild_.uid).status, model::Status::kCancelled);
}

TEST_F(CallTree, IsKnownFromEachOfItsRuns) {
    const auto top = runtime::top_of_call_tree(world_.reader(), grandchild_);
    ASSERT_TRUE(top);
    EXPECT_EQ(top->uid, parent_.uid);
    const auto open = runtime::open_runs_of_tree(world_.reader(), *top);
    ASSERT_TRUE(open);
    std::vector<Uid> uids;
    for (const model::RunRecord& run : *open) {
        uids.push_back(run.uid);
    }
    EXPECT_THAT(uids, ElementsAre(parent_.uid, child_.uid, grandchild_.uid));
}

TEST_F(CallTree, ACancelledChildFailsTheCallOfItsParentOnly) {
    world_.runtime().cancel(grandchild_.id, "Cancelled by Ada.");
    EXPECT_EQ(world_.ended(grandchild_.uid).status, model::Status::kCancelled);
    EXPECT_TRUE(model::is_final(world_.ended(parent_.uid).status));
    EXPECT_NE(world_.ended(parent_.uid).status, model::Status::kSucceeded);
}

// ------------------------------------------------------------------ many runs

TEST(Cancellation, TellsWhatBecameOfEachRun) {
    RuntimeWorld world({{"tracks", kTracks}});
    const auto ended = world.run("tracks", R"({"deal":"A"})");
    std::vector<model::RunRecord> runs{ended};
    for (int i = 0; i < 3; ++i) {
        const auto admitted = world.admit("tracks", R"({"deal":"B","hold":true})");
        ASSERT_TRUE(admitted);
        runs.push_back(world.when(admitted->runs.front(), is_waiting));
    }
    std::promise<runtime::CancelReport> promise;
    runtime::cancel_all(
        world.runtime(),
        runs,
        "Cancelled by Ada.",
        [&promise](const runtime::CancelReport& report) { promise.set_value(report); }
    );
    const auto report = promise.get_future().get();
    EXPECT_EQ(report.cancelled.size(), 3U);
    EXPECT_TRUE(report.failed.empty());
    EXPECT_EQ(world.ended(ended.uid).status, model::Status::kSucceeded);
    for (const Uid& run : report.cancelled) {
        EXPECT_EQ(world.ended(run).status, model::Status::kCancelled);
    }
}

// ------------------------------------------------------------------ steps

Json step(RuntimeWorld& world, const model::RunRecord& run, const std::string& name) {
    for (const auto& node : runtime::build_step_tree(world.journal(run), {}, run)) {
        if (node.name == name) {
            return runtime::to_json(node, runtime::Contents::kWith);
        }
    }
    ADD_FAILURE() << "no step " << name;
    return {};
}

TEST(StepHistory, SaysHowLongAReadTook) {
    RuntimeWorld world({{"steps", kSteps}});
    const Json read = step(world, world.run("steps"), "Read it");
    EXPECT_TRUE(read.contains("started")) << read;
    EXPECT_TRUE(read.contains("duration_ms")) << read;
}

TEST(StepHistory, KeepsWhatEachAttemptAskedAndWasAnswered) {
    RuntimeWorld world({{"steps", kSteps}});
    world.service().plan("/set", {Treatment::kBusy});
    const Json set = step(world, world.run("steps"), "Set it");
    EXPECT_EQ(set.at("attempts"), 2);
    ASSERT_EQ(set.at("attempt_notes").size(), 1U) << set;
    const Json& first = set.at("attempt_notes").front();
    EXPECT_EQ(first.at("attempt"), 1);
    EXPECT_EQ(first.at("class"), "not done");
    EXPECT_EQ(first.at("request").at("method"), "POST");
    EXPECT_EQ(first.at("request").at("url"), world.service().url() + "/set");
    EXPECT_EQ(first.at("answer").at("status"), 429);
    EXPECT_EQ(first.at("message"), "Later.");
    EXPECT_TRUE(first.contains("duration_ms"));
}

// ------------------------------------------------------------------ retention

TEST(Retention, IsTheDefaultWhereNothingIsSet) {
    const Timestamp now = from_micros(0) + std::chrono::hours(24 * 20'000);
    const store::Prune command = runtime::prune_command({}, now);
    EXPECT_EQ(command.before, now - std::chrono::hours(24 * limits::kHistoryDays));
    EXPECT_EQ(command.ledger_before, now - std::chrono::hours(24 * limits::kLedgerDays));
    EXPECT_TRUE(command.flows.empty());
}

TEST(Retention, OfTheLedgerIsNeverShorterThanThatOfRuns) {
    const Timestamp now = from_micros(0) + std::chrono::hours(24 * 20'000);
    store::Retention retention;
    retention.environment_days = 7;
    retention.ledger_days = 10;
    retention.flow_days = {{3, 30}};
    const store::Prune command = runtime::prune_command(retention, now);
    EXPECT_EQ(command.before, now - std::chrono::hours(24 * 7));
    EXPECT_EQ(command.flows.at(3), now - std::chrono::hours(24 * 30));
    EXPECT_EQ(command.ledger_before, now - std::chrono::hours(24 * 30));
}

TEST(Retention, TakesEffectWhenItIsSet) {
    const Timestamp start = from_micros(1'770'000'000'000'000);
    RuntimeWorld world({{"tracks", kTracks}}, start);
    const auto run = world.run("tracks", R"({"deal":"ABC"})");
    world.clock().set(start + std::chrono::hours(24 * 8));
    world.runtime().pruner().look();
    store::SetRetention set;
    set.days = 7;
    ASSERT_TRUE(runtime::submit_blocking(world.store(), {{set}}));
    world.runtime().pruner().look();
    EXPECT_TRUE(world.becomes([&] { return !*world.reader().run(run.id); }));
    EXPECT_TRUE(runs_with(world, {"deal", "ABC"}).empty());
}

}  // namespace
}  // namespace tideway::testing
