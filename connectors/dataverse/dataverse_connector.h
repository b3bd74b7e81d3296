// Microsoft Dataverse (Dynamics 365): rows, queries, actions, batches and row callbacks over its
// Web API.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::dataverse {

// Thread: any; stateless.
std::unique_ptr<connector::Connector> make_connector();

}  // namespace tideway::connectors::dataverse
