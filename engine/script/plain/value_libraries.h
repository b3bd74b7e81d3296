// Where the environment gets the value libraries from. Thread: that of the VM.
#pragma once

#include "engine/script/machine/lua.h"

namespace tideway::script {

// Pushes one table {time=, text=, list=, money=, uri=}.
void push_value_libraries(lua_State* state);

}  // namespace tideway::script
