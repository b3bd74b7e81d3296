// What a table is made of, and which rights the connection's user holds.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::dataverse {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

ExchangePtr describe_table(const connector::Call& call);
ExchangePtr check_privileges(const connector::Call& call);

// A service's AttributeMetadata as ours: {name, label, type, required, create, update, ...}.
Json described_column(const Json& definition);

}  // namespace tideway::connectors::dataverse
