// Flows of packs that do something well-known: "tools" of pack.json (docs/crm-columns.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime/flow_catalog.h"

namespace tideway::runtime {

struct PackTool {
    std::string name;  // of the purpose: "preflight"
    FlowEntry flow;
};

inline constexpr const char* kPreflightTool = "preflight";

// Of all packs, as they are published.
std::vector<PackTool> published_tools(const FlowCatalog& catalog);

// Nothing: the pack has no such tool, or none that was ever published.
std::optional<FlowEntry> published_tool(
    const FlowCatalog& catalog, const std::string& pack, std::string_view name
);

}  // namespace tideway::runtime
