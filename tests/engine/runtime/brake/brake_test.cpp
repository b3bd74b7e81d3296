// A pack that does more than is expected of it: its runs wait for one answer.
#include "engine/runtime/brake/brake.h"

#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using model::Status;
using runtime::Brake;

constexpr const char* kPost = R"(
local ledger = connection "ledger"
return flow { title = "Post", trigger = trigger.manual {}, run = function(event)
  ledger.read("Look", {})
  return ledger.post("Post it", { key = event.key, value = event.value })
end })";

class TwoAnHour : public ::testing::Test {
  protected:
    TwoAnHour() {
        runtime::EnvironmentSettings settings;
        settings.brake.creates_per_hour = 2;
        EXPECT_TRUE(world_.environment().set(settings));
    }

    static std::string event_of(int number) {
        return R"({"key":"k)" + std::to_string(number) + R"(","value":)" + std::to_string(number) +
               "}";
    }

    Uid start(int number) { return world_.admit("post", event_of(number))->runs.front(); }

    void post(int number) { EXPECT_EQ(world_.ended(start(number)).status, Status::kSucceeded); }

    model::RunRecord waits(const Uid& run) {
        return world_.when(run, [](const model::RunRecord& record) {
            return record.status == Status::kWaiting && !record.wait_reason.empty();
        });
    }

    std::size_t posted() { return world_.service().done().size(); }

    RuntimeWorld world_{WorldOptions{.has_brake = true}, {{"post", kPost}}};
};

TEST_F(TwoAnHour, LetsTheThirdRunWaitBeforeItsWriteWithTheReason) {
    post(1);
    post(2);
    const auto run = waits(start(3));
    EXPECT_TRUE(run.wait_reason.starts_with("the brake of the pack test, since "));
    EXPECT_TRUE(run.wait_reason.ends_with("more than 2 records were made within an hour"));
    EXPECT_EQ(posted(), 2U);
    const auto held = world_.runtime().brake().held();
    ASSERT_EQ(held.size(), 1U);
    EXPECT_EQ(held.front().pack, "test");
    EXPECT_EQ(held.front().runs, std::vector<model::RunId>{run.id});
    // Nothing of the write is recorded yet.
    for (const model::JournalRow& row : world_.journal(run)) {
        EXPECT_NE(row.kind, model::RowKind::kIntent);
    }
}

TEST_F(TwoAnHour, LetsEverythingThatWaitsGoOnAfterOneAnswer) {
    post(1);
    post(2);
    std::vector<Uid> runs;
    for (int i = 3; i < 9; ++i) {
        runs.push_back(start(i));
        waits(runs.back());
    }
    ASSERT_TRUE(world_.runtime().brake().release_blocking("test", Brake::Release::kForAWhile));
    for (const Uid& run : runs) {
        EXPECT_EQ(world_.ended(run).status, Status::kSucceeded);
    }
    EXPECT_EQ(posted(), 8U);
    EXPECT_TRUE(world_.runtime().brake().held().empty());
    post(9);
}

TEST_F(TwoAnHour, HoldsAfterARestartToo) {
    post(1);
    post(2);
    const Uid held = start(3);
    waits(held);
    world_.restart();
    ASSERT_TRUE(world_.becomes([&] {
        const auto packs = world_.runtime().brake().held();
        return packs.size() == 1 && packs.front().runs.size() == 1;
    }));
    EXPECT_EQ(posted(), 2U);
    ASSERT_TRUE(world_.runtime().brake().release_blocking("test", Brake::Release::kForAWhile));
    EXPECT_EQ(world_.ended(held).status, Status::kSucceeded);
    EXPECT_EQ(posted(), 3U);
}

TEST_F(TwoAnHour, CountsWhatWasMadeBeforeARestartFromTheLedger) {
    post(1);
    post(2);
    world_.restart();
    waits(start(3));
}

TEST_F(TwoAnHour, DoesNotHoldAgainAfterARestartWhatAPersonHasLetGoOn) {
    post(1);
    post(2);
    const Uid held = start(3);
    waits(held);
    ASSERT_TRUE(world_.runtime().brake().release_blocking("test", Brake::Release::kForAWhile));
    world_.ended(held);
    world_.restart();
    post(4);
    post(5);
    post(6);
}

TEST_F(TwoAnHour, DoesNotCountACreateThatWasRefused) {
    world_.service().plan("/post", {Treatment::kRefuse, Treatment::kRefuse});
    EXPECT_EQ(world_.ended(start(1)).status, Status::kFailed);
    EXPECT_EQ(world_.ended(start(2)).status, Status::kFailed);
    post(3);
    post(4);
    waits(start(5));
}

TEST_F(TwoAnHour, CanBeCancelledWhileItWaits) {
    post(1);
    post(2);
    const auto run = waits(start(3));
    world_.runtime().cancel(run.id, "Enough.");
    EXPECT_EQ(world_.ended(run.uid).status, Status::kCancelled);
    EXPECT_TRUE(world_.becomes([&] { return world_.runtime().brake().held().front().runs.empty(); })
    );
    EXPECT_EQ(posted(), 2U);
}

TEST_F(TwoAnHour, HoldsNothingAnyMoreWhenItIsSwitchedOff) {
    post(1);
    post(2);
    const Uid held = start(3);
    waits(held);
    runtime::EnvironmentSettings settings = world_.environment().settings();
    settings.brake.is_on = false;
    ASSERT_TRUE(world_.environment().set(settings));
    EXPECT_EQ(world_.ended(held).status, Status::kSucceeded);
    EXPECT_TRUE(world_.runtime().brake().held().empty());
}

TEST_F(TwoAnHour, RefusesAnAnswerThatNobodyWaitsFor) {
    const auto released =
        world_.runtime().brake().release_blocking("test", Brake::Release::kForAWhile);
    ASSERT_FALSE(released);
    EXPECT_EQ(released.error().code, "NothingHeld");
}

TEST(Brake, LeavesAPackAloneThatDoesNotAskForIt) {
    RuntimeWorld world({{"post", kPost}});
    runtime::EnvironmentSettings settings;
    settings.brake.creates_per_hour = 1;
    ASSERT_TRUE(world.environment().set(settings));
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(world.run("post", R"({"value":1})").status, Status::kSucceeded);
    }
}

}  // namespace
}  // namespace tideway::testing
