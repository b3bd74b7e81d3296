// The rights of security roles: what they are called, and how the service describes them.
// Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectors/dataverse/sandbox_schema.h"

namespace tideway::connectors::dataverse::sandbox {

enum class Privilege { kCreate, kRead, kWrite, kDelete, kAssign, kShare, kAppend, kAppendTo };

struct TablePrivilege {
    Privilege privilege = Privilege::kRead;
    const Table* table = nullptr;
};

// "prvReadOpportunity". Several tables may share a privilege: activities do.
std::string privilege_name(Privilege privilege, const Table& table);

// The privilege of that name, of the first table that has it; nothing for an unknown name.
std::optional<TablePrivilege> find_privilege(const Schema& schema, std::string_view name);

// The property Privileges of a table's definition: SecurityPrivilegeMetadata.
Json privileges_of(const Table& table);

// One RolePrivilege of an answer about a user. Every role of the sandbox reaches all rows.
Json role_privilege(const std::string& name);

// All privileges of all tables, each once.
std::vector<TablePrivilege> all_privileges(const Schema& schema);

}  // namespace tideway::connectors::dataverse::sandbox
