#include "engine/runtime/health/connection_budget.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace tideway::runtime {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

connector::Quota left(std::int64_t remaining) {
    return {"requests in 5 minutes", remaining, minutes(5)};
}

TEST(DayLimit, IsWhatIsLeftOfTheCallsOfTheDay) {
    const Timestamp noon = *parse_utc("2026-05-04T12:00:00Z");
    const auto day = std::chrono::floor<std::chrono::days>(noon);
    EXPECT_EQ(day_limit(10000, {day, 8000, 0}, noon).remaining, 2000);
    EXPECT_EQ(day_limit(10000, {day, 10001, 0}, noon).remaining, 0);
    EXPECT_EQ(day_limit(10000, {day, 8000, 0}, noon + std::chrono::hours(12)).remaining, 10000);
}

TEST(DayLimit, IsForetoldByThePaceOfTheDaySoFar) {
    const Timestamp noon = *parse_utc("2026-05-04T12:00:00Z");
    const auto day = std::chrono::floor<std::chrono::days>(noon);
    EXPECT_EQ(
        day_limit(10000, {day, 8000, 0}, noon).used_up_at, *parse_utc("2026-05-04T15:00:00Z")
    );
    EXPECT_FALSE(day_limit(10000, {day, 5000, 0}, noon).used_up_at);
    EXPECT_FALSE(day_limit(10000, {day, 0, 0}, noon).used_up_at);
    EXPECT_FALSE(day_limit(10000, {day, 9000, 0}, *parse_utc("2026-05-04T00:30:00Z")).used_up_at);
}

class ConnectionBudgetTest : public ::testing::Test {
  protected:
    void answer(std::int64_t remaining) { budget_.note(200, left(remaining), clock_.now()); }

    testing_support::ManualClock clock_;
    ConnectionBudget budget_;
};

TEST_F(ConnectionBudgetTest, CountsRequestsAndThrottledOnesOfTheDay) {
    budget_.note(200, std::nullopt, clock_.now());
    budget_.note(429, std::nullopt, clock_.now());
    EXPECT_EQ(budget_.use(clock_.now()).requests, 2);
    EXPECT_EQ(budget_.use(clock_.now()).throttled, 1);
    clock_.advance(std::chrono::hours(24));
    EXPECT_EQ(budget_.use(clock_.now()).requests, 0);
}

TEST_F(ConnectionBudgetTest, GoesOnCountingAfterARestart) {
    budget_.note(200, std::nullopt, clock_.now());
    ConnectionBudget restored(budget_.use(clock_.now()));
    restored.note(200, std::nullopt, clock_.now());
    EXPECT_EQ(restored.use(clock_.now()).requests, 2);
}

TEST_F(ConnectionBudgetTest, ForetellsWhenTheQuotaIsUsedUp) {
    answer(1000);
    clock_.advance(seconds(20));
    answer(800);
    EXPECT_EQ(budget_.used_up_at(clock_.now()), clock_.now() + seconds(80));
}

TEST_F(ConnectionBudgetTest, ForetellsNothingWhenTheWindowGivesBackInTime) {
    answer(6000);
    clock_.advance(seconds(60));
    answer(5900);
    EXPECT_FALSE(budget_.used_up_at(clock_.now()));
    EXPECT_EQ(budget_.quota(clock_.now())->remaining, 5900);
}

TEST_F(ConnectionBudgetTest, BeginsANewPaceWhenTheServiceHasGivenBack) {
    answer(1000);
    clock_.advance(seconds(20));
    answer(100);
    clock_.advance(seconds(20));
    answer(6000);
    EXPECT_FALSE(budget_.used_up_at(clock_.now()));
}

TEST_F(ConnectionBudgetTest, ForgetsAQuotaThatIsOlderThanItsWindow) {
    answer(10);
    clock_.advance(minutes(5));
    EXPECT_FALSE(budget_.quota(clock_.now()));
}

}  // namespace
}  // namespace tideway::runtime
