// An executor on a clock that moves only when a test says so.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "engine/base/loop.h"
#include "tests/support/manual_clock.h"

namespace tideway::testing_support {

// Thread: the test's.
class ManualExecutor final : public Executor {
  public:
    const Clock& clock() const { return clock_; }

    void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }

    std::unique_ptr<Timer> after(Duration delay, std::function<void()> task) override {
        auto timer = std::make_unique<Pending>();
        timers_.emplace(
            clock_.now() + delay,
            [alive = std::weak_ptr<bool>(timer->alive), task = std::move(task)] {
                if (!alive.expired()) {
                    task();
                }
            }
        );
        return timer;
    }

    // Runs what is due now and within `time` from now, in order.
    void run_for(Duration time = Duration(0)) {
        const Timestamp end = clock_.now() + time;
        run_tasks();
        while (!timers_.empty() && timers_.begin()->first <= end) {
            auto due = timers_.extract(timers_.begin());
            clock_.advance(due.key() - clock_.now());
            due.mapped()();
            run_tasks();
        }
        clock_.advance(end - clock_.now());
    }

  private:
    struct Pending final : Timer {
        std::shared_ptr<bool> alive = std::make_shared<bool>(true);
    };

    void run_tasks() {
        while (!tasks_.empty()) {
            const auto task = std::move(tasks_.front());
            tasks_.pop_front();
            task();
        }
    }

    ManualClock clock_;
    std::deque<std::function<void()>> tasks_;
    std::multimap<Timestamp, std::function<void()>> timers_;
};

}  // namespace tideway::testing_support
