// The outside world of a case where it calls back: calls the addresses that wait_for_callback
// makes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/loop.h"
#include "engine/base/threading.h"
#include "engine/runtime/cases/case.h"
#include "engine/runtime/runtime.h"

namespace tideway::runtime {

// Thread: the shard's, but for what is said otherwise.
class CaseCallbacks {
  public:
    CaseCallbacks(std::vector<CaseCallback> planned, Loop& loop, Runtime& runtime);

    // An address was made for the run that waits at `path`.
    void on_address(const std::string& path, const std::string& token);

    // Those that no run took. Thread: any.
    std::vector<CaseCallback> untaken() const;

  private:
    struct Planned {
        CaseCallback callback;
        std::unique_ptr<Timer> timer;  // set: its address is there
        bool is_taken = false;
    };

    void call(std::size_t index, const std::string& token);

    Loop& loop_;
    Runtime& runtime_;
    mutable Mutex mutex_;
    std::vector<Planned> planned_ TIDEWAY_GUARDED_BY(mutex_);
};

}  // namespace tideway::runtime
