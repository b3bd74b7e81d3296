// A run that cannot go on as it was recorded, and what a caller learns of a step or a child that
// refuses.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "engine/store/sqlite_driver.h"
#include "tests/support/callback_calls.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kHeld = R"(
local ledger = connection "ledger"
return flow { title = "Held", trigger = trigger.manual {}, run = function()
  ledger.post("Before", { value = "before" })
  wait_for_callback("First", function() end)
  ledger.post("Between", { value = "between" })
  wait_for_callback("Second", function() end)
  return "done"
end })";

bool is_waiting(const model::RunRecord& run) {
    return run.status == model::Status::kWaiting;
}

// The file of a runtime that has stopped.
void execute(const std::string& file, const std::string& sql) {
    const auto driver = store::open_sqlite_writer(file);
    ASSERT_TRUE(driver) << driver.error().text();
    const Status done = (*driver)->execute(sql);
    ASSERT_TRUE(done) << done.error().text();
    ASSERT_GT((*driver)->changes(), 0) << sql;
}

class Replays : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto admitted = world_.admit("held");
        ASSERT_TRUE(admitted) << admitted.error().text();
        run_ = admitted->runs.front();
        world_.when(run_, is_waiting);
    }

    void restart_after(const std::string& sql) {
        world_.restart([&] { execute(world_.store_file(), sql); });
    }

    // As a process leaves the store that dies while the run does something.
    void die() {
        world_.restart([&] {
            execute(
                world_.store_file(),
                "UPDATE run SET status = 'Running';"
                "UPDATE meta SET value = 'no' WHERE key = 'stopped_in_order'"
            );
        });
    }

    model::RunRecord waiting_after_deaths(int deaths) {
        return world_.when(run_, [deaths](const model::RunRecord& run) {
            return is_waiting(run) && run.deaths == deaths;
        });
    }

    void call_back(const std::string& path) {
        EXPECT_EQ(
            tideway::testing::call_back(world_, run_, path, "{}"), store::CallbackFate::kTaken
        );
    }

    RuntimeWorld world_{{"held", kHeld}};
    Uid run_;
};

void expect_diverged(const model::RunRecord& run, const std::string& step) {
    EXPECT_EQ(run.status, model::Status::kPaused);
    EXPECT_EQ(run.code, "Diverged");
    EXPECT_THAT(run.wait_reason, HasSubstr(step));
    EXPECT_THAT(run.error.str(), HasSubstr("Diverged"));
    EXPECT_THAT(run.error.str(), HasSubstr("Resubmit the run"));
}

TEST_F(Replays, ThatAskForAnotherInputThanWasRecordedPauseTheRun) {
    restart_after(
        "UPDATE journal SET input = '{\"value\":\"edited\"}' WHERE path = 'Before' "
        "AND input <> ''"
    );
    expect_diverged(world_.paused(run_), "the input of Before differs");
    EXPECT_EQ(world_.service().requests(), 1U);
}

TEST_F(Replays, ThatAskForAStepThatWasNotRecordedPauseTheRun) {
    restart_after("UPDATE journal SET path = 'Elsewhere' WHERE path = 'Before'");
    const auto run = world_.paused(run_);
    EXPECT_EQ(run.code, "Diverged");
    EXPECT_THAT(run.wait_reason, HasSubstr("Elsewhere"));
    EXPECT_EQ(world_.service().requests(), 1U);
}

TEST_F(Replays, ThatAskForAnotherOperationThanWasRecordedPauseTheRun) {
    restart_after("UPDATE journal SET operation = 'ledger.shout' WHERE path = 'Before'");
    expect_diverged(world_.paused(run_), "Before was recorded as ledger.shout");
    EXPECT_EQ(world_.service().requests(), 1U);
}

// Only a person ends it, even when the history would fit again.
TEST_F(Replays, ThatPausedARunAreNotTriedAgain) {
    restart_after("UPDATE journal SET operation = 'ledger.shout' WHERE path = 'Before'");
    world_.paused(run_);
    restart_after("UPDATE journal SET operation = 'ledger.post' WHERE path = 'Before'");
    const auto later = world_.admit("held");  // it takes its turn behind all that was taken back
    ASSERT_TRUE(later) << later.error().text();
    world_.when(later->runs.front(), is_waiting);
    const auto run = world_.paused(run_);
    EXPECT_EQ(run.code, "Diverged");
    world_.runtime().cancel(run.id, "Cancelled by Ana.");
    EXPECT_EQ(world_.ended(run_).status, model::Status::kCancelled);
    EXPECT_EQ(world_.service().done().size(), 2U);  // "Before" of each
}

