// How two states of a JSON file differ. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/json.h"

namespace tideway::runtime {

struct KeyChange {
    std::string key;  // JSON pointer
    std::optional<Json> before;
    std::optional<Json> after;
};

// Key by key through objects, in the order of their names; other values differ as a whole.
std::vector<KeyChange> key_changes(const Json& before, const Json& after);

}  // namespace tideway::runtime
