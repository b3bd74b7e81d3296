// The trigger row_changed_by_polling: rows by the time of their last change.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::dataverse {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

// Events are as row_changed's. A row that was changed several times between two polls is one event;
// one that was deleted is none.
// What tells one change of a row from another, the same in a callback and in a poll: row, version,
// and a digest of what the columns hold that the trigger's `config` watches, if it does.
Json change_of(const Json& row, const Json& config);

ExchangePtr poll_rows(const connector::Poll& poll);

}  // namespace tideway::connectors::dataverse
