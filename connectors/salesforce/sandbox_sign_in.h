// Salesforce's token service over loopback: who may sign in how, and which sessions are open.
// Thread: the sandbox's loop.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connectors/salesforce/sandbox.h"
#include "connectors/salesforce/sandbox_refusal.h"
#include "engine/base/clock.h"
#include "engine/http/server.h"
#include "engine/http/url.h"

namespace tideway::connectors::salesforce::sandbox {

class SignIns {
  public:
    explicit SignIns(const Clock& clock)
        : clock_(clock) {}

    void put_app(SandboxApp app);
    void put_user(SandboxUser user);

    void set_base_url(std::string url) { base_url_ = std::move(url); }

    void set_session_lifetime(Duration lifetime) { lifetime_ = lifetime; }

    // Every session ends now; refresh tokens too if asked.
    enum class End { kSessions, kEverything };
    void end(End what);

    // A session made directly, for tests.
    std::string open_session(const std::string& username);

    // The user name behind "Authorization: Bearer ..." or "OAuth ...".
    Outcome<std::string> check(const http::Headers& headers);

    http::Response token(const http::ServerRequest& request);
    // Answers with the redirect at once: nobody has to click.
    http::Response authorize(const http::ServerRequest& request);
    http::Response revoke(const http::ServerRequest& request);

  private:
    struct Session {
        std::string username;
        Timestamp used_until;
    };

    struct Code {
        std::string username;
        std::string client_id;
        std::string redirect_uri;
        std::string challenge;
    };

    // Who signs in by these fields of a form, or the error and its description.
    using Answer = tl::expected<std::string, std::pair<std::string, std::string>>;
    using Form = http::QueryFields;

    Answer by_client_credentials(const Form& form);
    Answer by_password(const Form& form);
    Answer by_refresh_token(const Form& form);
    Answer by_jwt(const Form& form);
    Answer by_code(const Form& form);
    Answer by_grant(const Form& form);
    std::optional<Answer> wrong_app(const Form& form) const;

    const Clock& clock_;
    std::string base_url_;
    Duration lifetime_ = std::chrono::hours(2);
    std::map<std::string, SandboxApp> apps_;  // by client id
    std::map<std::string, SandboxUser> users_;
    std::map<std::string, Session> sessions_;
    std::map<std::string, std::string> refresh_tokens_;  // -> user name
    std::map<std::string, Code> codes_;
};

}  // namespace tideway::connectors::salesforce::sandbox
