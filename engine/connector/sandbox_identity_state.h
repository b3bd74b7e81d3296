// The inside of SandboxIdentity: what a grant means and how tokens are made. Only its own
// implementation files include this. Thread: guarded by State::mutex.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "engine/base/threading.h"
#include "engine/connector/sandbox.h"

namespace tideway::connector {

inline std::int64_t seconds_of(Timestamp at) {
    return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

std::string_view without_slash(std::string_view text);

// Who is signed in where. `wanted`: the resource (v1) or the scope (v2) that was asked for.
struct SignIn {
    std::string tenant;
    std::string client_id;
    std::string user;
    std::string wanted;
};

// A refusal as Azure AD writes it: "AADSTS<number>: <message>".
struct GrantError {
    int number = 0;
    std::string message;
    std::string error = "invalid_grant";
    int status = 400;
};

inline tl::unexpected<GrantError> refuse(
    int number, std::string message, std::string error = "invalid_grant", int status = 400
) {
    return tl::unexpected<GrantError>(GrantError{
        number, std::move(message), std::move(error), status});
}

// Signs and opens tokens. Refresh tokens carry their sign-in, so nothing has to be remembered.
class Grants {
  public:
    Grants(const Clock& clock, std::string_view signing_key);

    std::string sign(const Json& content) const;
    std::string access_token(const TokenClaims& claims) const;
    std::string refresh_token(const SignIn& sign_in) const;
    Result<TokenClaims> check(std::string_view token) const;
    tl::expected<SignIn, GrantError> read_refresh_token(std::string_view token) const;

    void revoke(SandboxIdentity::Revoke what) {
        ++refresh_generation_;
        access_generation_ += what == SandboxIdentity::Revoke::kEverything ? 1 : 0;
    }

  private:
    std::optional<Json> open(std::string_view token) const;

    const Clock& clock_;
    const std::string key_;
    std::int64_t refresh_generation_ = 0;
    std::int64_t access_generation_ = 0;
};

// An authorization code or a device code that waits to be redeemed.
struct PendingCode {
    SignIn sign_in;
    std::string redirect_uri;
    std::string challenge;  // PKCE; empty: none
    std::string challenge_method;
    std::string user_code;  // device codes
    bool approved = false;  // device codes: a person has entered the user code
    bool redeemed = false;
    Timestamp expires;
};

struct SandboxIdentity::State {
    State(const Clock& clock_in, std::string_view signing_key)
        : clock(clock_in),
          grants(clock_in, signing_key) {}

    const Clock& clock;
    Mutex mutex;
    Grants grants TIDEWAY_GUARDED_BY(mutex);
    std::vector<User> users TIDEWAY_GUARDED_BY(mutex);
    std::map<std::string, App> apps TIDEWAY_GUARDED_BY(mutex);
    std::map<std::string, PendingCode> codes TIDEWAY_GUARDED_BY(mutex);
    std::map<std::string, PendingCode> device_codes TIDEWAY_GUARDED_BY(mutex);
    Duration lifetime TIDEWAY_GUARDED_BY(mutex) = std::chrono::seconds(3599);
};

}  // namespace tideway::connector
