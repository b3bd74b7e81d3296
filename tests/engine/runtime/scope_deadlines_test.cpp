#include "engine/runtime/deadlines/scope_deadlines.h"

#include <gtest/gtest.h>

#include "tests/support/manual_executor.h"

namespace tideway::testing {
namespace {

using std::chrono::seconds;

const Timestamp kStart = *parse_utc("2026-03-01T10:00:00Z");

TEST(ScopeDeadlines, AreLateForTheStepsInsideFromTheirTimeOn) {
    runtime::ScopeDeadlines deadlines;
    deadlines.enter("A/Scope", kStart + seconds(10));
    EXPECT_EQ(deadlines.late_around("A/Scope/Step", kStart + seconds(9)), nullptr);
    ASSERT_NE(deadlines.late_around("A/Scope/Step", kStart + seconds(10)), nullptr);
    EXPECT_EQ(*deadlines.late_around("A/Scope/Loop[2]/Step", kStart + seconds(10)), "A/Scope");
    for (const char* outside : {"A/Scope", "A/Scope#2/Step", "A/Scopes/Step", "A/Step", "Step"}) {
        EXPECT_EQ(deadlines.late_around(outside, kStart + seconds(10)), nullptr) << outside;
    }
}

TEST(ScopeDeadlines, OfTheOutermostLateScopeCount) {
    runtime::ScopeDeadlines deadlines;
    deadlines.enter("A", kStart + seconds(20));
    deadlines.enter("A/B", kStart + seconds(10));
    EXPECT_EQ(*deadlines.late_around("A/B/Step", kStart + seconds(15)), "A/B");
    EXPECT_EQ(*deadlines.late_around("A/B/Step", kStart + seconds(20)), "A");
    EXPECT_EQ(deadlines.next(kStart), kStart + seconds(10));
    EXPECT_EQ(deadlines.next(kStart + seconds(10)), kStart + seconds(20));
    deadlines.leave("A");
    EXPECT_EQ(*deadlines.late_around("A/B/Step", kStart + seconds(20)), "A/B");
    EXPECT_EQ(deadlines.next(kStart + seconds(10)), std::nullopt);
}

TEST(ScopeDeadlines, AreWatchedOneAfterTheOther) {
    testing_support::ManualExecutor executor;
    runtime::ScopeDeadlines deadlines;
    int told = 0;
    const Timestamp now = executor.clock().now();
    deadlines.enter("A", now + seconds(10));
    deadlines.watch(executor, now, [&told] { ++told; });
    deadlines.enter("B", now + seconds(5));
    deadlines.watch(executor, now, [&told] { ++told; });
    executor.run_for(seconds(5));
    EXPECT_EQ(told, 1) << "the earlier one took its place";
    deadlines.leave("A");
    deadlines.leave("B");
    deadlines.watch(executor, executor.clock().now(), [&told] { ++told; });
    executor.run_for(seconds(60));
    EXPECT_EQ(told, 1) << "a scope that has ended is not watched";
}

}  // namespace
}  // namespace tideway::testing