TEST_F(Replays, ThatKillTheProcessAtOnePlacePauseTheRun) {
    for (int death = 1; death <= limits::kDeathsAtOnePlaceMax; ++death) {
        die();
        ASSERT_EQ(waiting_after_deaths(death).deaths, death);
    }
    die();
    const auto run = world_.paused(run_);
    EXPECT_EQ(run.deaths, limits::kDeathsAtOnePlaceMax + 1);
    EXPECT_THAT(
        run.wait_reason,
        HasSubstr("died " + std::to_string(limits::kDeathsAtOnePlaceMax + 1) + " times in a row")
    );
    EXPECT_EQ(world_.service().requests(), 1U);
}

TEST_F(Replays, ThatKillTheProcessAtDifferentPlacesDoNotPauseTheRun) {
    for (int death = 1; death <= limits::kDeathsAtOnePlaceMax; ++death) {
        die();
        ASSERT_EQ(waiting_after_deaths(death).deaths, death);
    }
    call_back("First");
    world_.when(run_, [this](const model::RunRecord& run) {
        return is_waiting(run) && run.deaths == 0 && world_.service().done().size() == 2;
    });
    die();
    ASSERT_EQ(waiting_after_deaths(1).deaths, 1);
    call_back("Second");
    const auto run = world_.ended(run_);
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_EQ(world_.service().done().size(), 2U);
}

TEST_F(Replays, AfterStopsInOrderCountAsNoDeath) {
    for (int stop = 0; stop <= limits::kDeathsAtOnePlaceMax + 1; ++stop) {
        restart_after("UPDATE run SET status = 'Running'");
        ASSERT_EQ(waiting_after_deaths(0).deaths, 0);
    }
}

TEST(Steps, WithAWrongInputFailBeforeTheServiceIsAsked) {
    RuntimeWorld world({{"set", R"(
local ledger = connection "ledger"
return flow { title = "Set", trigger = trigger.manual {},
  run = function(event) ledger.set("Set", event) end })"}});
    const auto run = world.run("set", R"({"name":7,"value":1})");
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_EQ(run.failed_step, "Set");
    const auto error = model::parse_step_error(run.error.view());
    EXPECT_EQ(error.code, "OpenApiOperationParameterValidationFailed");
    EXPECT_THAT(error.message + error.details, HasSubstr("name"));
    EXPECT_EQ(world.service().requests(), 0U);
    EXPECT_EQ(world.run("set", R"({"name":"seven","value":1})").status, model::Status::kSucceeded);
}

constexpr const char* kParent = R"(
return flow { title = "Parent", trigger = trigger.manual {},
  run = function() return run_child_flow("Call it", "child", {}) end })";

TEST(Children, ThatAnswerWithAnErrorStatusFailTheStepOfTheirCaller) {
    RuntimeWorld world({{"parent", kParent}, {"child", R"(
return flow { title = "Child", trigger = trigger.child {}, run = function()
  respond("Refuse", { status = 422, body = { message = "The amount is missing." } })
end })"}});
    const auto run = world.run("parent");
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_EQ(run.failed_step, "Call it");
    const auto error = model::parse_step_error(run.error.view());
    EXPECT_EQ(error.code, "ChildFlowFailed");
    EXPECT_THAT(error.message, HasSubstr("422"));
    EXPECT_THAT(error.details, HasSubstr("The amount is missing."));
    const auto child = world.reader().run_by_uid(Uid::derive(run.uid, "Call it"));
    ASSERT_TRUE(child && *child);
    EXPECT_EQ(world.ended((*child)->uid).status, model::Status::kSucceeded);
}

TEST(Children, ThatEndThemselvesWithoutAnErrorFailTheStepOfTheirCaller) {
    RuntimeWorld world({{"parent", kParent}, {"child", R"(
return flow { title = "Child", trigger = trigger.child {},
  run = function() terminate("Cancelled") end })"}});
    const auto run = world.run("parent");
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_EQ(run.failed_step, "Call it");
    const auto error = model::parse_step_error(run.error.view());
    EXPECT_EQ(error.code, "ChildFlowFailed");
    EXPECT_THAT(error.message, HasSubstr("ended as Cancelled"));
}

}  // namespace
}  // namespace tideway::testing
