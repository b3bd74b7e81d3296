// The environment that flows see, built from an empty table. Thread: that of the VM. All may raise.
#pragma once

#include "engine/script/machine/lua.h"
#include "engine/script/machine/machine.h"

namespace tideway::script {

// Builds the base environment once per VM and puts its metatable and the structure functions where
// Machine names them.
void build_environment(lua_State* state, Machine& machine);

// Replaces the table on top by a read-only view of it.
void make_read_only(lua_State* state, const char* name);

// Reading a missing key of the table on top raises "<what> has no <kind> '<key>'", with the nearest
// names of the table.
void refuse_missing_keys(lua_State* state, const std::string& what, const std::string& kind);

// Functions of the flow language, into the table on top.
void set_step_functions(lua_State* state);
void set_declaring_functions(lua_State* state, const Machine& machine);
void set_connection_function(lua_State* state, const Machine& machine);

// For scripts/tideway/structure.lua: enter, leave and fork, into the table on top.
void set_structure_primitives(lua_State* state);

}  // namespace tideway::script
