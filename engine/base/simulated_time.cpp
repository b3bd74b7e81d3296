#include "engine/base/simulated_time.h"

#include <algorithm>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace tideway {

class SimulatedLoop::Pending final : public Timer {
  public:
    Pending(SimulatedLoop& loop, Key key)
        : loop_(loop),
          key_(key) {}

    ~Pending() override { loop_.timers_.erase(key_); }

    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;

  private:
    SimulatedLoop& loop_;
    Key key_;
};

std::unique_ptr<Timer> SimulatedLoop::after(Duration delay, std::function<void()> task) {
    const Key key{time_.now() + std::max(delay, Duration(0)), ++timers_made_};
    timers_.emplace(key, std::move(task));
    return std::make_unique<Pending>(*this, key);
}

void SimulatedLoop::run() {
    const auto guard = boost::asio::make_work_guard(context());
    while (!context().stopped()) {
        // In this order: what other threads finished before is in the queue by now.
        const bool is_alone = !time_.is_work_under_way();
        if (context().poll() > 0 || (is_alone && step())) {
            continue;
        }
        context().run_one();
    }
}

// The next thing that time brings. False: nothing is to come, or nobody waits for it.
bool SimulatedLoop::step() {
    if (!goal_) {
        return false;
    }
    if (goal_->is_over && goal_->is_over()) {
        goal_->is_over = nullptr;
        goal_->until = std::min(goal_->until, time_.now() + goal_->rest);
    }
    if (timers_.empty() || timers_.begin()->first.first > goal_->until) {
        goal_->reached.set_value();
        goal_.reset();
        return false;
    }
    auto next = timers_.extract(timers_.begin());
    time_.advance_to(std::max(next.key().first, time_.now()));
    next.mapped()();
    return true;
}

void SimulatedLoop::go_on(std::function<bool()> is_over, Timestamp until, Duration rest) {
    auto goal = std::make_unique<Goal>();
    goal->is_over = std::move(is_over);
    goal->until = until;
    goal->rest = rest;
    auto reached = goal->reached.get_future();
    auto shared = std::make_shared<std::unique_ptr<Goal>>(std::move(goal));
    post([this, shared] { goal_ = std::move(*shared); });
    reached.wait();
}

}  // namespace tideway
