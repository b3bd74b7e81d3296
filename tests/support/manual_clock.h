// A clock that moves only when a test says so.
#pragma once

#include <atomic>

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

// The system's clock until a test sets it; then it stands. Thread: any.
class SettableClock final : public Clock {
  public:
    Timestamp now() const override {
        const std::int64_t micros = micros_;
        return micros == 0 ? SystemClock().now() : from_micros(micros);
    }

    void set(Timestamp at) { micros_ = to_micros(at); }

    void advance(Duration by) { set(now() + by); }

  private:
    std::atomic<std::int64_t> micros_{0};
};

}  // namespace tideway::testing_support
