// Time that goes on only when nothing else is left to do: delays and retries take none of the
// tester's. A simulated clock, and the loop of one shard whose timers follow it.
#pragma once

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <utility>

#include "engine/base/loop.h"

namespace tideway {

// Thread: any.
class SimulatedTime final : public Clock {
  public:
    explicit SimulatedTime(Timestamp start)
        : now_(to_micros(start)) {}

    Timestamp now() const override { return from_micros(now_); }

    void advance_to(Timestamp at) { now_ = to_micros(at); }

    // Work of other threads that will post to the loop: time stands still until it has.
    void begin_work() { ++working_; }

    void end_work() { --working_; }

    bool is_work_under_way() const { return working_ > 0; }

  private:
    std::atomic<std::int64_t> now_;
    std::atomic<int> working_ = 0;
};

// Thread: as Loop; go_on() from a thread that is not the loop's.
class SimulatedLoop final : public Loop {
  public:
    explicit SimulatedLoop(SimulatedTime& time)
        : time_(time) {}

    std::unique_ptr<Timer> after(Duration delay, std::function<void()> task) override;
    void run() override;

    // Blocks until `is_over` holds and `rest` more has passed, or no time is left before `until`.
    // `is_over` is called on the loop's thread.
    void go_on(std::function<bool()> is_over, Timestamp until, Duration rest);

  private:
    class Pending;
    using Key = std::pair<Timestamp, std::int64_t>;  // when due, and in which order it was asked

    struct Goal {
        std::function<bool()> is_over;
        Timestamp until;
        Duration rest;
        std::promise<void> reached;
    };

    bool step();

    SimulatedTime& time_;
    std::int64_t timers_made_ = 0;
    std::map<Key, std::function<void()>> timers_;
    std::unique_ptr<Goal> goal_;
};

}  // namespace tideway
