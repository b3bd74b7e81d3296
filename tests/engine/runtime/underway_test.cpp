// Calls that a service takes and works on (202): asked for until they have ended, over crashes.
#include <gtest/gtest.h>

#include "tests/support/runtime_world.h"

namespace tideway::runtime {
namespace {

using model::Status;
using testing::RuntimeWorld;
using testing::Treatment;

std::string flow_with(const std::string& options = "") {
    return R"(
local ledger = connection "ledger"
return flow { title = "W", trigger = trigger.manual {}, run = function()
  return ledger.shout("Shout", { value = "hello" }, { retry = { type = "none" }, )" +
           options + R"( }).outcome
end })";
}

class Underway : public ::testing::Test {
  protected:
    // How often the call itself was sent.
    std::size_t shouts() { return world_.service().done().size(); }

    // The service takes the call, and says so many times more that it works on it.
    Uid started(std::size_t times) {
        world_.service().plan("/shout", {Treatment::kAccept});
        world_.service().plan("/outcome", std::vector<Treatment>(times, Treatment::kAccept));
        const auto admitted = world_.admit("worker");
        EXPECT_TRUE(admitted);
        return admitted->runs.front();
    }

    std::vector<std::string> attempt_codes(const model::RunRecord& run) {
        std::vector<std::string> out;
        for (const model::JournalRow& row : world_.journal(run)) {
            if (row.kind == model::RowKind::kAttempt) {
                out.push_back(row.code);
            }
        }
        return out;
    }

    RuntimeWorld world_{{"worker", flow_with()}, {"limited", flow_with("timeout = 0.2")}};
};

TEST_F(Underway, IsAskedForUntilTheServiceHasFinished) {
    const model::RunRecord run = world_.ended(started(3));
    EXPECT_EQ(run.status, Status::kSucceeded);
    EXPECT_EQ(run.output.view(), R"("made")");
    EXPECT_EQ(shouts(), 1U);
    // Recorded when the service says something new, not each time.
    EXPECT_EQ(attempt_codes(run), std::vector<std::string>{"Accepted"});
}

TEST_F(Underway, WaitsWithAReasonAndATime) {
    const Uid uid = started(1'000'000);
    const model::RunRecord run = world_.when(uid, [](const model::RunRecord& now) {
        return now.status == Status::kWaiting && now.wake_at.has_value();
    });
    EXPECT_EQ(run.wait_reason, "the service has taken the call and works on it");
    world_.runtime().cancel(run.id, "Enough.");
    EXPECT_EQ(world_.ended(uid).status, Status::kCancelled);
}

TEST_F(Underway, IsNotSentAgainAfterACrash) {
    const Uid uid = started(1'000'000);
    world_.when(uid, [](const model::RunRecord& now) { return now.status == Status::kWaiting; });
    world_.restart([&] { world_.service().forget_plans(); });
    const model::RunRecord run = world_.ended(uid);
    EXPECT_EQ(run.status, Status::kSucceeded);
    EXPECT_EQ(run.output.view(), R"("made")");
    EXPECT_EQ(shouts(), 1U);
}

TEST_F(Underway, FailsAsTheServiceSays) {
    world_.service().plan("/outcome", {Treatment::kRefuse});
    world_.service().plan("/shout", {Treatment::kAccept});
    const model::RunRecord run = world_.run("worker");
    EXPECT_EQ(run.status, Status::kFailed);
    EXPECT_EQ(model::parse_step_error(run.error.view()).message, "The ledger says no.");
    EXPECT_EQ(shouts(), 1U);
}

TEST_F(Underway, IsShownToAPersonWhenNobodyCanSayWhatBecameOfIt) {
    world_.service().plan("/shout", {Treatment::kAccept});
    world_.service().plan("/outcome", {Treatment::kBreak});
    const auto admitted = world_.admit("worker");
    ASSERT_TRUE(admitted);
    const model::RunRecord paused = world_.paused(admitted->runs.front());
    EXPECT_EQ(model::parse_step_error(paused.error.view()).code, "EffectInDoubt");
    // To repeat is to ask once more: the call has been taken.
    ASSERT_TRUE(world_.decide(paused, "Shout", RunSession::Decision::kRepeat));
    EXPECT_EQ(world_.ended(paused.uid).output.view(), R"("made")");
    EXPECT_EQ(shouts(), 1U);
}

TEST_F(Underway, EndsAtTheTimeLimitOfItsStep) {
    world_.service().plan("/shout", {Treatment::kAccept});
    world_.service().plan("/outcome", std::vector<Treatment>(1'000'000, Treatment::kAccept));
    const model::RunRecord run = world_.run("limited");
    EXPECT_EQ(run.status, Status::kTimedOut);
    EXPECT_EQ(model::parse_step_error(run.error.view()).code, "ActionTimedOut");
    EXPECT_EQ(shouts(), 1U);
}

}  // namespace
}  // namespace tideway::runtime
