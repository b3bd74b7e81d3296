// Page layouts, by the Tooling API. Nothing is ever taken off a layout.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::salesforce {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

ExchangePtr list_layouts(const connector::Call& call);

// Reads the layout first: fields that are on it stay where they are. So a repeat adds nothing.
ExchangePtr add_to_layout(const connector::Call& call);

}  // namespace tideway::connectors::salesforce
