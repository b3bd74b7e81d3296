// Who calls: the systemuser row behind a token, impersonation, privileges.
// Thread: the sandbox's loop.
#pragma once

#include <map>
#include <set>
#include <string>

#include "connectors/dataverse/sandbox_database.h"
#include "connectors/dataverse/sandbox_privileges.h"
#include "engine/connector/sandbox.h"

namespace tideway::connectors::dataverse::sandbox {

enum class CallerKind { kApiClient, kSeller };

struct Caller {
    std::string user_id;
    std::string name;  // client id, or user name
    std::string role;  // "admin" or "user"
    CallerKind kind = CallerKind::kApiClient;
};

// The one business unit and the organisation of the sandbox.
inline constexpr std::string_view kBusinessUnit = "b0000000-0000-4000-8000-000000000001";
inline constexpr std::string_view kOrganization = "a0000000-0000-4000-8000-000000000001";

class Callers {
  public:
    explicit Callers(Database& database)
        : database_(database) {}

    // The user of a token; makes its row on first sight. 403 0x80072560 for role "none".
    Outcome<Caller> from_claims(const connector::TokenClaims& claims);

    // MSCRMCallerID (a systemuserid) or CallerObjectId (an Azure AD object id).
    Outcome<Caller> impersonate(Caller caller, const http::Headers& headers) const;

    // A user by id, e-mail address or full name.
    Outcome<Caller> seller(std::string_view who) const;

    // 403 0x80040220 names the privilege, the user and the table.
    Outcome<void> check(const Caller& caller, Privilege privilege, const Table& table) const;

    // Whether a user may own rows of a table: it must be enabled and may read them.
    Outcome<void> check_owner(const std::string& user_id, const Table& table) const;

    // What the security roles of a user allow.
    bool has(const Caller& caller, Privilege privilege, const Table& table) const;
    // A right that belongs to no table ("prvCreateAttribute"): System Customizers have them.
    bool may_customize(const Caller& caller, const std::string& privilege) const;
    // The user of a row, as `asking` sees it: another user is never an administrator.
    static Caller caller_of(const Row& user, const Caller& asking);

    // Takes privileges ("prvCreateOpportunity") from a client id or user name; none: gives all
    // back.
    void deny(const std::string& name, std::set<std::string> privileges);

    void clear() { denied_.clear(); }

  private:
    Database& database_;
    std::map<std::string, std::set<std::string>> denied_;
};

}  // namespace tideway::connectors::dataverse::sandbox
