#include "engine/base/simulated_time.h"

#include <algorithm>

namespace tideway {

void SimulatedTime::end_work() {
    if (--working_ > 0) {
        return;
    }
    const Lock lock(mutex_);
    quiet_.notify_all();
}

SimulatedTime::Key SimulatedTime::add_timer(Duration delay, Due due) {
    const Lock lock(mutex_);
    const Key key{now() + std::max(delay, Duration(0)), ++timers_made_};
    timers_.emplace(key, std::move(due));
    return key;
}

void SimulatedTime::remove_timer(const Key& key) {
    std::map<Key, Due>::node_type gone;  // with what it holds, which may remove timers itself
    const Lock lock(mutex_);
    gone = timers_.extract(key);
}

void SimulatedTime::wait_for_quiet() {
    const Lock lock(mutex_);
    while (working_ > 0) {
        quiet_.wait(mutex_);
    }
}

bool SimulatedTime::bring_next(Timestamp until) {
    Due due;
    {
        const Lock lock(mutex_);
        if (timers_.empty() || timers_.begin()->first.first > until) {
            return false;
        }
        auto next = timers_.extract(timers_.begin());
        now_ = std::max(to_micros(next.key().first), now_.load());
        due = std::move(next.mapped());
    }
    due.loop->post(std::move(due.task));
    return true;
}

void SimulatedTime::go_on(const std::function<bool()>& is_over, Timestamp until, Duration rest) {
    bool is_resting = false;
    do {
        wait_for_quiet();
        if (!is_resting && is_over && is_over()) {
            is_resting = true;
            until = std::min(until, now() + rest);
        }
    } while (bring_next(until));
    now_ = std::max(to_micros(until), now_.load());
}

class SimulatedLoop::Pending final : public Timer {
  public:
    Pending(SimulatedLoop& loop, Duration delay, std::function<void()> task)
        : time_(loop.time_),
          alive_(std::make_shared<bool>(true)) {
        // It may be gone when its time has come and the loop has not got to it yet.
        key_ = time_.add_timer(
            delay,
            {&loop,
             [alive = std::weak_ptr<bool>(alive_), task = std::move(task)] {
                 if (!alive.expired()) {
                     task();
                 }
             }}
        );
    }

    ~Pending() override { time_.remove_timer(key_); }

    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;

  private:
    SimulatedTime& time_;
    std::shared_ptr<bool> alive_;
    SimulatedTime::Key key_;
};

void SimulatedLoop::post(std::function<void()> task) {
    time_.begin_work();
    // Done when the task has run, or is dropped.
    const std::shared_ptr<void> work(nullptr, [&time = time_](void*) { time.end_work(); });
    Loop::post([work, task = std::move(task)] { task(); });
}

std::unique_ptr<Timer> SimulatedLoop::after(Duration delay, std::function<void()> task) {
    return std::make_unique<Pending>(*this, delay, std::move(task));
}

}  // namespace tideway
