#include "engine/runtime/health/connection_health.h"

#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "tests/support/manual_clock.h"

namespace tideway::runtime {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Error unreachable() {
    Error error;
    error.kind = ErrorKind::kUnavailable;
    error.code = "ConnectionRefused";
    error.message = "The service is down.";
    return error;
}

Error answer_with(int status) {
    Error error;
    error.kind = ErrorKind::kThrottled;
    error.http_status = status;
    error.message = "Rate limit is exceeded.";
    return error;
}

class ConnectionHealthTest : public ::testing::Test {
  protected:
    ConnectionUser step(model::RunId run, const std::string& path = "Step") const {
        return {run, path, from_micros(run)};  // later runs have fresher events
    }

    bool fails(model::RunId run, const Error& error, int attempts = 1, bool is_last = true) {
        return health_.failed({step(run), error, attempts, is_last}, now());
    }

    Timestamp now() const { return clock_.now(); }

    std::vector<model::RunId> released() {
        std::vector<model::RunId> runs;
        for (const ConnectionUser& user : health_.release(now())) {
            runs.push_back(user.run);
        }
        return runs;
    }

    // Goes to the moment of the next release.
    void wait_for_look() {
        const auto next = health_.next_look();
        ASSERT_TRUE(next);
        clock_.advance(std::max(Duration(0), *next - now()));
    }

