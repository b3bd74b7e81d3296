// The rights that a connection needs on tables, and what a user's security roles say about them.
// Pure; thread: any.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.h"

namespace tideway::connectors::dataverse {

// How far a right reaches, nearest first; the service's PrivilegeDepth.
enum class Reach { kOwnRows, kOrganization };

struct TableRights {
    std::string table;                // logical name
    std::vector<std::string> rights;  // the service's PrivilegeType: "Create", "AppendTo"
    Reach least = Reach::kOrganization;
};

// Those of the tables that the setting `tested_tables` names; of the co-sell packs without it.
std::vector<TableRights> needed_rights(const Json& settings);

// The names of the needed privileges, out of the tables' definitions (EntityMetadata).
std::vector<std::string> privilege_names(
    const std::vector<TableRights>& needed, const Json& definitions
);

// Checks {"what","ok","message"} of one table: one that says that all is well, or one for each
// right that is missing or does not reach far enough. `held` is the service's RolePrivileges.
Json check_rights(const TableRights& needed, const Json& definitions, const Json& held);

}  // namespace tideway::connectors::dataverse
