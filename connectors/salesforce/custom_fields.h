// Making fields, by the Tooling API.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::salesforce {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

ExchangePtr create_field(const connector::Call& call);

// Whether the field is there, of the type that was asked for.
ExchangePtr probe_field(const connector::Call& call);

}  // namespace tideway::connectors::salesforce
