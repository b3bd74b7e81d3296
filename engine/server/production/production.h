// What a production environment does only for somebody who says its name: acts that no other
// command takes back.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/result.h"

namespace tideway::server {

enum class EnvironmentKind { kStandard, kProduction };

std::string_view to_string(EnvironmentKind kind);
Result<EnvironmentKind> parse_environment_kind(std::string_view text);

struct EnvironmentIdentity {
    std::string name;
    EnvironmentKind kind = EnvironmentKind::kStandard;
};

// Letters, digits, '.', '_' and '-': a name that is typed, and that can be a folder's.
Status check_environment_name(const std::string& name);

// The request header with which a caller says which environment is meant.
inline constexpr const char* kConfirmHeader = "Tideway-Confirm";

struct DestructiveAct {
    const char* method;
    const char* pattern;    // of the route, below /api/v1
    const char* only_with;  // a field of the body that must be true for it; "": none
    const char* about;      // what would be done; {name} is that parameter or field of the request
};

std::span<const DestructiveAct> destructive_acts();
// Null when the route destroys nothing.
const DestructiveAct* find_destructive_act(std::string_view method, std::string_view pattern);

// Whether the request, with the fields of its body and its path, is one that destroys.
bool is_destructive(const DestructiveAct& act, const Json& fields);

// `about` with the fields of a request.
std::string describe(const DestructiveAct& act, const Json& fields);

// `given` is the name that somebody said, "" for none. Fails with "ConfirmationRequired" where
// production waits for one, and with "ConfirmationMismatch" when it is another's, of any kind of
// environment.
Status check_confirmation(
    const EnvironmentIdentity& environment, std::string_view given, const std::string& about
);

}  // namespace tideway::server
