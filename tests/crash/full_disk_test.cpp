// A file system without a free page: nothing is lost, nothing doubled, and everything goes on when
// there is space.
#include <algorithm>

#include <gtest/gtest.h>

#include "engine/app/config.h"
#include "tests/crash/scenarios.h"
#include "tests/crash/small_disk.h"

namespace tideway::tests {
namespace {

constexpr const char* kPacks = TIDEWAY_SOURCE_DIR "/flows";
constexpr const char* kVariable = "/variables/co_sell_dynamics365/display_check_mark";
constexpr std::int64_t kDiskBytes = 16 << 20;

class FullDisk : public testing::Test {
  protected:
    void SetUp() override {
        auto world = CrashWorld::create(TIDEWAY_PROGRAM, CrmKind::kDynamics365, kPacks);
        ASSERT_TRUE(world) << world.error().text();
        world_ = std::move(*world);
        auto disk = SmallDisk::mount(world_->disk(), kDiskBytes);
        if (!disk) {
            GTEST_SKIP() << "this process may not mount a file system: " << disk.error().message;
        }
        disk_ = std::move(*disk);
        ok(world_->begin({}));
    }

    template <typename Outcome>
    void ok(const Outcome& outcome) {
        ASSERT_TRUE(outcome) << outcome.error().text();
    }

    // The run of the deal's first webhook waits for this service, its beginning is stored; that of
    // the second waits for its turn.
    void hold_reads_of_referrals() {
        ok(world_->partner_center(
            "POST",
            "/faults",
            {{"method", "GET"},
             {"path", "/v1.0/engagements/referrals/*"},
             {"kind", "delay"},
             {"ms", 3000},
             {"count", 1}}
        ));
    }

    void wait_for_runs(std::size_t wanted) {
        ok(world_->wait_until("the runs to be stored", [this, wanted]() -> Result<bool> {
            TIDEWAY_TRY_ASSIGN(const auto runs, world_->runs("&status=Running,Waiting"));
            return runs.size() == wanted;
        }));
    }

    // Fills the disk and uses up what the store has allocated already: its log is written over.
    void fill() {
        ok(disk_->fill());
        ok(world_->wait_until("a refused write", [this]() -> Result<bool> {
            const auto set = world_->api("PUT", kVariable, {{"value", false}});
            return !set.has_value();
        }));
    }

    void wait_for_log(const std::string& text) {
        ok(world_->wait_until("'" + text + "' in the log", [this, text]() -> Result<bool> {
            TIDEWAY_TRY_ASSIGN(const std::string log, app::read_text_file(world_->log_file()));
            return log.find(text) != std::string::npos;
        }));
    }

    void expect_clean(Scenario& scenario) {
        ok(world_->settle());
        const auto verdict = scenario.check(*world_);
        ASSERT_TRUE(verdict) << verdict.error().text();
        EXPECT_TRUE(verdict->is_clean()) << verdict->text();
    }

    std::unique_ptr<CrashWorld> world_;
    std::unique_ptr<SmallDisk> disk_;
};

// A run has begun, and the gate before its effect finds no space.
TEST_F(FullDisk, BetweenFlushAndGateHoldsTheRunsUntilThereIsSpace) {
    hold_reads_of_referrals();
    AnnouncedDeal scenario;
    ok(scenario.act(*world_, "Full disk"));
    wait_for_runs(2);
    fill();
    wait_for_log("a run's batch could not be stored");
    ok(disk_->clear());
    expect_clean(scenario);
    EXPECT_EQ(world_->server().deaths(), 0);
}

// Whatever left without a durable intent would be done a second time.
TEST_F(FullDisk, WithADeathOnTopOfItLosesAndDoublesNothing) {
    hold_reads_of_referrals();
    AnnouncedDeal scenario;
    ok(scenario.act(*world_, "Full disk and death"));
    wait_for_runs(2);
    fill();
    wait_for_log("a run's batch could not be stored");
    world_->server().kill();
    ok(disk_->clear());
    expect_clean(scenario);
}

TEST_F(FullDisk, RefusesWhatIsDeliveredAndTakesItWhenThereIsSpace) {
    fill();
    AnnouncedDeal scenario;
    ok(scenario.act(*world_, "Announced to a full disk"));
    ok(world_->wait_until("a refused delivery", [this]() -> Result<bool> {
        TIDEWAY_TRY_ASSIGN(const Json log, world_->partner_center("GET", "/deliveries"));
        return std::ranges::any_of(log.at("deliveries"), [](const Json& delivery) {
            const Json& attempts = delivery.at("attempts");
            return !attempts.empty() && int_or(attempts.front(), "status", 0) >= 500;
        });
    }));
    ok(disk_->clear());
    expect_clean(scenario);
    EXPECT_EQ(world_->server().deaths(), 0);
}

}  // namespace
}  // namespace tideway::tests
