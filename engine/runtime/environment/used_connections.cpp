#include "engine/runtime/environment/used_connections.h"

#include <utility>

namespace tideway::runtime {

namespace {

Error not_made(const UsedConnection& used) {
    Error out;
    out.kind = ErrorKind::kConflict;
    out.code = "ConnectionNotFound";
    out.message = "The connection reference '" + used.reference + "' has no connection.";
    out.remedy =
        "Make one: tideway connections add " + used.connector + " --name " + used.connection;
    return out;
}

}  // namespace

bool needs_connection(const model::ConnectorSpec* spec) {
    return spec != nullptr && !spec->auth.empty() && spec->auth.front() != "none";
}

std::vector<UsedConnection> used_connections(
    const FlowEntry& flow,
    const FlowCatalog& catalog,
    const connector::Registry& registry,
    const connector::Connections& connections
) {
    std::vector<UsedConnection> out;
    if (!flow.published) {
        return out;
    }
    for (const std::string& reference : flow.published->declaration.connections) {
        UsedConnection& used = out.emplace_back();
        used.reference = reference;
        const auto binding = catalog.binding(flow.row.pack, reference);
        if (!binding) {
            used.problem = binding.error();
            continue;
        }
        used.connector = binding->connector;
        used.connection = binding->connection;
        if (needs_connection(registry.spec(used.connector)) && !connections.get(used.connection)) {
            used.problem = not_made(used);
        }
    }
    return out;
}

}  // namespace tideway::runtime
