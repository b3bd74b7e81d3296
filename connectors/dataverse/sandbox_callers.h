// Who calls: the systemuser row behind a token, impersonation, privileges.
// Thread: the sandbox's loop.
#pragma once

#include <map>
#include <set>
#include <string>

#include "connectors/dataverse/sandbox_database.h"
#include "engine/connector/sandbox.h"

namespace tideway::connectors::dataverse::sandbox {

enum class CallerKind { kApiClient, kSeller };

struct Caller {
    std::string user_id;
    std::string name;  // client id, or user name
    std::string role;  // "admin" or "user"
    CallerKind kind = CallerKind::kApiClient;
};

enum class Privilege { kCreate, kRead, kWrite, kDelete, kAppend };

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

    // Takes privileges ("prvCreateOpportunity") from a client id or user name; none: gives all
    // back.
    void deny(const std::string& name, std::set<std::string> privileges);

    void clear() { denied_.clear(); }

  private:
    Database& database_;
    std::map<std::string, std::set<std::string>> denied_;
};

std::string privilege_name(Privilege privilege, const Table& table);

}  // namespace tideway::connectors::dataverse::sandbox
