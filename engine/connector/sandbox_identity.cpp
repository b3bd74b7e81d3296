#include <algorithm>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/threading.h"
#include "engine/base/uid.h"
#include "engine/connector/sandbox.h"
#include "engine/connector/sandbox_identity_state.h"

namespace tideway::connector {

Grants::Grants(const Clock& clock, std::string_view signing_key)
    : clock_(clock),
      key_(signing_key.empty() ? random_bytes(32) : sha256(signing_key)) {}

std::string Grants::sign(const Json& content) const {
    const std::string head = to_base64url(R"({"alg":"HS256","typ":"JWT"})");
    const std::string text = head + "." + to_base64url(dump(content));
    return text + "." + to_base64url(hmac_sha256(key_, text));
}

std::optional<Json> Grants::open(std::string_view token) const {
    const std::size_t first = token.find('.');
    const std::size_t last = token.rfind('.');
    if (first == std::string_view::npos || first == last) {
        return std::nullopt;
    }
    const std::string expected = to_base64url(hmac_sha256(key_, token.substr(0, last)));
    if (!equal_constant_time(expected, token.substr(last + 1))) {
        return std::nullopt;
    }
    const auto bytes = from_base64(token.substr(first + 1, last - first - 1));
    if (!bytes) {
        return std::nullopt;
    }
    auto content = parse_json(*bytes, "the token");
    return content ? std::optional<Json>(std::move(*content)) : std::nullopt;
}

std::string Grants::access_token(const TokenClaims& claims) const {
    return sign(
        {{"aud", claims.audience},
         {"tid", claims.tenant},
         {"appid", claims.client_id},
         {"upn", claims.user},
         {"role", claims.role},
         {"exp", seconds_of(claims.expires)},
         {"generation", access_generation_},
         {"use", "access"},
         {"jti", Uid::random().hex()}}
    );
}

std::string Grants::refresh_token(const SignIn& sign_in) const {
    return sign(
        {{"tid", sign_in.tenant},
         {"appid", sign_in.client_id},
         {"upn", sign_in.user},
         {"scope", sign_in.wanted},
         {"iat", seconds_of(clock_.now())},
         {"generation", refresh_generation_},
         {"use", "refresh"},
         {"jti", Uid::random().hex()}}
    );
}

tl::expected<SignIn, GrantError> Grants::read_refresh_token(std::string_view token) const {
    constexpr std::int64_t kInactivitySeconds = 90LL * 24 * 3600;
    const auto content = open(token);
    if (!content || string_or(*content, "use") != "refresh") {
        return refuse(9002313, "Invalid request. The refresh token is malformed or not ours.");
    }
    const std::int64_t age = seconds_of(clock_.now()) - int_or(*content, "iat", 0);
    if (int_or(*content, "generation", -1) != refresh_generation_ || age > kInactivitySeconds) {
        return refuse(700082, "The refresh token has expired due to inactivity or was revoked.");
    }
    return SignIn{
        string_or(*content, "tid"),
        string_or(*content, "appid"),
        string_or(*content, "upn"),
        string_or(*content, "scope")};
}

Result<TokenClaims> Grants::check(std::string_view token) const {
    const auto refused = [](std::string message) {
        return fail(
            ErrorKind::kUnauthenticated,
            "InvalidAuthenticationToken",
            std::move(message),
            "Ask the identity service for a new access token."
        );
    };
    const auto content = open(token);
    if (!content || string_or(*content, "use") != "access") {
        return refused("The access token is not one that this sandbox issued.");
    }
    const Timestamp expires = Timestamp(std::chrono::seconds(int_or(*content, "exp", 0)));
    if (expires <= clock_.now()) {
        return refused("The access token has expired.");
    }
    if (int_or(*content, "generation", -1) != access_generation_) {
        return refused("The access token has been revoked.");
    }
    TokenClaims out;
    out.tenant = string_or(*content, "tid");
    out.client_id = string_or(*content, "appid");
    out.user = string_or(*content, "upn");
    out.role = string_or(*content, "role");
    out.audience = string_or(*content, "aud");
    out.expires = expires;
    return out;
}

std::string_view without_slash(std::string_view text) {
    while (text.ends_with('/')) {
        text.remove_suffix(1);
    }
    return text;
}

SandboxIdentity::SandboxIdentity(const Clock& clock, std::string_view signing_key)
    : state_(std::make_shared<State>(clock, signing_key)) {}

void SandboxIdentity::put_user(User user) {
    const Lock lock(state_->mutex);
    auto& users = state_->users;
    const auto found = std::ranges::find(users, user.name, &User::name);
    if (found != users.end()) {
        *found = std::move(user);
    } else {
        users.push_back(std::move(user));
    }
}

void SandboxIdentity::put_app(App app) {
    const Lock lock(state_->mutex);
    state_->apps[app.client_id] = std::move(app);
}

void SandboxIdentity::set_token_lifetime(Duration lifetime) {
    const Lock lock(state_->mutex);
    state_->lifetime = lifetime;
}

void SandboxIdentity::revoke(Revoke what) {
    const Lock lock(state_->mutex);
    state_->grants.revoke(what);
}

Result<TokenClaims> SandboxIdentity::check(const http::Headers& headers, std::string_view audience)
    const {
    constexpr std::string_view kScheme = "Bearer ";
    const std::string value = headers.get_or("Authorization", "");
    if (!value.starts_with(kScheme)) {
        return fail(
            ErrorKind::kUnauthenticated,
            "InvalidAuthenticationToken",
            "The request carries no 'Authorization: Bearer' header.",
            "Ask the identity service for an access token and send it."
        );
    }
    const Lock lock(state_->mutex);
    TIDEWAY_TRY_ASSIGN(
        auto claims, state_->grants.check(std::string_view(value).substr(kScheme.size()))
    );
    if (!audience.empty() && without_slash(claims.audience) != without_slash(audience)) {
        return fail(
            ErrorKind::kUnauthenticated,
            "InvalidAuthenticationToken",
            "The access token is for '" + claims.audience + "', not for '" + std::string(audience) +
                "'.",
            "Ask for a token with resource '" + std::string(audience) + "'."
        );
    }
    return claims;
}

std::string SandboxIdentity::issue(const TokenClaims& claims) const {
    const Lock lock(state_->mutex);
    return state_->grants.access_token(claims);
}

}  // namespace tideway::connector
