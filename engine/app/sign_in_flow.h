// How the command line makes a connection: sign in at the service on this computer, then hand the
// credentials to the server.
#pragma once

#include <optional>
#include <string>

#include "engine/app/api_client.h"
#include "engine/app/command_line.h"
#include "engine/connector/identity/sign_in.h"

namespace tideway::app {

struct ConnectionPlan {
    std::string name;
    std::string grant;  // authorization_code, device_code, client_credentials, refresh_token, none
    Json settings;
    connector::Secrets secrets;
    std::optional<Timestamp> secret_expires;  // the client secret's; services do not tell it
};

// Walks through the service's own sign-in. In a sandbox the browser's part is played here.
Result<connector::SignedIn> sign_in(
    const model::ConnectorSpec& spec, const ConnectionPlan& plan, const Clock& clock
);
Result<connector::SignedIn> sign_in(
    const model::ConnectorSpec& spec,
    const ConnectionPlan& plan,
    const Clock& clock,
    BlockingHttp& http
);

// Stores it on the server and tests every right; prints what is missing unless JSON is wanted.
Result<Json> put_connection(
    ApiClient& client,
    const model::ConnectorSpec& spec,
    const ConnectionPlan& plan,
    const connector::SignedIn& signed_in
);

// The specs that are built in.
Result<model::ConnectorSpec> built_in_spec(const std::string& id);

}  // namespace tideway::app
