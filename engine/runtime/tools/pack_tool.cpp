#include "engine/runtime/tools/pack_tool.h"

#include <utility>

namespace tideway::runtime {

std::vector<PackTool> published_tools(const FlowCatalog& catalog) {
    std::vector<PackTool> out;
    for (const std::string& name : catalog.packs()) {
        const auto pack = catalog.pack(name);
        if (!pack) {
            continue;
        }
        for (const auto& [tool, flow] : pack->tools) {
            if (auto entry = published_tool(catalog, name, tool)) {
                out.push_back({tool, std::move(*entry)});
            }
        }
    }
    return out;
}

std::optional<FlowEntry> published_tool(
    const FlowCatalog& catalog, const std::string& pack, std::string_view name
) {
    const auto published = catalog.pack(pack);
    if (!published) {
        return std::nullopt;
    }
    const auto tool = published->tools.find(std::string(name));
    if (tool == published->tools.end()) {
        return std::nullopt;
    }
    auto flow = catalog.flow(pack + "/" + tool->second);
    if (!flow || !flow->published) {
        return std::nullopt;
    }
    return std::move(*flow);
}

}  // namespace tideway::runtime
