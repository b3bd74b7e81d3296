// Places where a crash must lose and double nothing: around every commit, send and receive. The
// crash tests let the program die at the n-th of them; otherwise a visit costs two comparisons.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace tideway {

// Thread: any.
class CrashPoints {
  public:
    // `die_at` is the number of the visit at which the process kills itself with SIGKILL; 0: never.
    // Every visit is written as one line (its place) at the end of the file `report`; empty:
    // nowhere.
    explicit CrashPoints(std::int64_t die_at = 0, const std::string& report = {});
    ~CrashPoints();
    CrashPoints(const CrashPoints&) = delete;
    CrashPoints& operator=(const CrashPoints&) = delete;

    // `place` is one of "before commit", "after commit", "before send", "after send", "receive",
    // and of installing packs "pack staged", "pack named", "pack linked", "pack live", "pack
    // unlinked".
    void visit(std::string_view place);

    std::int64_t visits() const { return visits_.load(); }

  private:
    std::int64_t die_at_;
    int report_;  // file descriptor; -1: none
    std::atomic<std::int64_t> visits_{0};
};

}  // namespace tideway
