// What the outside world sees: nothing lost, nothing doubled.
#include <gtest/gtest.h>

#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using runtime::CodeChoice;
using Decision = runtime::RunSession::Decision;

constexpr const char* kPost = R"(
local ledger = connection "ledger"
return flow {
  title = "Post", trigger = trigger.manual {},
  run = function(event)
    return ledger.post("Post it", { key = event.key, value = event.value }, { retry = { type = "fixed", count = 2, interval = 0 } })
  end,
})";

constexpr const char* kSet = R"(
local ledger = connection "ledger"
return flow {
  title = "Set", trigger = trigger.manual {},
  run = function(event)
    ledger.set("First", { name = "a", value = 1 }, { retry = { type = "fixed", count = 2, interval = 0 } })
    ledger.set("Second", { name = "b", value = 2 }, { retry = { type = "none" } })
  end,
})";

constexpr const char* kShout = R"(
local ledger = connection "ledger"
return flow {
  title = "Shout", trigger = trigger.manual {},
  run = function(event)
    local answer = ledger.shout("Shout it", { value = "hey" })
    return { answer = answer.id }
  end,
})";

TEST(Effects, AreDoneOnceAndTheResultReachesTheScript) {
    RuntimeWorld world({{"post", kPost}});
    const auto run = world.run("post", R"({"value":7})");
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_EQ(world.service().done(), std::vector<std::string>{"post 7"});
    EXPECT_EQ(run.output.view(), R"({"id":"1"})");
}

TEST(Effects, ThatWereCutAfterTheyHappenedAreFoundByTheProbeAndNotRepeated) {
    RuntimeWorld world({{"post", kPost}});
    world.service().plan("/post", {Treatment::kCutAfter});
    const auto run = world.run("post", R"({"value":7})");
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_EQ(world.service().done().size(), 1U);
    EXPECT_EQ(run.output.view(), R"({"id":"1"})");
}

TEST(Effects, ThatWereCutBeforeTheyHappenedAreSentAgainAfterTheProbe) {
    RuntimeWorld world({{"post", kPost}});
    world.service().plan("/post", {Treatment::kCutBefore});
    const auto run = world.run("post", R"({"value":7})");
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_EQ(world.service().done().size(), 1U);
}

TEST(Effects, ThatAreIdempotentAreRepeatedInDoubt) {
    RuntimeWorld world({{"set", kSet}});
    world.service().plan("/set", {Treatment::kCutAfter});
    const auto run = world.run("set");
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_EQ(world.service().done(), (std::vector<std::string>{"set 1", "set 1", "set 2"}));
}

TEST(Effects, ThatAreRefusedAreNotRetriedAndTheRunSaysWhichStepAndWhy) {
    RuntimeWorld world({{"set", kSet}});
    world.service().plan("/set", {Treatment::kDo, Treatment::kRefuse});
    const auto run = world.run("set");
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_EQ(run.failed_step, "Second");
    EXPECT_NE(run.error.view().find("The ledger says no."), std::string_view::npos);
    EXPECT_EQ(world.service().requests(), 2U);
}

TEST(Effects, ThatAreThrottledAreRetriedByThePolicy) {
    RuntimeWorld world({{"set", kSet}});
    world.service().plan("/set", {Treatment::kBusy, Treatment::kBusy});
    const auto run = world.run("set");
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_EQ(world.service().done(), (std::vector<std::string>{"set 1", "set 2"}));
}

TEST(Effects, InDoubtWithoutAProbeAreParkedInFrontOfAPerson) {
    RuntimeWorld world({{"shout", kShout}});
    world.service().plan("/shout", {Treatment::kCutAfter});
    const auto admitted = world.admit("shout");
    ASSERT_TRUE(admitted);
    const auto run = world.paused(admitted->runs.front());
    EXPECT_EQ(world.service().done().size(), 1U);
    const auto effects = world.reader().effects(run.id);
    ASSERT_TRUE(effects);
    ASSERT_EQ(effects->size(), 1U);
    EXPECT_EQ(effects->front().state, model::EffectState::kParked);

    ASSERT_TRUE(world.decide(run, "Shout it", Decision::kAdopt, Payload(R"({"id":"adopted"})")));
    const auto ended = world.ended(run.uid);
    EXPECT_EQ(ended.status, model::Status::kSucceeded);
    EXPECT_EQ(ended.output.view(), R"({"answer":"adopted"})");
    EXPECT_EQ(world.service().done().size(), 1U);
}

