// How two states of a file differ. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace tideway::runtime {

// As `diff -u` writes it, with three lines around each change; empty when the texts are equal.
std::string unified_diff(
    std::string_view from_name, std::string_view to_name, std::string_view from, std::string_view to
);

struct KeyChange {
    std::string key;  // JSON pointer
    std::optional<Json> before;
    std::optional<Json> after;
};

// Key by key through objects, in the order of their names; other values differ as a whole.
std::vector<KeyChange> key_changes(const Json& before, const Json& after);

}  // namespace tideway::runtime
