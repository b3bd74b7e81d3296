// Places where a crash must lose and double nothing: around every commit, send and receive. The crash
// tests let the program die at the n-th of them; otherwise a visit costs one comparison.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace tideway {

// Thread: any.
class CrashPoints {
  public:
    // `die_at` is the number of the visit at which the process kills itself with SIGKILL; 0: never.
    explicit CrashPoints(std::int64_t die_at = 0) : die_at_(die_at) {}

    // `place` is one of "before commit", "after commit", "before send", "after send", "receive".
    void visit(std::string_view place);

    std::int64_t visits() const { return visits_.load(); }

  private:
    std::int64_t die_at_;
    std::atomic<std::int64_t> visits_{0};
};

}  // namespace tideway