TEST(Effects, ThatAreParkedCanBeSkipped) {
    RuntimeWorld world({{"shout", kShout}});
    world.service().plan("/shout", {Treatment::kCutAfter});
    const auto admitted = world.admit("shout");
    ASSERT_TRUE(admitted);
    const auto run = world.paused(admitted->runs.front());
    ASSERT_TRUE(world.decide(run, "Shout it", Decision::kSkip));
    const auto ended = world.ended(run.uid);
    EXPECT_EQ(ended.status, model::Status::kFailed);
    EXPECT_NE(ended.error.view().find("EffectSkipped"), std::string_view::npos);
}

TEST(Effects, ThatAreParkedCanBeRepeated) {
    RuntimeWorld world({{"shout", kShout}});
    world.service().plan("/shout", {Treatment::kCutBefore});
    const auto admitted = world.admit("shout");
    ASSERT_TRUE(admitted);
    const auto run = world.paused(admitted->runs.front());
    ASSERT_TRUE(world.decide(run, "Shout it", Decision::kRepeat));
    const auto ended = world.ended(run.uid);
    EXPECT_EQ(ended.status, model::Status::kSucceeded);
    EXPECT_TRUE(ended.error.empty()) << ended.error.view();
    EXPECT_EQ(world.service().done().size(), 1U);
    const auto effects = world.reader().effects(run.id);
    ASSERT_TRUE(effects);
    EXPECT_EQ(effects->front().state, model::EffectState::kDone);
}

TEST(Effects, ThatAreParkedStayParkedOverARestart) {
    RuntimeWorld world({{"shout", kShout}});
    world.service().plan("/shout", {Treatment::kCutAfter});
    const auto admitted = world.admit("shout");
    ASSERT_TRUE(admitted);
    world.paused(admitted->runs.front());
    world.restart();
    const auto run = world.paused(admitted->runs.front());
    EXPECT_EQ(world.service().done().size(), 1U);
    EXPECT_EQ(run.status, model::Status::kPaused);
}

TEST(Effects, WithTheSameBusinessKeyAreOneEffectInTwoRuns) {
    RuntimeWorld world({{"post", kPost}});
    const auto first = world.run("post", R"({"key":["deal",1],"value":7})");
    const auto second = world.run("post", R"({"key":["deal",1],"value":8})");
    EXPECT_EQ(first.status, model::Status::kSucceeded);
    EXPECT_EQ(second.status, model::Status::kSucceeded);
    EXPECT_EQ(world.service().done().size(), 1U);
    EXPECT_EQ(second.output, first.output);
}

TEST(Resubmit, AfterASuccessfulCreateDoesNotCreateAgain) {
    RuntimeWorld world({{"post", kPost}});
    const auto original = world.run("post", R"({"value":7})");
    const auto again = world.resubmit(original, CodeChoice::kOriginal);
    ASSERT_TRUE(again);
    const auto run = world.ended(again->runs.front());
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_EQ(run.resubmit_of, original.uid);
    EXPECT_EQ(run.root_uid, original.uid);
    EXPECT_EQ(world.service().done().size(), 1U);
}

TEST(Resubmit, UsesTheVersionThatRanUnlessTheCurrentOneIsAskedFor) {
    RuntimeWorld world({{"shout", kShout}});
    world.service().plan("/shout", {Treatment::kRefuse});
    const auto original = world.run("shout");
    ASSERT_EQ(original.status, model::Status::kFailed);
    world.edit(
        "shout",
        R"(return flow { title = "Quiet", trigger = trigger.manual {}, run = function() return "edited" end })"
    );
    const auto current = world.resubmit(original, CodeChoice::kCurrent);
    ASSERT_TRUE(current);
    EXPECT_EQ(world.ended(current->runs.front()).output.view(), R"("edited")");
    const auto as_it_was = world.resubmit(original, CodeChoice::kOriginal);
    ASSERT_TRUE(as_it_was);
    EXPECT_EQ(world.ended(as_it_was->runs.front()).output.view(), R"({"answer":"1"})");
}

TEST(Resubmit, OfARunThatGoesOnIsRefused) {
    RuntimeWorld world(
        {{"wait",
          R"(return flow { title = "W", trigger = trigger.manual {}, run = function() delay("Long", 3600) end })"}}
    );
    const auto admitted = world.admit("wait");
    ASSERT_TRUE(admitted);
    const auto run = world.when(admitted->runs.front(), [](const model::RunRecord& record) {
        return record.status == model::Status::kWaiting;
    });
    const auto again = world.resubmit(run, CodeChoice::kOriginal);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, "RunNotEnded");
}

}  // namespace
}  // namespace tideway::testing
