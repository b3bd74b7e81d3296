// Named API tokens: who calls, and what the role allows. Tokens are kept as hashes only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/base/threading.h"
#include "engine/http/message.h"
#include "engine/store/store.h"

namespace tideway::server {

// What a token may do: each from kViewer on also what those before it may. kRunOnly is beside them:
// it starts the flows it names, and sees and cancels the runs that it started.
enum class Role { kRunOnly, kViewer, kOperator, kAdmin };
std::optional<Role> parse_role(std::string_view text);
std::string_view to_string(Role role);  // "run-only", "viewer", "operator", "admin"

// Who calls.
struct Caller {
    std::string name;  // of the token
    Role role = Role::kViewer;
    std::set<std::string, std::less<>> flows{};  // of kRunOnly: "pack/flow"
    bool sees_contents = false;                  // of kRunOnly: what its runs give back

    bool is_run_only() const { return role == Role::kRunOnly; }
};

// Thread: any.
class Authentication {
  public:
    explicit Authentication(const Clock& clock)
        : clock_(clock) {}

    void put(const store::ApiToken& token);
    void remove(std::string_view name);

    // kUnauthenticated without a valid token, kForbidden when its role is less than `least`.
    Status require(const http::Headers& headers, Role least) const;

    // The same, and of kRunOnly those that may start this flow ("pack/flow").
    Status require_for_flow(const http::Headers& headers, Role least, std::string_view flow) const;

    // Whoever has a valid token, of any role.
    Result<Caller> caller(const http::Headers& headers) const;

    // The token's name; empty when there is none.
    std::string person(const http::Headers& headers) const;

    // Without their hashes, by name.
    std::vector<store::ApiToken> tokens() const;

  private:
    Result<const store::ApiToken*> find(const http::Headers& headers) const
        TIDEWAY_REQUIRES(mutex_);

    const Clock& clock_;
    mutable Mutex mutex_;
    std::map<std::string, store::ApiToken, std::less<>> by_hash_ TIDEWAY_GUARDED_BY(mutex_);
};

// What is stored of a token.
std::string token_hash(std::string_view token);

}  // namespace tideway::server
