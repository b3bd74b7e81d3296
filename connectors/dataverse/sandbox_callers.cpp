#include "connectors/dataverse/sandbox_callers.h"

#include <algorithm>

#include "connectors/dataverse/sandbox_filter.h"
#include "connectors/dataverse/sandbox_values.h"
#include "engine/base/uid.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

std::string derived_guid(std::string_view text) {
    return Uid::derive(Uid(), "dataverse sandbox " + std::string(text)).guid();
}

bool same_text(const std::string& a, std::string_view b) {
    return compare_values(Value(a), Value(std::string(b))) == 0;
}

// The tables that a plain sales user only reads.
bool administered(const Table& table) {
    return table.name == "systemuser" || table.name == "transactioncurrency" ||
           table.name == "systemform" || table.name == "savedquery" ||
           table.name.starts_with("environmentvariable");
}

bool changes_rows(Privilege privilege) {
    return privilege == Privilege::kCreate || privilege == Privilege::kWrite ||
           privilege == Privilege::kDelete;
}

Row new_user_row(const connector::TokenClaims& claims, const std::string& id) {
    const bool application = claims.user.empty();
    const std::string& name = application ? claims.client_id : claims.user;
    Row row = {
        {"systemuserid", id},
        {"firstname", application ? "#" : name.substr(0, name.find('@'))},
        {"lastname", application ? name : "User"},
        {"fullname", application ? "# " + name : name},
        {"domainname", name},
        {"isdisabled", false},
        {"businessunitid", std::string(kBusinessUnit)},
    };
    if (application) {
        row["applicationid"] = read_guid(name).value_or(derived_guid(name));
    } else {
        row["internalemailaddress"] = name;
    }
    return row;
}

}  // namespace

Outcome<Caller> Callers::from_claims(const connector::TokenClaims& claims) {
    const std::string& name = claims.user.empty() ? claims.client_id : claims.user;
    if (claims.role == "none") {
        return refuse(
            403,
            codes::kNotAMember,
            "The user is not a member of the organization: '" + name +
                "' has no enabled (application) user with a security role."
        );
    }
    for (const auto& [id, row] : database_.rows("systemuser")) {
        if (same_text(string_or(row, "domainname"), name)) {
            if (bool_or(row, "isdisabled", false)) {
                return refuse(
                    403, codes::kUserDisabled, "The specified user (" + id + ") is disabled."
                );
            }
            return Caller{id, name, claims.role, CallerKind::kApiClient};
        }
    }
    const std::string id = derived_guid(name);
    TIDEWAY_DV_TRY(
        database_.insert(*database_.schema().by_name("systemuser"), new_user_row(claims, id))
    );
    return Caller{id, name, claims.role, CallerKind::kApiClient};
}

Outcome<Caller> Callers::impersonate(Caller caller, const http::Headers& headers) const {
    const std::string user = headers.get_or("MSCRMCallerID", "");
    const std::string object = headers.get_or("CallerObjectId", "");
    if (user.empty() && object.empty()) {
        return caller;
    }
    for (const auto& [id, row] : database_.rows("systemuser")) {
        const bool by_user = !user.empty() && same_text(id, user);
        if (by_user || (!object.empty() &&
                        same_text(string_or(row, "azureactivedirectoryobjectid"), object))) {
            caller.user_id = id;
            return caller;
        }
    }
    return refuse(
        403,
        codes::kNotAMember,
        "The user to impersonate, '" + (user.empty() ? object : user) + "', was not found."
    );
}

Outcome<Caller> Callers::seller(std::string_view who) const {
    for (const auto& [id, row] : database_.rows("systemuser")) {
        for (const char* column :
             {"systemuserid", "internalemailaddress", "domainname", "fullname"}) {
            if (same_text(string_or(row, column), who)) {
                return Caller{id, std::string(who), "user", CallerKind::kSeller};
            }
        }
    }
    return no_such_row("systemuser", who);
}

bool Callers::has(const Caller& caller, Privilege privilege, const Table& table) const {
    const auto denied = denied_.find(caller.name);
    if (denied != denied_.end() && denied->second.count(privilege_name(privilege, table)) > 0) {
        return false;
    }
    return caller.role == "admin" || !administered(table) || !changes_rows(privilege);
}

bool Callers::may_customize(const Caller& caller, const std::string& privilege) const {
    const auto denied = denied_.find(caller.name);
    return caller.role == "admin" &&
           (denied == denied_.end() || !denied->second.contains(privilege));
}

Outcome<void> Callers::check(const Caller& caller, Privilege privilege, const Table& table) const {
    if (has(caller, privilege, table)) {
        return {};
    }
    return refuse(
        403,
        codes::kMissingPrivilege,
        "Principal user (Id=" + caller.user_id + ", type=8) is missing " +
            privilege_name(privilege, table) + " privilege on OTC=" +
            std::to_string(table.type_code) + " for entity '" + table.name + "'."
    );
}

Caller Callers::caller_of(const Row& user, const Caller& asking) {
    const std::string id = string_or(user, "systemuserid");
    return id == asking.user_id ? asking : Caller{id, string_or(user, "domainname"), "user"};
}

Outcome<void> Callers::check_owner(const std::string& user_id, const Table& table) const {
    const Row* user = database_.find("systemuser", user_id);
    if (user == nullptr) {
        return no_such_row("systemuser", user_id);
    }
    if (bool_or(*user, "isdisabled", false)) {
        return refuse(403, codes::kUserDisabled, "The user (" + user_id + ") is disabled.");
    }
    return check(caller_of(*user, {}), Privilege::kRead, table);
}

void Callers::deny(const std::string& name, std::set<std::string> privileges) {
    denied_[name] = std::move(privileges);
}

}  // namespace tideway::connectors::dataverse::sandbox
