// Whether a service holds what was written to it. Formatting is never a difference: services answer
// numbers for decimal text, other spellings of one instant, other letter case in ids, other line
// ends. Thread: any.
#pragma once

#include <string_view>

#include "engine/base/json.h"

namespace tideway::connector {

// `wanted` is what was written. Objects match when `actual` has every wanted key with the same
// value (services add columns of their own); arrays match item by item; null, "" and absent are one
// value.
bool same_value(const Json& wanted, const Json& actual);

// The value at "details/dealValue" in a document; null when there is none.
const Json& value_at(const Json& document, std::string_view path);

}  // namespace tideway::connector
