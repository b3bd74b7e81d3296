// Lua 5.4 text to a tree (lua_syntax.h), names resolved to their local variables.
// Thread: any.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/script/syntax/lua_syntax.h"

namespace tideway::script {

struct ParseResult {
    Chunk chunk;
    std::optional<SyntaxError> error;  // the first; the chunk then holds what stood before it
};

// Never fails otherwise, for any bytes; time is linear in the length of `text`.
ParseResult parse_lua(std::string_view text);

}  // namespace tideway::script
