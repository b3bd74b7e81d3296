// Lists of rows and their changes, page by page.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::dataverse {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

ExchangePtr list_rows(const connector::Call& call);

// Without a token: all rows, and a token for what changes from now on. With one: what changed
// since. The token is the query of the service's delta link, never its host. Code
// "DeltaTokenExpired": start again without a token.
ExchangePtr track_changes(const connector::Call& call);

}  // namespace tideway::connectors::dataverse
