// JSON bytes <-> Lua values, directly. What is written is canonical: keys sorted, shortest numbers.
// The rules are those of docs/flow-language.md: null keys are remembered, lists stay lists when
// empty, integers keep 64 bits, floats stay floats. Thread: that of the VM.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/limits.h"

struct lua_State;

namespace tideway::script {

enum class SecretHandles { kPlain, kDecode };

// Pushes the value of `json`; null at the top is nil. Raises an error table with code InvalidJSON.
// kDecode turns {"$secret":"name"} into a handle: only for values that the engine itself made.
void decode_value(
    lua_State* state, std::string_view json, SecretHandles secrets = SecretHandles::kPlain
);

struct EncodeOptions {
    // An operation's input schema: decides whether an empty table is a list or an object.
    const Json* schema = nullptr;
    // "/pointer"s of the fields where a secret may stand.
    const std::vector<std::string>* secret_fields = nullptr;
    bool drop_functions = false;  // functions in the outermost table are left out
    std::size_t bytes_max = limits::kPayloadBytesMax;
};

// Raises an error table that names the place of the value that has no JSON form: "$.row.items[3]".
// nil is "null".
std::string encode_value(lua_State* state, int index, const EncodeOptions& options = {});

}  // namespace tideway::script
