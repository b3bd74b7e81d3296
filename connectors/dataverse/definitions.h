// Making tables, columns and alternate keys, and publishing what was customized.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::dataverse {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

ExchangePtr create_table(const connector::Call& call);
ExchangePtr create_column(const connector::Call& call);
ExchangePtr create_key(const connector::Call& call);
ExchangePtr publish_customizations(const connector::Call& call);

// Whether the table, the column, or the key is there as asked.
ExchangePtr probe_table(const connector::Call& call);
ExchangePtr probe_column(const connector::Call& call);
ExchangePtr probe_key(const connector::Call& call);

}  // namespace tideway::connectors::dataverse
