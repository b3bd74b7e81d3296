// Salesforce over its REST API: records, queries, feeds, and the changes that they tell.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::salesforce {

std::unique_ptr<connector::Connector> make_connector();

}  // namespace tideway::connectors::salesforce
