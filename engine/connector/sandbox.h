// What sandboxes share: a stand-in identity provider (Azure AD's token endpoints) and misbehaviour
// on request. Each connector's own sandbox lives beside it (connectors/<id>/sandbox.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/loop.h"
#include "engine/base/result.h"
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

// Azure AD over loopback: POST /{tenant}/oauth2/token (v1, resource) and
// /{tenant}/oauth2/v2.0/token (v2, scope) with authorization_code + PKCE, refresh_token, password,
// client_credentials and device code; GET .../authorize signs in the user of login_hint, else the
// first one; POST .../devicecode, approved at GET /sandbox/device?user_code=..&user=... Errors
// carry AADSTS codes. Access tokens are signed, so any sandbox of the process can check them.
// Control: POST /sandbox/identity with any of
// {"users":[{name,password,role}], "apps":[{client_id,client_secret,role}], "token_lifetime_s":..,
//  "revoke":"refresh_tokens"|"everything"}.
// Thread: any.
class SandboxIdentity {
  public:
    // With the same signing key (any text; random when empty), tokens outlive a restart.
    explicit SandboxIdentity(const Clock& clock, std::string_view signing_key = {});

    struct User {
        std::string name;
        std::string password;
        std::string role;
    };

    struct App {
        std::string client_id;
        std::string client_secret;   // empty: a public client, which sends none
        std::string role = "admin";  // as an application user; "none": not one
    };

    void put_user(User user);
    void put_app(App app);
    void set_token_lifetime(Duration lifetime);
    // Every refresh token issued so far stops working (AADSTS700082); access tokens too if asked.
    enum class Revoke { kRefreshTokens, kEverything };
    void revoke(Revoke what);

    http::Handler handler();
    // Whether a path is one that handler() answers; the rest belongs to the services.
    static bool owns(std::string_view path);

    // The claims of "Authorization: Bearer ...", or why it is refused (401). An empty audience
    // accepts any: the caller compares. A slash at the end of an audience does not matter.
    Result<TokenClaims> check(const http::Headers& headers, std::string_view audience) const;

    // An access token made directly, for tests.
    std::string issue(const TokenClaims& claims) const;

    struct State;  // of the implementation files

  private:
    std::shared_ptr<State> state_;
};

// Misbehaviour on request, in front of any handler. Control: POST /sandbox/faults with
// {"method":"POST","path":"/api/data","kind":..,"count":1, ...} adds one, DELETE clears, GET lists.
//   status       answers {"status":503,"headers":{},"body":..} without doing anything
//   delay        does it after {"ms":..}
//   cut_before   closes the connection, nothing done
//   cut_after    does it, then closes without an answer
//   late_effect  closes now, does it after {"ms":..}
//   throttle     429 with Retry-After {"seconds":..} in the service's envelope given as "body";
//   without
//                one {"statusCode":429,"message":"Rate limit is exceeded. Try again in N seconds."}
// A fault matches by method and path, each optional; a path ending in '*' matches what begins so;
// "body_contains" narrows it; the first "skip" matching requests pass. The first matching fault
// with count > 0 is used up. Requests under /sandbox/ never match. Thread: the loop's.
class SandboxFaults {
  public:
    explicit SandboxFaults(Loop& loop)
        : loop_(loop) {}

    SandboxFaults(const SandboxFaults&) = delete;
    SandboxFaults& operator=(const SandboxFaults&) = delete;

    // The handler borrows this object.
    http::Handler wrap(http::Handler inner);
    Status add(const Json& fault);
    void clear();

  private:
    struct Fault {
        Json spec;
        std::int64_t count = 0;
        std::int64_t skip = 0;
    };

    std::optional<Json> take(const http::ServerRequest& request);
    void control(const http::ServerRequest& request, http::Responder& responder);
    void misbehave(
        const Json& fault,
        const http::Handler& inner,
        http::ServerRequest request,
        std::shared_ptr<http::Responder> responder
    );
    void later(std::int64_t milliseconds, std::function<void()> task);

    Loop& loop_;
    std::vector<Fault> faults_;
    std::map<std::uint64_t, std::unique_ptr<Timer>> timers_;
    std::uint64_t next_timer_ = 0;
};

}  // namespace tideway::connector
