// SOQL texts. Pure; thread: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "engine/connector/connector.h"

namespace tideway::connectors::salesforce {

// 'O\'Hara', 12.5, TRUE, null; of a list ('a','b').
std::string soql_literal(const Json& value);
// 2026-02-03T10:11:12Z: whole seconds.
std::string soql_time(Timestamp at);

// Every :name outside quotes replaced by the literal of its value, so that no value can change the
// query. Code "ValueMissing".
tl::expected<std::string, connector::Failed> bind_values(std::string_view soql, const Json& values);

// "?q=SELECT%20Id": the query of an address.
std::string query_of(std::string_view soql);

// Joined by commas.
std::string listed(const std::vector<std::string>& names);

}  // namespace tideway::connectors::salesforce
