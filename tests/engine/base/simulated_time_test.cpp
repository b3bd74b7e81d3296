#include "engine/base/simulated_time.h"

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tideway {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class Simulation : public ::testing::Test {
  protected:
    Simulation()
        : thread_([this] { loop_.run(); }) {}

    ~Simulation() override {
        loop_.stop();
        thread_.join();
        timers_.clear();
    }

    // On the loop: notes the word and the time when the delay is over.
    void note_after(Duration delay, const std::string& word) {
        loop_.post([this, delay, word] {
            timers_.push_back(loop_.after(delay, [this, word] {
                noted_.push_back(word + format_utc(time_.now()).substr(10));
            }));
        });
    }

    static Timestamp at(const char* text) { return parse_utc(text).value(); }

    SimulatedTime time_{at("2026-01-05T09:00:00Z")};
    SimulatedLoop loop_{time_};
    std::vector<std::unique_ptr<Timer>> timers_;
    std::vector<std::string> noted_;
    std::thread thread_;
};

TEST_F(Simulation, RunsTimersInTheirOrderAtTheirTimeWithoutWaiting) {
    note_after(hours(5), "c");
    note_after(seconds(1), "a");
    note_after(hours(1), "b");
    note_after(hours(1), "B");
    const auto begun = std::chrono::steady_clock::now();
    time_.go_on([] { return false; }, at("2026-01-05T12:00:00Z"), Duration(0));
    EXPECT_EQ(noted_, (std::vector<std::string>{"aT09:00:01Z", "bT10:00:00Z", "BT10:00:00Z"}));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::minutes(1));
    time_.go_on([] { return false; }, at("2026-01-06T09:00:00Z"), Duration(0));
    EXPECT_EQ(noted_.back(), "cT14:00:00Z");
}

TEST_F(Simulation, StandsStillUntilItIsToldToGoOn) {
    note_after(Duration(1), "early");
    time_.go_on([] { return true; }, at("2026-01-05T09:00:00Z"), Duration(0));
    EXPECT_TRUE(noted_.empty());
    EXPECT_EQ(format_utc(time_.now()), "2026-01-05T09:00:00Z");
}

TEST_F(Simulation, EndsARestAfterItIsOver) {
    note_after(seconds(1), "a");
    note_after(seconds(2), "b");
    note_after(seconds(9), "c");
    time_.go_on([this] { return !noted_.empty(); }, at("2026-01-06T09:00:00Z"), seconds(3));
    EXPECT_EQ(noted_.size(), 2U);
}

TEST_F(Simulation, ForgetsATimerThatIsGone) {
    note_after(seconds(1), "a");
    note_after(seconds(2), "b");
    loop_.post([this] { timers_.erase(timers_.begin()); });
    time_.go_on([] { return false; }, at("2026-01-05T10:00:00Z"), Duration(0));
    EXPECT_EQ(noted_, (std::vector<std::string>{"bT09:00:02Z"}));
}

TEST_F(Simulation, IsTheSameForAllLoopsAndWaitsForEach) {
    SimulatedLoop second(time_);
    std::thread thread([&second] { second.run(); });
    std::unique_ptr<Timer> timer;
    second.post([&] {
        timer = second.after(seconds(2), [this] {
            noted_.push_back("second" + format_utc(time_.now()).substr(10));
            note_after(seconds(1), "first");
        });
    });
    time_.go_on({}, at("2026-01-05T09:30:00Z"));
    EXPECT_EQ(noted_, (std::vector<std::string>{"secondT09:00:02Z", "firstT09:00:03Z"}));
    EXPECT_EQ(format_utc(time_.now()), "2026-01-05T09:30:00Z");
    second.stop();
    thread.join();
}

TEST_F(Simulation, WaitsForWorkOfOtherThreads) {
    time_.begin_work();
    note_after(seconds(1), "timer");
    std::thread other([this] {
        loop_.post([this] { noted_.push_back("work"); });
        time_.end_work();
    });
    time_.go_on([] { return false; }, at("2026-01-05T10:00:00Z"), Duration(0));
    other.join();
    EXPECT_EQ(noted_, (std::vector<std::string>{"work", "timerT09:00:01Z"}));
}

}  // namespace
}  // namespace tideway
