// Tables: names of their entity sets and primary keys, and rows as flat objects. Pure; thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/json.h"

namespace tideway::connectors::dataverse {

// "opportunity" -> "opportunities". Known tables by name; others by Dataverse's own rule for
// plurals.
std::string entity_set(std::string_view table);

// "opportunity" -> "opportunityid"; activities share "activityid".
std::string primary_key(std::string_view table);

// A logical name: what may stand in an address.
bool is_table_name(std::string_view table);
// A GUID, without braces.
bool is_row_id(std::string_view id);

// The service's row as ours: its columns plus `id`, `etag` and `table`; annotations of the whole
// row
// ("@odata...") are left out, those of columns stay.
Json flat_row(std::string_view table, const Json& row);

// Our row as the service's: without `id`, `etag` and `table`.
Json service_row(const Json& row);

// Whether the row that was read holds what was written. Lookups are compared by the id that they
// point to: "parentaccountid@odata.bind" is found in "_parentaccountid_value".
bool row_holds(const Json& row, const Json& written);

}  // namespace tideway::connectors::dataverse
