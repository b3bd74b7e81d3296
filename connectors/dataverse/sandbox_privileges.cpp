#include "connectors/dataverse/sandbox_privileges.h"

#include <array>
#include <set>
#include <utility>

#include "connectors/dataverse/sandbox_callers.h"
#include "engine/base/uid.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

constexpr std::array<std::pair<Privilege, const char*>, 8> kTypes{{
    {Privilege::kCreate, "Create"},
    {Privilege::kRead, "Read"},
    {Privilege::kWrite, "Write"},
    {Privilege::kDelete, "Delete"},
    {Privilege::kAssign, "Assign"},
    {Privilege::kShare, "Share"},
    {Privilege::kAppend, "Append"},
    {Privilege::kAppendTo, "AppendTo"},
}};

std::string type_of(Privilege privilege) {
    for (const auto& [each, type] : kTypes) {
        if (each == privilege) {
            return type;
        }
    }
    return {};
}

// Rows of the organisation have no owner, so nobody can hand them over or share them.
bool applies(Privilege privilege, const Table& table) {
    return table.owned || (privilege != Privilege::kAssign && privilege != Privilege::kShare);
}

std::string privilege_id(const std::string& name) {
    return Uid::derive(Uid(), "dataverse sandbox privilege " + name).guid();
}

}  // namespace

std::string privilege_name(Privilege privilege, const Table& table) {
    return "prv" + type_of(privilege) + table.privileged_as;
}

std::vector<TablePrivilege> all_privileges(const Schema& schema) {
    std::vector<TablePrivilege> out;
    std::set<std::string> names;
    for (const Table& table : schema.tables()) {
        for (const auto& [privilege, type] : kTypes) {
            if (applies(privilege, table) &&
                names.insert(privilege_name(privilege, table)).second) {
                out.push_back({privilege, &table});
            }
        }
    }
    return out;
}

std::optional<TablePrivilege> find_privilege(const Schema& schema, std::string_view name) {
    for (const TablePrivilege& each : all_privileges(schema)) {
        if (privilege_name(each.privilege, *each.table) == name) {
            return each;
        }
    }
    return std::nullopt;
}

Json privileges_of(const Table& table) {
    Json out = Json::array();
    for (const auto& [privilege, type] : kTypes) {
        if (!applies(privilege, table)) {
            continue;
        }
        const std::string name = privilege_name(privilege, table);
        out.push_back(
            {{"CanBeBasic", table.owned},
             {"CanBeDeep", table.owned},
             {"CanBeGlobal", true},
             {"CanBeLocal", table.owned},
             {"CanBeEntityReference", false},
             {"CanBeParentEntityReference", false},
             {"Name", name},
             {"PrivilegeId", privilege_id(name)},
             {"PrivilegeType", type}}
        );
    }
    return out;
}

Json role_privilege(const std::string& name) {
    return {
        {"Depth", "Global"},
        {"PrivilegeId", privilege_id(name)},
        {"BusinessUnitId", std::string(kBusinessUnit)},
        {"PrivilegeName", name},
        {"RecordFilterId", "00000000-0000-0000-0000-000000000000"},
        {"RecordFilterUniqueName", ""}};
}

}  // namespace tideway::connectors::dataverse::sandbox
