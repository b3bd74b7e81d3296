// The connections that a flow uses, and what is missing of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/connector/connections.h"
#include "engine/connector/registry.h"
#include "engine/runtime/flow_catalog.h"

namespace tideway::runtime {

struct UsedConnection {
    std::string reference;         // as the flow calls it
    std::string connector;         // the reference's; empty: the pack does not declare it
    std::string connection;        // that is bound to it
    std::optional<Error> problem;  // it is not there
};

// One that may be called without signing in can be called without a connection.
bool needs_connection(const model::ConnectorSpec* spec);

// Of the published flow, in the order in which it names them. Thread: any.
std::vector<UsedConnection> used_connections(
    const FlowEntry& flow,
    const FlowCatalog& catalog,
    const connector::Registry& registry,
    const connector::Connections& connections
);

}  // namespace tideway::runtime
