// JSON Web Tokens that are signed with an RSA key (RS256). Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace tideway::connector {

// `private_key` is a PEM text. Code "PrivateKeyUnusable" when it is none, is encrypted, or is not
// RSA.
Result<std::string> sign_jwt(const Json& claims, const Secret& private_key);

// The claims of a token whose signature `public_key`, a PEM text, proves. Code "JwtInvalid".
// Whether the claims hold is the caller's to say.
Result<Json> verify_jwt(std::string_view token, std::string_view public_key);

}  // namespace tideway::connector
