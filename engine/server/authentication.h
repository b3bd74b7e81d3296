// Named API tokens: who calls, and what the role allows. Tokens are kept as hashes only.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/base/threading.h"
#include "engine/http/message.h"
#include "engine/store/store.h"

namespace tideway::server {

enum class Role { kViewer, kOperator, kAdmin };
std::optional<Role> parse_role(std::string_view text);

// Thread: any.
class Authentication {
  public:
    explicit Authentication(const Clock& clock)
        : clock_(clock) {}

    void put(const store::ApiToken& token);
    void remove(std::string_view name);

    // kUnauthenticated without a valid token, kForbidden when its role is less than `least`.
    Status require(const http::Headers& headers, Role least) const;

    // The token's name; empty when there is none.
    std::string person(const http::Headers& headers) const;

  private:
    const store::ApiToken* find(const http::Headers& headers) const TIDEWAY_REQUIRES(mutex_);

    const Clock& clock_;
    mutable Mutex mutex_;
    std::map<std::string, store::ApiToken, std::less<>> by_hash_ TIDEWAY_GUARDED_BY(mutex_);
};

// What is stored of a token.
std::string token_hash(std::string_view token);

}  // namespace tideway::server
