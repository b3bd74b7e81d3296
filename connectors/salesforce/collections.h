// Writes of many records in one request, each with a result of its own; and composite requests.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::salesforce {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

ExchangePtr create_records(const connector::Call& call);
ExchangePtr update_records(const connector::Call& call);
ExchangePtr delete_records(const connector::Call& call);
ExchangePtr composite(const connector::Call& call);

// Whether every record holds what was written to it.
ExchangePtr probe_update_records(const connector::Call& call);

}  // namespace tideway::connectors::salesforce
