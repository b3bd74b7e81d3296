// The values that Lua lacks and flows need: null, lists that know that they are lists, objects that
// remember their null keys, secrets, error tables. Thread: that of the VM. Every function may
// raise.
#pragma once

#include <string>
#include <string_view>

#include "engine/model/journal_row.h"
#include "engine/script/machine/lua.h"

namespace tideway::script {

// Makes the metatables; once per VM, before anything else here.
void install_values(lua_State* state);

// --- null ---
void push_null(lua_State* state);
bool is_null(lua_State* state, int index);

// --- lists ---
void mark_array(lua_State* state, int index);  // keeps a metatable of the script's own
bool is_marked_array(lua_State* state, int index);

// --- null keys of objects ---
// The hidden key under which an object holds the set of its null keys. Walkers skip it.
bool is_hidden_key(lua_State* state, int index);
// Pushes the set and returns true, or pushes nothing.
bool push_null_keys(lua_State* state, int index);
// Gives the table at `index` the set on top of the stack, and pops it.
void set_null_keys(lua_State* state, int index);
bool is_null_key(lua_State* state, int index, std::string_view key);

// Pushes the metatable that only the engine sets; the script may not see it.
bool has_engine_metatable(lua_State* state, int index);

// --- secrets ---
void push_secret(lua_State* state, std::string_view reference);
const std::string* to_secret(lua_State* state, int index);  // null: not a secret

// --- environment variables of a flow that does not run ---
// While the flow declares itself it stands for the value; in a trigger function any use raises.
void push_unknown(lua_State* state, std::string_view variable);
const std::string* to_unknown(lua_State* state, int index);

// --- error tables ---
void push_error(lua_State* state, const model::StepError& error);
[[noreturn]] void raise_error(lua_State* state, const model::StepError& error);
// Raises an error table whose message starts with the place of the script's call.
[[noreturn]] void raise_coded(lua_State* state, std::string_view code, std::string_view message);
// What was raised, as history shows it. `step` is used when the value does not say. Never raises.
model::StepError to_step_error(lua_State* state, int index, std::string_view step);
// Error tables (with a code and a message) stay as they are; any other value becomes one.
void normalise_error(lua_State* state, std::string_view step);  // the value on top

// tostring: no addresses, floats shortest. Calls __tostring.
std::string text_of(lua_State* state, int index);

// "field 'x'" style names for messages: "a table", "null", "a secret".
std::string_view kind_of(lua_State* state, int index);

// Where the script is: "flow.lua:12: ", or empty.
std::string script_position(lua_State* state);

// Line in `main_file` of the innermost of its functions that runs, else of the innermost function
// of a library; 0 when no script function runs.
int script_line(lua_State* state, std::string_view main_file);

// The name of chunks that are ours, so that positions never point into them.
constexpr const char* kEngineChunk = "=[tideway]";

}  // namespace tideway::script
