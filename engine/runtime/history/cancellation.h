// Cancelling many runs: each is told, and somebody hears when all have been.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/runtime/runtime.h"

namespace tideway::runtime {

struct CancelReport {
    std::vector<Uid> cancelled;
    std::vector<std::pair<Uid, Error>> failed;  // not those that had ended by then
};

// Thread: any; `done` comes on a thread of the runtime, or at once when there are none.
void cancel_all(
    Runtime& runtime,
    const std::vector<model::RunRecord>& runs,
    const std::string& reason,
    std::function<void(const CancelReport&)> done
);

}  // namespace tideway::runtime
