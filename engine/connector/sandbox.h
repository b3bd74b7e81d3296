// What sandboxes share: a stand-in identity provider (Azure AD's token endpoints) and misbehaviour on
// request. Each connector's own sandbox lives beside it (connectors/<id>/sandbox.h).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/loop.h"
#include "engine/base/threading.h"
#include "engine/http/server.h"

namespace tideway::connector {

struct TokenClaims {
    std::string tenant;
    std::string client_id;
    std::string user;      // empty: app-only
    std::string role;      // "admin", "user", "none": of the user, or of the application user
    std::string audience;  // the resource
    Timestamp expires;
};

// Azure AD over loopback: POST /{tenant}/oauth2/token (v1, resource) and /{tenant}/oauth2/v2.0/token
// (v2, scope) with authorization_code + PKCE, refresh_token, password, client_credentials and device
// code; GET /{tenant}/oauth2/v2.0/authorize signs the sandbox's user in; POST .../devicecode. Errors
// carry AADSTS codes. Access tokens are signed, so any sandbox of the process can check them.
// Thread: any.
class SandboxIdentity {
  public:
    explicit SandboxIdentity(const Clock& clock);

    struct User {
        std::string name;
        std::string password;
        std::string role;
    };
    struct App {
        std::string client_id;
        std::string client_secret;
        std::string role = "admin";  // as an application user; "none": not one
    };
    void put_user(User user);
    void put_app(App app);
    void set_token_lifetime(Duration lifetime);
    // Every refresh token issued so far stops working (AADSTS700082); access tokens too if asked.
    enum class Revoke { kRefreshTokens, kEverything };
    void revoke(Revoke what);

    http::Handler handler();

    // The claims of "Authorization: Bearer ...", or why it is refused (401).
    Result<TokenClaims> check(const http::Headers& headers, std::string_view audience) const;

    // An access token made directly, for tests.
    std::string issue(const TokenClaims& claims) const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

// Misbehaviour on request, in front of any handler. Control: POST /sandbox/faults with
// {"method":"POST","path":"/api/data","kind":..,"count":1, ...} adds one, DELETE clears, GET lists.
//   status       answers {"status":503,"headers":{},"body":..} without doing anything
//   delay        does it after {"ms":..}
//   cut_before   closes the connection, nothing done
//   cut_after    does it, then closes without an answer
//   late_effect  closes now, does it after {"ms":..}
//   throttle     429 with Retry-After {"seconds":..} in the service's envelope given as "body"
// The first matching fault with count > 0 is used up. Thread: the loop's.
class SandboxFaults {
  public:
    explicit SandboxFaults(Loop& loop) : loop_(loop) {}

    http::Handler wrap(http::Handler inner);
    void add(const Json& fault);
    void clear();

  private:
    struct Fault {
        Json spec;
        std::int64_t count = 0;
    };
    Loop& loop_;
    std::vector<Fault> faults_;
    std::vector<std::unique_ptr<Timer>> timers_;
};

}  // namespace tideway::connector
