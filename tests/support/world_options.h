// What a RuntimeWorld is made of.
#pragma once

#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "engine/runtime/run_limits.h"
#include "engine/store/store.h"

namespace tideway::testing {

struct WorldOptions {
    double speed = 1.0;  // of the runtime's clock and timers
    runtime::RunLimits limits{};
    store::Durability durability = store::Durability::kFull;
    std::optional<Timestamp> now{};  // time stands there, and does not run
};

struct FlowText {
    std::string name;
    std::string text;
};

}  // namespace tideway::testing
