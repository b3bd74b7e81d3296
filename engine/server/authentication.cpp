#include "engine/server/authentication.h"

#include "engine/base/digest.h"

namespace tideway::server {

std::optional<Role> parse_role(std::string_view text) {
    if (text == "admin") {
        return Role::kAdmin;
    }
    if (text == "operator") {
        return Role::kOperator;
    }
    return text == "viewer" ? std::optional(Role::kViewer) : std::nullopt;
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

const store::ApiToken* Authentication::find(const http::Headers& headers) const {
    constexpr std::string_view kScheme = "Bearer ";
    const std::string value = headers.get_or("Authorization", "");
    if (!value.starts_with(kScheme)) {
        return nullptr;
    }
    // Looked up by hash: what a comparison could leak is of no use.
    const auto it = by_hash_.find(token_hash(std::string_view(value).substr(kScheme.size())));
    if (it == by_hash_.end()) {
        return nullptr;
    }
    const bool is_expired = it->second.expires && *it->second.expires <= clock_.now();
    return is_expired ? nullptr : &it->second;
}

Status Authentication::require(const http::Headers& headers, Role least) const {
    const Lock lock(mutex_);
    const store::ApiToken* token = find(headers);
    if (token == nullptr) {
        return fail(
            ErrorKind::kUnauthenticated,
            "Unauthorized",
            "The request has no valid API token.",
            "Send Authorization: Bearer <token>; tideway init prints the first one."
        );
    }
    if (parse_role(token->role).value_or(Role::kViewer) < least) {
        return fail(
            ErrorKind::kForbidden,
            "Forbidden",
            "The token '" + token->name + "' has the role " + token->role +
                ", which does not allow this."
        );
    }
    return {};
}

std::string Authentication::person(const http::Headers& headers) const {
    const Lock lock(mutex_);
    const store::ApiToken* token = find(headers);
    return token == nullptr ? std::string() : token->name;
}

}  // namespace tideway::server
