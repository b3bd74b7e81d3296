// Tokens where no connector asks for any: worlds in which no service of the outside is reached.
#pragma once

#include "engine/connector/token_cache.h"

namespace tideway::connector {

// Thread: any.
class NoTokens final : public TokenCache {
  public:
    void get(
        const std::string& connection,
        const std::string& /*audience*/,
        Executor& back,
        std::function<void(Result<Secret>)> done
    ) override {
        back.post([connection, done = std::move(done)] {
            done(fail(
                ErrorKind::kInternal,
                "NoTokens",
                "There are no tokens here, and the connection " + connection + " asks for one."
            ));
        });
    }

    void invalidate(const std::string& /*connection*/, const std::string& /*audience*/) override {}

    void forget(const std::string& /*connection*/) override {}
};

}  // namespace tideway::connector
