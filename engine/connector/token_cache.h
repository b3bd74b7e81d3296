// Access tokens per connection and audience, with one refresh at a time. A rotated refresh token is
// committed before the access token that came with it is used.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/loop.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"
#include "engine/connector/connections.h"
#include "engine/connector/registry.h"
#include "engine/http/client.h"

namespace tideway::connector {

// Thread: any for calls; it does its own HTTP on the loop that it was made with.
class TokenCache {
  public:
    // Makes new secrets of a connection durable, then calls back (from any thread).
    using Save = std::function<void(
        const std::string& connection,
        std::map<std::string, Secret, std::less<>> secrets,
        std::function<void(Status)> done
    )>;

    virtual ~TokenCache() = default;

    // `done` runs on `back`. A failure says in words what a person must do (AADSTS codes become
    // sentences); kUnauthenticated: the connection is broken, kUnavailable: try later.
    virtual void get(
        const std::string& connection,
        const std::string& audience,
        Executor& back,
        std::function<void(Result<Secret>)> done
    ) = 0;

    // A service refused this token (401): the next get() fetches another.
    virtual void invalidate(const std::string& connection, const std::string& audience) = 0;

    // The connection was replaced or removed.
    virtual void forget(const std::string& connection) = 0;
};

std::unique_ptr<TokenCache> make_token_cache(
    Loop& loop,
    http::Client& client,
    const Registry& registry,
    const Connections& connections,
    const Clock& clock,
    TokenCache::Save save
);

}  // namespace tideway::connector
