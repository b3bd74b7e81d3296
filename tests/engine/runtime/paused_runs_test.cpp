// Runs that the engine has paused, and how a person lets them go on.
#include "engine/runtime/paused_runs.h"

#include <future>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/store/backup.h"
#include "tests/support/callback_calls.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using runtime::kRestoredFromBackup;
using runtime::waits_for_person;
using ::testing::HasSubstr;

constexpr const char* kHeld = R"(
local ledger = connection "ledger"
return flow { title = "Held", trigger = trigger.manual {}, run = function()
  ledger.post("Before", { value = "before" })
  wait_for_callback("Wait", function() end)
  ledger.post("After", { value = "after" })
end })";

constexpr const char* kInTurn = R"(
return flow { title = "In turn",
  trigger = trigger.manual { one_at_a_time_by = function() return "all" end },
  run = function() wait_for_callback("Wait", function() end) end })";

class PausedRuns : public ::testing::Test {
  protected:
    void SetUp() override {
        run_ = start();
        back_up_and_restore();
    }

    Uid start(const std::string& flow = "held") {
        const auto admitted = world_.admit(flow);
        EXPECT_TRUE(admitted);
        waiting(admitted->runs.front());
        return admitted->runs.front();
    }

    model::RunRecord waiting(const Uid& run) {
        return world_.when(run, [](const model::RunRecord& record) {
            return record.status == model::Status::kWaiting;
        });
    }

    void back_up_and_restore() {
        const std::string copy = folder_.file("copy" + std::to_string(++copies_) + ".db");
        const auto made = store::back_up_sqlite(world_.store_file(), copy, world_.clock().now());
        ASSERT_TRUE(made) << made.error().text();
        world_.restart([&] {
            const auto restored =
                store::restore_sqlite(copy, world_.store_file(), SystemClock().now());
            ASSERT_TRUE(restored) << restored.error().text();
        });
    }

    void call_back(const Uid& run) {
        EXPECT_EQ(
            tideway::testing::call_back(world_, run, "Wait", "{}"), store::CallbackFate::kTaken
        );
    }

    Status resume(const Uid& run) {
        const auto record = world_.reader().run_by_uid(run);
        EXPECT_TRUE(record && *record);
        std::promise<Status> promise;
        world_.runtime().resume(**record, [&](Status done) { promise.set_value(std::move(done)); });
        return promise.get_future().get();
    }

    std::size_t effects() { return world_.service().done().size(); }

    tests::TempFolder folder_;
    int copies_ = 0;
    RuntimeWorld world_{{"held", kHeld}, {"in_turn", kInTurn}};
    Uid run_;
};

TEST_F(PausedRuns, AreTheOpenOnesOfARestoredStore) {
    const model::RunRecord run = world_.paused(run_);
    EXPECT_EQ(run.code, kRestoredFromBackup);
    EXPECT_THAT(run.wait_reason, HasSubstr("restored from the backup of "));
    EXPECT_THAT(run.error.str(), HasSubstr("resume"));
    EXPECT_TRUE(waits_for_person(run));
}

TEST_F(PausedRuns, DoNotGoOnWhenSomethingHappensToThem) {
    call_back(run_);
    // It takes its turn behind the wake of the paused one.
    const Uid other = start();
    call_back(other);
    EXPECT_EQ(world_.ended(other).status, model::Status::kSucceeded);
    EXPECT_EQ(world_.paused(run_).code, kRestoredFromBackup);
    EXPECT_EQ(effects(), 3U);
    ASSERT_TRUE(resume(run_));
    EXPECT_EQ(world_.ended(run_).status, model::Status::kSucceeded);
}

TEST_F(PausedRuns, GoOnWhereTheyWereWhenAPersonSaysSo) {
    ASSERT_TRUE(resume(run_));
    call_back(run_);
    const model::RunRecord run = world_.ended(run_);
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_EQ(run.code, "OK");
    EXPECT_EQ(effects(), 2U);
}

TEST_F(PausedRuns, StayPausedOverRestartsAndArePausedOnce) {
    world_.restart();
    EXPECT_EQ(world_.paused(run_).code, kRestoredFromBackup);
    ASSERT_TRUE(resume(run_));
    call_back(run_);
    EXPECT_EQ(world_.ended(run_).status, model::Status::kSucceeded);
    const Uid later = start();
    world_.restart();
    call_back(later);
    EXPECT_EQ(world_.ended(later).status, model::Status::kSucceeded);
}

TEST_F(PausedRuns, KeepTheirPlaceInLine) {
    const Uid first = start("in_turn");
    const Uid second = start("in_turn");
    back_up_and_restore();
    world_.paused(first);
    world_.paused(second);
    ASSERT_TRUE(resume(second));
    EXPECT_THAT(waiting(second).wait_reason, HasSubstr("the run " + first.hex()));
    ASSERT_TRUE(resume(first));
    call_back(first);
    EXPECT_EQ(world_.ended(first).status, model::Status::kSucceeded);
    world_.when(second, [](const model::RunRecord& run) {
        return run.wait_reason.starts_with("the callback");
    });
    call_back(second);
    EXPECT_EQ(world_.ended(second).status, model::Status::kSucceeded);
}

TEST_F(PausedRuns, AreNoneOfThoseThatRunOrHaveEnded) {
    ASSERT_TRUE(resume(run_));
    const Status twice = resume(run_);
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, "RunNotPaused");
    EXPECT_FALSE(twice.error().remedy.empty());
}

}  // namespace
}  // namespace tideway::testing
