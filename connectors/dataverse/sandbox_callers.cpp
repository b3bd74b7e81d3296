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
           table.name.starts_with("environmentvariable");
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

std::string privilege_name(Privilege privilege, const Table& table) {
    std::string subject = table.name;
    subject.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(subject.front())));
    switch (privilege) {
        case Privilege::kCreate:
            return "prvCreate" + subject;
        case Privilege::kRead:
            return "prvRead" + subject;
        case Privilege::kWrite:
            return "prvWrite" + subject;
        case Privilege::kDelete:
            return "prvDelete" + subject;
        case Privilege::kAppend:
            return "prvAppend" + subject;
    }
    return subject;
}

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
                return refuse(403, "0x80040225", "The specified user (" + id + ") is disabled.");
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

Outcome<void> Callers::check(const Caller& caller, Privilege privilege, const Table& table) const {
    const std::string name = privilege_name(privilege, table);
    const auto denied = denied_.find(caller.name);
    const bool taken = denied != denied_.end() && denied->second.count(name) > 0;
    const bool never =
        caller.role != "admin" && privilege != Privilege::kRead && administered(table);
    if (!taken && !never) {
        return {};
    }
    return refuse(
        403,
        codes::kMissingPrivilege,
        "Principal user (Id=" + caller.user_id + ", type=8) is missing " + name +
            " privilege on OTC=" + std::to_string(table.type_code) + " for entity '" + table.name +
            "'."
    );
}

void Callers::deny(const std::string& name, std::set<std::string> privileges) {
    denied_[name] = std::move(privileges);
}

}  // namespace tideway::connectors::dataverse::sandbox
