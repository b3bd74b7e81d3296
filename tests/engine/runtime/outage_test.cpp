// A connection that is unavailable: runs wait, the service is left in peace, nothing fails.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using std::chrono::hours;

constexpr double kSpeed = 3600.0;

constexpr const char* kTransfer = R"(
local ledger = connection "ledger"
return flow {
  title = "Transfer", trigger = trigger.manual {},
  run = function(event)
    ledger.read("Look", {})
    ledger.set("Write", { name = "a", value = event.n })
    ledger.post("Post", { key = event.n, value = event.n })
    return event.n
  end,
})";

constexpr const char* kShout = R"(
local ledger = connection "ledger"
return flow {
  title = "Shout", trigger = trigger.manual {},
  run = function(event)
    return ledger.shout("Shout", { value = "hey" }, { retry = { type = "none" } })
  end,
})";

bool waits(const model::RunRecord& run) {
    return run.status == model::Status::kWaiting;
}

class OutageTest : public ::testing::Test {
  protected:
    Uid start(RuntimeWorld& world, int n = 1, const std::string& flow = "transfer") {
        const auto admitted = world.admit(flow, R"({"n":)" + std::to_string(n) + "}");
        EXPECT_TRUE(admitted);
        return admitted ? admitted->runs.front() : Uid();
    }

    static WorldOptions connected(double speed) {
        WorldOptions options;
        options.speed = speed;
        return options;
    }
};

TEST_F(OutageTest, KeepsARunWaitingWithTheServicesOwnMessage) {
    RuntimeWorld world({{"transfer", kTransfer}}, connected(kSpeed));
    world.service().always(Treatment::kDown);
    const auto run = world.when(start(world), waits);
    EXPECT_NE(run.wait_reason.find("connection ledger is unavailable since"), std::string::npos);
    EXPECT_NE(run.wait_reason.find("Maintenance."), std::string::npos);
    world.service().always(Treatment::kDo);
    EXPECT_EQ(world.ended(run.uid).status, model::Status::kSucceeded);
}

TEST_F(OutageTest, FailsNoRunInSixHoursAndSendsFewRequests) {
    constexpr int kRuns = 60;
    RuntimeWorld world({{"transfer", kTransfer}}, connected(kSpeed));
    world.service().always(Treatment::kDown);
    const Timestamp begin = world.clock().now();
    std::vector<Uid> runs;
    for (int n = 0; n < kRuns; ++n) {
        runs.push_back(start(world, n));
    }
    const auto waiting = world.when(runs.front(), waits);
    while (world.clock().now() < begin + hours(6)) {
        const auto run = world.reader().run_by_uid(waiting.uid);
        ASSERT_TRUE(run && *run);
        ASSERT_FALSE(model::is_final((*run)->status));
        tests::between_looks();
    }
    const auto during = world.service().requests();
    world.service().always(Treatment::kDo);
    for (const Uid& run : runs) {
        EXPECT_EQ(world.ended(run).status, model::Status::kSucceeded);
    }
    // Every run's first try, and one probe at a time.
    EXPECT_LT(during, kRuns + 120U);
    EXPECT_EQ(world.service().done().size(), 2U * kRuns) << "each effect happened once";
}

TEST_F(OutageTest, LeavesAServiceInPeaceThatSaysWithAnotherStatusThatNothingIsLeft) {
    constexpr int kRuns = 20;
    RuntimeWorld world({{"transfer", kTransfer}}, connected(kSpeed));
    world.service().always(Treatment::kUsedUp);
    const Timestamp begin = world.clock().now();
    std::vector<Uid> runs;
    for (int n = 0; n < kRuns; ++n) {
        runs.push_back(start(world, n));
    }
    const auto waiting = world.when(runs.front(), waits);
    EXPECT_NE(waiting.wait_reason.find("Nothing is left today."), std::string::npos);
    while (world.clock().now() < begin + hours(6)) {
        tests::between_looks();
    }
    // Every run's tries, and one probe at a time; not all runs after every answer.
    EXPECT_LT(world.service().requests(), kRuns * 5U + 120U);
    world.service().always(Treatment::kDo);
    for (const Uid& run : runs) {
        EXPECT_EQ(world.ended(run).status, model::Status::kSucceeded);
    }
}

