// What every OData service needs: query strings, links that may be followed, ids without
// randomness. Thread: any.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/json.h"
#include "engine/connector/connector.h"

namespace tideway::connector {

// A GUID that depends on `seed` only: request ids need no randomness, so a replay sends the same.
std::string stable_guid(std::string_view seed);

// "$filter" -> "status eq 'New'". Fields with empty values are left out.
using QueryOptions = std::vector<std::pair<std::string, std::string>>;

// "?$filter=status%20eq%20%27New%27&$top=1", or nothing. Names stay as they are, `$` included.
std::string print_options(const QueryOptions& options);

// A text, or a list of names joined by commas; empty when absent.
std::string option_text(const Json& input, std::string_view key);

// 'O''Hara': a literal of a filter or key.
std::string quote_literal(std::string_view text);

// The service's text without a trailing '/'.
std::string without_slash(std::string_view base_url);

// Same scheme, host and port, and exactly this path: a link that leads anywhere else is not
// followed, because the access token would go with it.
bool leads_to(std::string_view link, std::string_view collection_url);

// An error that is ours: nothing was sent, repeating it is pointless.
Failed refused(std::string code, std::string message, std::string remedy = {});

// A 2xx that cannot be read: the effect may have happened.
Failed unreadable(const http::Response& response, std::string_view what, model::EffectClass effect);

}  // namespace tideway::connector
