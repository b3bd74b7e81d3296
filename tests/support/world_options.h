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
    bool has_brake = false;          // the pack asks for it
};

// Of the pack that the flows of a world make.
inline std::string pack_json(const WorldOptions& options) {
    const std::string brake = options.has_brake ? "true" : "false";
    return R"({"name":"test","version":"1.0.0","brake":)" + brake +
           R"(,"connections":{"ledger":{"connector":"ledger"}},
               "variables":{"greeting":{"type":"String","default":"hello"},
                 "ratio":{"type":"Number"},"enabled":{"type":"Yes/No","default":true},
                 "days":{"type":"JSON"},"token":{"type":"Secret"}}})";
}

struct FlowText {
    std::string name;
    std::string text;
};

}  // namespace tideway::testing
