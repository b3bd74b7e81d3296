#include "engine/server/authentication.h"

#include <algorithm>
#include <array>

#include "engine/base/digest.h"
#include "engine/base/json.h"

namespace tideway::server {

namespace {

constexpr std::array<std::string_view, 4> kRoles{"run-only", "viewer", "operator", "admin"};

tl::unexpected<Error> no_token() {
    return fail(
        ErrorKind::kUnauthenticated,
        "Unauthorized",
        "The request has no valid API token.",
        "Send Authorization: Bearer <token>; tideway tokens add NAME makes one."
    );
}

tl::unexpected<Error> not_allowed(const Caller& who) {
    return fail(
        ErrorKind::kForbidden,
        "Forbidden",
        "The token '" + who.name + "' has the role " + std::string(to_string(who.role)) +
            ", which does not allow this."
    );
}

Caller caller_of(const store::ApiToken& token) {
    Caller out;
    out.name = token.name;
    // A role that this program does not know may do nothing.
    out.role = parse_role(token.role).value_or(Role::kRunOnly);
    out.sees_contents = token.sees_contents;
    const auto flows = parse_json(token.flows.empty() ? "[]" : token.flows.view(), "token");
    if (flows && flows->is_array()) {
        for (const Json& flow : *flows) {
            out.flows.insert(flow.is_string() ? flow.get<std::string>() : std::string());
        }
    }
    return out;
}

}  // namespace

std::optional<Role> parse_role(std::string_view text) {
    const auto* const found = std::ranges::find(kRoles, text);
    return found == kRoles.end() ? std::nullopt
                                 : std::optional(static_cast<Role>(found - kRoles.begin()));
}

std::string_view to_string(Role role) {
    return kRoles[static_cast<std::size_t>(role)];
}

std::string token_hash(std::string_view token) {
    return to_hex(sha256(token));
}

void Authentication::put(const store::ApiToken& token) {
    const Lock lock(mutex_);
    std::erase_if(by_hash_, [&token](const auto& entry) {
        return entry.second.name == token.name;
    });
    by_hash_[token.hash] = token;
}

void Authentication::remove(std::string_view name) {
    const Lock lock(mutex_);
    std::erase_if(by_hash_, [name](const auto& entry) { return entry.second.name == name; });
}

Result<const store::ApiToken*> Authentication::find(const http::Headers& headers) const {
    constexpr std::string_view kScheme = "Bearer ";
    const std::string value = headers.get_or("Authorization", "");
    if (!value.starts_with(kScheme)) {
        return no_token();
    }
    // Looked up by hash: what a comparison could leak is of no use.
    const auto it = by_hash_.find(token_hash(std::string_view(value).substr(kScheme.size())));
    if (it == by_hash_.end()) {
        return no_token();
    }
    const store::ApiToken& token = it->second;
    if (token.expires && *token.expires <= clock_.now()) {
        return fail(
            ErrorKind::kUnauthenticated,
            "Unauthorized",
            "The token '" + token.name + "' ended at " + format_utc(*token.expires) + ".",
            "Ask an administrator for a new one."
        );
    }
    return &token;
}

Status Authentication::require(const http::Headers& headers, Role least) const {
    TIDEWAY_TRY_ASSIGN(const Caller who, caller(headers));
    return who.role < least ? Status(not_allowed(who)) : Status();
}

Status Authentication::require_for_flow(
    const http::Headers& headers, Role least, std::string_view flow
) const {
    TIDEWAY_TRY_ASSIGN(const Caller who, caller(headers));
    const bool is_allowed = who.is_run_only() ? who.flows.contains(flow) : who.role >= least;
    return is_allowed ? Status() : Status(not_allowed(who));
}

Result<Caller> Authentication::caller(const http::Headers& headers) const {
    const Lock lock(mutex_);
    TIDEWAY_TRY_ASSIGN(const store::ApiToken* const token, find(headers));
    return caller_of(*token);
}

std::vector<store::ApiToken> Authentication::tokens() const {
    std::vector<store::ApiToken> out;
    {
        const Lock lock(mutex_);
        for (const auto& [hash, token] : by_hash_) {
            out.push_back(token);
            out.back().hash.clear();
        }
    }
    std::ranges::sort(out, {}, &store::ApiToken::name);
    return out;
}

std::string Authentication::person(const http::Headers& headers) const {
    const Lock lock(mutex_);
    const auto token = find(headers);
    return token ? (*token)->name : std::string();
}

}  // namespace tideway::server
