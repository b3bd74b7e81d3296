// A clock that moves only when a test says so.
#pragma once

#include <atomic>
#include <chrono>

#include "engine/base/clock.h"

namespace tideway::testing_support {

// Thread: the test's.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(Timestamp start = from_micros(1'770'000'000'000'000))
        : now_(start) {}

    Timestamp now() const override { return now_; }

    void advance(Duration by) { now_ += by; }

  private:
    Timestamp now_;
};

// Goes `speed` times as fast as the system's clock until a test sets it; then it stands. Thread:
// any.
class SettableClock final : public Clock {
  public:
    explicit SettableClock(double speed = 1.0)
        : speed_(speed) {}

    Timestamp now() const override {
        if (const std::int64_t micros = micros_; micros != 0) {
            return from_micros(micros);
        }
        const auto real = std::chrono::steady_clock::now() - started_;
        return epoch_ + std::chrono::duration_cast<Duration>(real * speed_);
    }

    void set(Timestamp at) { micros_ = to_micros(at); }

    void advance(Duration by) { set(now() + by); }

  private:
    const double speed_;
    const Timestamp epoch_ = SystemClock().now();
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::atomic<std::int64_t> micros_{0};
};

}  // namespace tideway::testing_support
