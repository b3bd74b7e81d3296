// The sandbox's own time: the clock it was given plus what a test moved it forward, and work that
// falls due in that time. Thread: the loop's.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "engine/base/clock.h"
#include "engine/base/loop.h"

namespace tideway::connectors::partner_center::sandbox_parts {

class VirtualClock final : public Clock {
  public:
    explicit VirtualClock(const Clock& base)
        : base_(base) {}

    Timestamp now() const override { return base_.now() + ahead_; }

    // What who checks a certificate goes by.
    Timestamp base_now() const { return base_.now(); }

    void advance(Duration by) { ahead_ += by; }

    Duration ahead() const { return ahead_; }

  private:
    const Clock& base_;
    Duration ahead_{0};
};

class Schedule {
  public:
    Schedule(Loop& loop, const Clock& clock)
        : loop_(loop),
          clock_(clock) {}

    Schedule(const Schedule&) = delete;
    Schedule& operator=(const Schedule&) = delete;

    void at(Timestamp due, std::function<void()> task);
    // Runs what is due, in order of time. A timer does it too; call it when the clock was moved.
    void run_due();

    void clear() { tasks_.clear(); }

  private:
    void arm();

    Loop& loop_;
    const Clock& clock_;
    std::multimap<Timestamp, std::function<void()>> tasks_;
    std::unique_ptr<Timer> timer_;
};

}  // namespace tideway::connectors::partner_center::sandbox_parts
