// Reading the arguments of the flow language's functions. Thread: that of the VM. All may raise.
#pragma once

#include <string>
#include <string_view>

#include "engine/script/machine/lua.h"

namespace tideway::script {

// The name of a step or scope: text, not empty, at most limits::kNameBytesMax bytes, not starting
// with
// '@' (that marks what has no name). `function` is named in the error.
std::string_view name_argument(lua_State* state, int index, std::string_view function);

// Text; `what` names it in the error: "delay_until: the time".
std::string_view text_argument(lua_State* state, int index, std::string_view what);

}  // namespace tideway::script
