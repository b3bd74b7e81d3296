// Looking again at something that cannot tell us when it changes: another process, a service.
#pragma once

#include <chrono>
#include <functional>

#include "engine/base/threading.h"

namespace tideway::tests {

// Lets others work for a moment between two looks. Every loop around it has a deadline.
inline void between_looks(std::chrono::milliseconds interval = std::chrono::milliseconds(10)) {
    Mutex mutex;
    Condition never;
    const Lock lock(mutex);
    never.wait_for(mutex, interval);
}

// Until something counts as never happening: on a busy machine, under a sanitizer.
inline constexpr std::chrono::seconds kPatience{60};

// Waits until something is true that nobody tells us of.
inline bool becomes(const std::function<bool()>& is_true) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!is_true()) {
        if (std::chrono::steady_clock::now() >= deadline) {
            return false;
        }
        between_looks();
    }
    return true;
}

}  // namespace tideway::tests