TEST_F(OutageTest, SurvivesARestart) {
    RuntimeWorld world({{"transfer", kTransfer}}, connected(kSpeed));
    world.service().always(Treatment::kDown);
    const Uid uid = start(world);
    world.when(uid, waits);
    const auto since = world.runtime().gate().status("ledger").outage;
    ASSERT_TRUE(since);
    world.restart();
    const auto status = world.runtime().gate().status("ledger");
    ASSERT_TRUE(status.outage);
    EXPECT_EQ(status.outage->since, since->since);
    world.service().always(Treatment::kDo);
    EXPECT_EQ(world.ended(uid).status, model::Status::kSucceeded);
    EXPECT_FALSE(world.runtime().gate().status("ledger").outage);
    EXPECT_EQ(world.service().done().size(), 2U);
}

TEST_F(OutageTest, MakesAnEffectWaitThatWasNeverSentAndSendsItOnce) {
    RuntimeWorld world({{"shout", kShout}, {"transfer", kTransfer}}, connected(1.0));
    world.service().always(Treatment::kUnknownCaller);
    world.when(start(world), waits);
    const Uid uid = start(world, 1, "shout");
    const auto run = world.when(uid, waits);
    world.restart();
    world.when(uid, waits);
    world.service().always(Treatment::kDo);
    world.runtime().gate().probe_now("ledger");
    EXPECT_EQ(world.ended(uid).status, model::Status::kSucceeded)
        << "an effect without a probe would have been parked, had anything of it left";
    const auto journal = world.journal(run);
    EXPECT_TRUE(std::ranges::any_of(journal, [](const model::JournalRow& row) {
        return row.code == runtime::kConnectionBack;
    }));
}

TEST_F(OutageTest, SettlesAnEffectInDoubtWhenTheServiceIsBack) {
    RuntimeWorld world({{"transfer", kTransfer}}, connected(kSpeed));
    world.service().plan("/post", {Treatment::kCutAfter});
    world.service().plan("/probe", std::vector<Treatment>(15, Treatment::kDown));
    const Uid uid = start(world);
    const auto run = world.ended(uid);
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_EQ(world.service().done().size(), 2U);
}

TEST_F(OutageTest, GoesOnAtOnceWhenSomebodyHasRepairedTheConnection) {
    RuntimeWorld world({{"transfer", kTransfer}}, connected(1.0));
    world.service().always(Treatment::kUnknownCaller);
    const Uid uid = start(world);
    world.when(uid, waits);
    world.service().always(Treatment::kDo);
    world.runtime().gate().probe_now("ledger");
    EXPECT_EQ(world.ended(uid).status, model::Status::kSucceeded);
}

TEST_F(OutageTest, FailsAStepThatHasWaitedForThreeDays) {
    RuntimeWorld world({{"transfer", kTransfer}}, connected(60'000.0));
    world.service().always(Treatment::kDown);
    const auto run = world.ended(start(world));
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_EQ(run.failed_step, "Look");
    EXPECT_NE(run.error.view().find("ConnectionUnavailable"), std::string_view::npos);
    EXPECT_NE(run.error.view().find("Maintenance."), std::string_view::npos);
}

TEST_F(OutageTest, LetsAWaitingRunBeCancelled) {
    RuntimeWorld world({{"transfer", kTransfer}}, connected(kSpeed));
    world.service().always(Treatment::kDown);
    const auto run = world.when(start(world), waits);
    world.runtime().cancel(run.id, "enough");
    EXPECT_EQ(world.ended(run.uid).status, model::Status::kCancelled);
    EXPECT_TRUE(RuntimeWorld::becomes([&] {
        return world.runtime().gate().status("ledger").waiting_runs == 0;
    }));
}

}  // namespace
}  // namespace tideway::testing
