// The test of a connection: who the user is, and which rights it has on the objects. Reads only.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::salesforce {

std::unique_ptr<connector::Exchange> test_connection(const Json& settings);

}  // namespace tideway::connectors::salesforce
