// What a pack's connection references mean now.
#pragma once

#include <string>

#include "engine/connector/registry.h"
#include "engine/runtime/flow_catalog.h"
#include "engine/runtime/resubmit/step_plan.h"

namespace tideway::runtime {

// Of "<reference>.<operation>" in the pack. Both are borrowed.
FindOperation operations_of(
    const FlowCatalog& catalog, const connector::Registry& registry, std::string pack
);

// The connection that a reference of "<reference>.<operation>" is bound to, else the reference.
std::string connection_of(
    const FlowCatalog& catalog, const std::string& pack, std::string_view operation
);

}  // namespace tideway::runtime
