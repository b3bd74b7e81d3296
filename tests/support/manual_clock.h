// A clock that moves only when a test says so.
#pragma once

#include "engine/base/clock.h"

namespace tideway::testing_support {

// Thread: the test's.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(Timestamp start = from_micros(1'770'000'000'000'000)) : now_(start) {}

    Timestamp now() const override { return now_; }
    void advance(Duration by) { now_ += by; }

  private:
    Timestamp now_;
};

}  // namespace tideway::testing_support
