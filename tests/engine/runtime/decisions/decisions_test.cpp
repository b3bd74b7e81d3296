// Everything that waits for a person, in one list.
#include "engine/runtime/decisions/decisions.h"

#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using model::Status;
using runtime::Decisions;
using runtime::GivenAnswer;
using runtime::OpenDecision;

constexpr const char* kPost = R"(
local ledger = connection "ledger"
return flow { title = "Post", trigger = trigger.manual {}, run = function(event)
  return ledger.post("Post it", { key = event.key, value = 1 })
end })";

constexpr const char* kShout = R"(
local ledger = connection "ledger"
return flow { title = "Shout", trigger = trigger.manual {}, run = function()
  return { answer = ledger.shout("Shout it", { value = "hey" }).id }
end })";

class DecisionList : public ::testing::Test {
  protected:
    DecisionList() { add_engine_decisions(decisions_, world_.runtime(), world_.catalog()); }

    std::vector<OpenDecision> list() {
        auto open = decisions_.list(world_.reader());
        EXPECT_TRUE(open);
        return open ? *open : std::vector<OpenDecision>();
    }

    OpenDecision only() {
        EXPECT_TRUE(world_.becomes([&] { return list().size() == 1; }));
        const auto open = list();
        return open.empty() ? OpenDecision() : open.front();
    }

    std::string answer(const std::string& id, const std::string& word, Payload output = {}) {
        const auto answered = decisions_.answer_blocking(id, GivenAnswer{word, output, "ada"});
        return answered ? "" : answered.error().code;
    }

    model::RunRecord parked() {
        world_.service().plan("/shout", {Treatment::kCutAfter});
        return world_.paused(world_.admit("shout")->runs.front());
    }

    // A run that waits for the brake.
    model::RunRecord held() {
        runtime::EnvironmentSettings settings;
        settings.brake.creates_per_hour = 1;
        EXPECT_TRUE(world_.environment().set(settings));
        world_.run("post", R"({"key":"a"})");
        return world_.when(
            world_.admit("post", R"({"key":"b"})")->runs.front(),
            [](const model::RunRecord& run) { return !run.wait_reason.empty(); }
        );
    }

    RuntimeWorld world_{WorldOptions{.has_brake = true}, {{"post", kPost}, {"shout", kShout}}};
    Decisions decisions_{world_.store()};
};

TEST_F(DecisionList, IsEmptyWhereNothingWaits) {
    EXPECT_TRUE(list().empty());
    EXPECT_EQ(answer("brake/test", "continue"), "DecisionNotFound");
}

TEST_F(DecisionList, HasAnEffectInDoubtThatAPersonAdopts) {
    const auto run = parked();
    const OpenDecision open = only();
    EXPECT_EQ(open.kind, "effect");
    EXPECT_EQ(open.decision.run, run.uid);
    EXPECT_EQ(open.decision.flow, "test/shout");
    EXPECT_EQ(open.decision.title, "ledger.shout in step Shout it may have taken place or not");
    EXPECT_EQ(open.decision.choices.size(), 3U);
    EXPECT_EQ(answer(open.id, "adopt", Payload(R"({"id":"9"})")), "");
    EXPECT_EQ(world_.ended(run.uid).output.view(), R"({"answer":"9"})");
    EXPECT_TRUE(list().empty());
}

TEST_F(DecisionList, HasAnEffectInDoubtThatAPersonSkips) {
    const auto run = parked();
    EXPECT_EQ(answer(only().id, "skip"), "");
    EXPECT_EQ(world_.ended(run.uid).status, Status::kFailed);
}

TEST_F(DecisionList, RefusesAnAnswerThatIsNoneOfTheChoices) {
    parked();
    const auto answered = decisions_.answer_blocking(only().id, GivenAnswer{"perhaps", {}, "ada"});
    ASSERT_FALSE(answered);
    EXPECT_EQ(answered.error().code, "UnknownAnswer");
    EXPECT_EQ(answered.error().remedy, "Answer with one of: adopt, repeat, skip.");
}

TEST_F(DecisionList, HasTheBrakeWithTheRunsThatWaitForIt) {
    const auto run = held();
    const OpenDecision open = only();
    EXPECT_EQ(open.id, "brake/test");
    EXPECT_EQ(open.decision.runs, 1);
    EXPECT_EQ(answer(open.id, "continue"), "");
    EXPECT_EQ(world_.ended(run.uid).status, Status::kSucceeded);
}

TEST_F(DecisionList, CancelsTheRunsThatTheBrakeHolds) {
    const auto run = held();
    EXPECT_EQ(answer(only().id, "cancel"), "");
    EXPECT_EQ(world_.ended(run.uid).status, Status::kCancelled);
    EXPECT_TRUE(list().empty());
}

TEST_F(DecisionList, HasARunThatTheEnginePaused) {
    const auto run = held();
    store::SetRunStatus set;
    set.run_id = run.id;
    set.status = Status::kPaused;
    set.code = "RestoredFromBackup";
    set.reason = "The store was restored.";
    ASSERT_TRUE(runtime::submit_blocking(world_.store(), {{set}}));
    const auto open = decisions_.find(world_.reader(), "run/" + run.uid.hex());
    ASSERT_TRUE(open);
    EXPECT_EQ(open->decision.title, "A run of test/post was paused: RestoredFromBackup");
    EXPECT_EQ(open->decision.reason, "The store was restored.");
    EXPECT_EQ(answer(open->id, "cancel"), "");
    EXPECT_EQ(world_.ended(run.uid).status, Status::kCancelled);
}

}  // namespace
}  // namespace tideway::testing
