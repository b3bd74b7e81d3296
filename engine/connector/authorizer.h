// Puts a connection's credentials on a request: Bearer token, Basic, or an API key header. The
// settings and secrets it reads: "username" + "password" (basic), "api_key_header" + "api_key"
// (api_key).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/connector/connections.h"
#include "engine/connector/registry.h"
#include "engine/connector/token_cache.h"

namespace tideway::connector {

enum class AuthWay { kNone, kOauth2, kBasic, kApiKey };

// From the connection's grant ("basic", "api_key", "none" or an OAuth grant), else from the only
// way that the connector has, else from the secrets that are there.
AuthWay auth_way(const model::ConnectorSpec& spec, const OpenConnection& connection);

// Thread: any.
class Authorizer {
  public:
    Authorizer(TokenCache& tokens, const Registry& registry)
        : tokens_(tokens),
          registry_(registry) {}

    // `done` runs on `back`. An empty audience means that the request goes to somebody who must not
    // see the credentials: it is passed on as it is.
    void authorize(
        const std::shared_ptr<const OpenConnection>& connection,
        const std::string& audience,
        http::Request request,
        Executor& back,
        std::function<void(Result<http::Request>)> done
    ) const;

    // A service refused a request that was authorised so (401): the next one gets other
    // credentials, where there are others to be had.
    void refused(const OpenConnection& connection, const std::string& audience) const {
        tokens_.invalidate(connection.record.name, audience);
    }

  private:
    TokenCache& tokens_;
    const Registry& registry_;
};

}  // namespace tideway::connector
