// Looking again at something that cannot tell us when it changes: another process, a service.
#pragma once

#include <chrono>

#include "engine/base/threading.h"

namespace tideway::tests {

// Lets others work for a moment between two looks. Every loop around it has a deadline.
inline void between_looks(std::chrono::milliseconds interval = std::chrono::milliseconds(10)) {
    Mutex mutex;
    Condition never;
    const Lock lock(mutex);
    never.wait_for(mutex, interval);
}

}  // namespace tideway::tests
