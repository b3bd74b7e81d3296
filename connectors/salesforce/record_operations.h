// Operations on single records as exchanges, and the probes that settle them.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::salesforce {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

ExchangePtr get_record(const connector::Call& call);
ExchangePtr get_record_by_external_id(const connector::Call& call);
ExchangePtr create_record(const connector::Call& call);
ExchangePtr update_record(const connector::Call& call);
ExchangePtr upsert_record(const connector::Call& call);
ExchangePtr delete_record(const connector::Call& call);

// Whether a record was made since the intent that holds what the fields of `match` were to hold.
ExchangePtr probe_create(const connector::Call& call);
// Whether the record holds what was written.
ExchangePtr probe_update(const connector::Call& call);
ExchangePtr probe_upsert(const connector::Call& call);

}  // namespace tideway::connectors::salesforce
