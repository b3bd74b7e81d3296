// The value libraries of the flow language: time, text, list, money, uri. Pure and deterministic:
// no clock, no randomness, no order of a hash. Thread: that of the Lua state.
#pragma once

struct lua_State;

namespace tideway::script {

// Pushes one table {time=, text=, list=, money=, uri=}. Protected call: it allocates. Needs no
// globals in the state. Their functions raise Lua errors whose message starts with the place of the
// script's call and the function's name, e.g. "flow.lua:12: money.add: ...".
void open_value_libraries(lua_State* state);

// What the libraries must know of the engine's values. The defaults are weak (values/hooks.cpp):
// they suit a bare Lua state. Where the value codec is linked, its definitions take their place.

// Marks the table at `index` as a list, so that it stays one when it is empty. Default: nothing.
void mark_array(lua_State* state, int index);

// Whether the value is `null`. Default: a light userdata.
bool is_null(lua_State* state, int index);

// Whether the value is a key of a table that scripts do not see. Default: neither text nor number.
bool is_hidden_key(lua_State* state, int index);

}  // namespace tideway::script
