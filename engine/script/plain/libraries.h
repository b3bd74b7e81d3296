// Safe libraries of plain Lua. Each pushes one table; environment.cpp makes them read-only.
// Thread: that of the VM. All may raise.
#pragma once

#include "engine/script/machine/lua.h"

namespace tideway::script {

void open_plain(lua_State* state);  // assert error pcall pairs tostring ...
void open_string(lua_State* state);
void open_table(lua_State* state);
void open_math(lua_State* state);
void open_utf8(lua_State* state);
void open_json(lua_State* state);

// The pcall of scopes: it catches too what only leaves one whose time is up, so that each on the
// way is ended.
void push_structure_pcall(lua_State* state);

// The string library's functions on patterns, into the table on top.
void set_pattern_functions(lua_State* state);

// Takes the stock function `name` out of the library table at `library` and puts it, behind a
// charge for the size of its text arguments, into the table on top.
void set_charged_stock(lua_State* state, int library, const char* name);

}  // namespace tideway::script
