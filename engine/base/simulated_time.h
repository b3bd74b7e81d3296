// Time that goes on only when nothing else is left to do: delays, retries and hours of waiting take
// none of the tester's. One simulated clock, and any number of loops whose timers follow it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "engine/base/loop.h"

namespace tideway {

// Thread: any; go_on() from one that is no loop's.
class SimulatedTime final : public Clock {
  public:
    explicit SimulatedTime(Timestamp start)
        : now_(to_micros(start)) {}

    Timestamp now() const override { return from_micros(now_); }

    // Work that will post to a loop, or that was posted: time stands still until it is done.
    void begin_work() { ++working_; }

    void end_work();

    // Lets time go on, timer by timer, until `is_over` holds and `rest` more has passed, or until
    // `until`, which it is then. `is_over` is called while nothing is under way.
    void go_on(const std::function<bool()>& is_over, Timestamp until, Duration rest = Duration(0));

  private:
    friend class SimulatedLoop;
    using Key = std::pair<Timestamp, std::int64_t>;  // when due, and in which order it was asked

    struct Due {
        Loop* loop = nullptr;
        std::function<void()> task;
    };

    Key add_timer(Duration delay, Due due);
    void remove_timer(const Key& key);
    void wait_for_quiet();
    // False: nothing is due before `until`.
    bool bring_next(Timestamp until);

    std::atomic<std::int64_t> now_;
    std::atomic<std::int64_t> working_ = 0;
    Mutex mutex_;
    Condition quiet_;
    std::int64_t timers_made_ TIDEWAY_GUARDED_BY(mutex_) = 0;
    std::map<Key, Due> timers_ TIDEWAY_GUARDED_BY(mutex_);
};

// Thread: as Loop.
class SimulatedLoop final : public Loop {
  public:
    explicit SimulatedLoop(SimulatedTime& time)
        : time_(time) {}

    void post(std::function<void()> task) override;
    std::unique_ptr<Timer> after(Duration delay, std::function<void()> task) override;

  private:
    class Pending;
    SimulatedTime& time_;
};

}  // namespace tideway
