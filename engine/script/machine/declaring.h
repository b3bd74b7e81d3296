// What a flow's file says of itself, and what its libraries are: flow{}, trigger.*, require.
// Thread: that of the VM. All but the structs may raise.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/flow.h"
#include "engine/script/machine/lua.h"

namespace tideway::script {

// What was named while the file's own text ran.
struct Declaring {
    std::vector<std::string> connections;
    std::vector<std::string> variables;
};

// Nothing happens inside a run.
void note_connection(lua_State* state, std::string_view reference);
void note_variable(lua_State* state, std::string_view name);

// Replaces the value on top, which the file returned, by its run function.
void push_run_function(lua_State* state);

// Replaces the value on top by its trigger's function `name`; nil when it has none.
void push_trigger_function(lua_State* state, std::string_view name);

// Reads the value on top.
model::FlowDeclaration read_declaration(lua_State* state);

// The reference of a table made by connection "...", or empty.
std::string connection_reference(lua_State* state, int index);

}  // namespace tideway::script
