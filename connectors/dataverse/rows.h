// Operations on single rows as exchanges, and the probes that settle them.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::dataverse {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

ExchangePtr create_row(const connector::Call& call);
ExchangePtr get_row(const connector::Call& call);
ExchangePtr update_row(const connector::Call& call);
ExchangePtr upsert_row(const connector::Call& call);
ExchangePtr delete_row(const connector::Call& call);

// Whether the row that a create would have made exists: its primary key derives from the
// idempotency key.
ExchangePtr probe_create(const connector::Call& call);
// Whether the row holds what was written.
ExchangePtr probe_update(const connector::Call& call);
ExchangePtr probe_upsert(const connector::Call& call);

// A GUID from the first 16 bytes of an idempotency key; empty when there is none.
std::string client_made_id(std::string_view idempotency_key);

// What an answer to a read or write of one row says: the flat row, or the failure that it means.
tl::expected<Json, connector::Failed> row_of(
    std::string_view table, const http::Response& response, model::EffectClass effect, Timestamp now
);

// `Done` with that row.
connector::Turn done_with_row(const Json& row);

}  // namespace tideway::connectors::dataverse