    testing_support::ManualClock clock_;
    ConnectionHealth health_;
};

TEST_F(ConnectionHealthTest, LetsEverybodySendWhileNothingIsWrong) {
    EXPECT_TRUE(health_.ask(step(1), now()));
    EXPECT_FALSE(health_.outage());
    EXPECT_FALSE(health_.next_look());
}

TEST_F(ConnectionHealthTest, IsUnavailableWhenAStepHasUsedUpItsRetries) {
    EXPECT_TRUE(fails(1, unreachable()));
    ASSERT_TRUE(health_.outage());
    EXPECT_EQ(health_.outage()->reason, "The service is down.");
    EXPECT_EQ(health_.outage()->since, now());
    EXPECT_FALSE(health_.ask(step(1), now()));
    EXPECT_EQ(health_.waiting(), 1U);
}

TEST_F(ConnectionHealthTest, IsUnavailableAfterFailuresOfManyRunsInARow) {
    for (int i = 1; i < limits::kConnectionFailuresMax; ++i) {
        EXPECT_FALSE(fails(i, unreachable(), 1, false));
    }
    EXPECT_TRUE(fails(99, unreachable(), 1, false));
}

TEST_F(ConnectionHealthTest, IsNotBlamedForARequestThatFailsWhileOthersAreAnswered) {
    fails(1, unreachable(), 1, false);
    health_.answered(now());
    fails(1, unreachable(), 2, false);
    health_.answered(now());
    EXPECT_FALSE(fails(1, unreachable(), 3, true));
    EXPECT_FALSE(health_.outage());
}

TEST_F(ConnectionHealthTest, TakesThrottlingForAnOutageOnlyWhenTheRetriesAreUsedUp) {
    for (int i = 0; i < 3 * limits::kConnectionFailuresMax; ++i) {
        EXPECT_FALSE(fails(1, answer_with(429), 1, false));
    }
    EXPECT_TRUE(fails(1, answer_with(429), 5, true));
}

TEST_F(ConnectionHealthTest, WaitsAsLongAsTheServiceAsksBeforeItProbes) {
    Error error = answer_with(429);
    error.retry_after = hours(2);
    fails(1, error);
    health_.ask(step(1), now());
    EXPECT_EQ(*health_.next_look() - now(), hours(2));
}

TEST_F(ConnectionHealthTest, LetsOneWaitingRunProbeAtATimeTheFreshestFirst) {
    fails(1, unreachable());
    for (const model::RunId run : {1, 2, 3}) {
        EXPECT_FALSE(health_.ask(step(run), now()));
    }
    EXPECT_TRUE(released().empty());
    wait_for_look();
    EXPECT_EQ(released(), std::vector<model::RunId>{3});
    EXPECT_TRUE(health_.ask(step(3), now()));
    EXPECT_FALSE(health_.ask(step(2), now()));
    EXPECT_TRUE(released().empty());
}

TEST_F(ConnectionHealthTest, ProbesWithAnotherRunNextTime) {
    fails(1, unreachable());
    health_.ask(step(1), now());
    health_.ask(step(2), now());
    wait_for_look();
    EXPECT_EQ(released(), std::vector<model::RunId>{2});
    EXPECT_TRUE(fails(2, unreachable()));
    EXPECT_FALSE(health_.ask(step(2), now()));
    wait_for_look();
    EXPECT_EQ(released(), std::vector<model::RunId>{1});
}

TEST_F(ConnectionHealthTest, ChoosesAnotherProbeWhenOneIsNotHeardOfAgain) {
    fails(1, unreachable());
    health_.ask(step(1), now());
    health_.ask(step(2), now());
    wait_for_look();
    EXPECT_EQ(released(), std::vector<model::RunId>{2});
    clock_.advance(limits::kConnectionProbeTimeout);
    EXPECT_EQ(released(), std::vector<model::RunId>{1});
}

TEST_F(ConnectionHealthTest, ProbesWithANewRunWhenNobodyWaits) {
    fails(1, unreachable());
    health_.forget(1);
    clock_.advance(limits::kConnectionProbeFirst);
    EXPECT_TRUE(health_.ask(step(7), now()));
    EXPECT_FALSE(health_.ask(step(8), now()));
}

TEST_F(ConnectionHealthTest, ProbesAtOnceWhenSomebodyHasRepairedIt) {
    fails(1, unreachable());
    health_.ask(step(1), now());
    health_.probe_now(now());
    EXPECT_EQ(released(), std::vector<model::RunId>{1});
}

TEST_F(ConnectionHealthTest, ProbesAtOnceAfterARestart) {
    ConnectionHealth restored(model::Outage{now(), "The service is down."}, now());
    EXPECT_FALSE(restored.ask(step(1), now()) && restored.ask(step(2), now()));
    EXPECT_TRUE(restored.outage());
}

TEST_F(ConnectionHealthTest, LetsRunsGoInAGrowingNumberTheFreshestFirst) {
    fails(1, unreachable());
    for (model::RunId run = 1; run <= 100; ++run) {
        health_.ask(step(run), now());
    }
    wait_for_look();
    ASSERT_EQ(released(), std::vector<model::RunId>{100});
    health_.answered(now());
    EXPECT_FALSE(health_.outage());
    EXPECT_EQ(released(), std::vector<model::RunId>{99});
    EXPECT_TRUE(released().empty()) << "not before the next second";
    clock_.advance(seconds(1));
    EXPECT_EQ(released(), (std::vector<model::RunId>{98, 97}));
    clock_.advance(seconds(1));
    EXPECT_EQ(released().size(), 4U);
    int rounds = 0;
    while (health_.waiting() > 0 && rounds < 20) {
        clock_.advance(seconds(1));
        EXPECT_LE(released().size(), static_cast<std::size_t>(limits::kConnectionReleasesMax));
        ++rounds;
    }
    EXPECT_LE(rounds, 6);
    EXPECT_FALSE(health_.next_look());
}

TEST_F(ConnectionHealthTest, DoesNotStopARunAgainThatItHasLetGo) {
    fails(1, unreachable());
    for (model::RunId run = 1; run <= 9; ++run) {
        health_.ask(step(run), now());
    }
    wait_for_look();
    released();
    health_.answered(now());
    EXPECT_TRUE(health_.ask(step(9, "Next step"), now()));
    EXPECT_FALSE(health_.ask(step(10), now())) << "a new run takes its turn, as the freshest";
    EXPECT_EQ(released(), std::vector<model::RunId>{10});
}

TEST_F(ConnectionHealthTest, LetsFewerRunsGoWhenTheServiceThrottles) {
    fails(1, unreachable());
    for (model::RunId run = 1; run <= 100; ++run) {
        health_.ask(step(run), now());
    }
    wait_for_look();
    released();
    health_.answered(now());
    for (int i = 0; i < 4; ++i) {
        released();
        clock_.advance(seconds(1));
    }
    EXPECT_FALSE(fails(99, answer_with(429), 1, false));
    EXPECT_EQ(released().size(), 8U) << "16 would have been next";
}

TEST_F(ConnectionHealthTest, KeepsProbesRareWhenItFailsAgainBeforeEverybodyIsGone) {
    fails(1, unreachable());
    for (model::RunId run = 1; run <= 9; ++run) {
        health_.ask(step(run), now());
    }
    for (int i = 0; i < 3; ++i) {
        wait_for_look();
        const auto probe = released();
        ASSERT_EQ(probe.size(), 1U);
        fails(probe.front(), unreachable());
        health_.ask(step(probe.front()), now());
    }
    wait_for_look();
    released();
    health_.answered(now());
    EXPECT_TRUE(fails(9, unreachable()));
    EXPECT_EQ(*health_.next_look() - now(), 8 * limits::kConnectionProbeFirst);
}

// Six hours of silence with three hundred runs: what the service sees of it.
TEST_F(ConnectionHealthTest, SendsFewRequestsDuringALongOutageAndReleasesEverybodyAfterIt) {
    constexpr model::RunId kRuns = 300;
    const Timestamp end = now() + hours(6);
    int requests = 0;
    std::set<model::RunId> done;
    const auto attempt = [&](model::RunId run) {
        while (health_.ask(step(run), now())) {
            ++requests;
            if (now() >= end) {
                health_.answered(now());
                done.insert(run);
                return;
            }
            fails(run, unreachable(), 1, false);
        }
    };
    for (model::RunId run = 1; run <= kRuns; ++run) {
        attempt(run);
        clock_.advance(minutes(1));
    }
    while (health_.next_look() && now() < end + hours(1)) {
        wait_for_look();
        for (const model::RunId run : released()) {
            attempt(run);
        }
    }
    EXPECT_EQ(done.size(), static_cast<std::size_t>(kRuns));
    EXPECT_LT(requests - kRuns, 100);
    EXPECT_LT(now() - end, minutes(6));
}

TEST(Blame, IsOnTheConnectionForWhatEveryRequestWouldMeet) {
    EXPECT_EQ(blame_of(401), Blame::kUnreachable);
    EXPECT_EQ(blame_of(503), Blame::kUnreachable);
    EXPECT_EQ(blame_of(429), Blame::kThrottled);
    EXPECT_EQ(blame_of(unreachable()), Blame::kUnreachable);
}

TEST(Blame, IsOnTheRequestForWhatConcernsItAlone) {
    for (const int status : {200, 400, 403, 404, 409, 412, 500, 501}) {
        EXPECT_EQ(blame_of(status), Blame::kNone) << status;
    }
    Error forbidden;
    forbidden.kind = ErrorKind::kForbidden;
    EXPECT_EQ(blame_of(forbidden), Blame::kNone);
}

}  // namespace
}  // namespace tideway::runtime
