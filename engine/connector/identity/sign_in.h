// Making a connection: how a person (or a secret) turns into stored credentials. Each way is a
// state machine without I/O; run_sign_in() drives one with a Client.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "engine/base/clock.h"
#include "engine/base/loop.h"
#include "engine/connector/identity/oauth.h"
#include "engine/http/client.h"

namespace tideway::connector {

// What the person entered so far.
struct SignInInput {
    const model::ConnectorSpec* spec = nullptr;
    Json settings;
    Secrets secrets;       // "client_secret", "refresh_token"
    std::string audience;  // the token that is tried; empty: the connector's first
};

// What is to be stored with the connection.
struct SignedIn {
    Secrets secrets;
    std::string grant;
    std::optional<Timestamp> refresh_expires;  // if the connection is not used until then
};

// Send this after `wait`, then come back with the answer.
struct Ask {
    http::Request request;
    Duration wait{0};
};

using SignInTurn = std::variant<Ask, SignedIn, Error>;

// One sign-in. Thread: one at a time.
class SignIn {
  public:
    virtual ~SignIn() = default;
    virtual SignInTurn begin(Timestamp now) = 0;  // called once, first
    virtual SignInTurn on_response(const http::Response& response, Timestamp now) = 0;

    // No answer came to the last request.
    virtual SignInTurn on_trouble(const Error& error, Timestamp /*now*/) { return error; }
};

using SignInOrError = Result<std::unique_ptr<SignIn>>;

// The app signs in as itself; proves that id and secret work.
SignInOrError sign_in_as_app(const SignInInput& input);

// A refresh token that somebody already has; it is exchanged for its successor at once.
SignInOrError sign_in_with_refresh_token(const SignInInput& input);

// The app signs in for a person, with a key instead of a password.
SignInOrError sign_in_with_key(const SignInInput& input, Timestamp now);

// --- in a browser: authorization code with PKCE ---

struct Authorization {
    std::string url;    // to be opened in the browser
    std::string state;  // comes back in the redirect
    Secret verifier;    // kept here until then
};

Result<Authorization> start_authorization(
    const SignInInput& input, const std::string& redirect_uri
);

// The code out of the query with which the browser came back. Refuses another `state` (code
// "SignInStateMismatch") and says why the provider declined.
Result<std::string> read_redirect(std::string_view query, std::string_view state);

SignInOrError sign_in_with_code(
    const SignInInput& input,
    const std::string& redirect_uri,
    const std::string& code,
    const Secret& verifier
);

// --- with a device code: for machines without a browser ---

struct DevicePrompt {
    std::string user_code;
    std::string url;
    std::string message;  // one sentence that holds both
    Timestamp expires;
};

// `show` is called once, when the code is there.
SignInOrError sign_in_with_device_code(
    const SignInInput& input, std::function<void(const DevicePrompt&)> show
);

// Runs a sign-in on the client's loop. `done` is called once, unless the returned handle is gone by
// then.
std::shared_ptr<void> run_sign_in(
    std::unique_ptr<SignIn> sign_in,
    http::Client& client,
    const http::NetworkPolicy& policy,
    Executor& loop,
    const Clock& clock,
    std::function<void(Result<SignedIn>)> done
);

// The steps to take on the other side, numbered, with the settings filled in.
std::string register_text(const model::ConnectorSpec& spec, const Json& settings);

}  // namespace tideway::connector
