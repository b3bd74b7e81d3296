// Lua values by what they hold, not by which table they are. Thread: that of the Lua state.
#pragma once

#include <lua.hpp>

namespace tideway::script::library {

class Call;

// Both raise for tables nested deeper than limits::kJsonDepthMax and for too much work.

// Equal numbers are equal whatever their kind; null equals null only.
bool deep_equal(const Call& call, lua_State* state, int a, int b);

// Pushes a value that is equal (as a key of a table) for two values exactly when they are deeply
// equal: to find duplicates in one pass.
void push_identity(const Call& call, lua_State* state, int index);

// Pushes a list with the keys of the table at `index`: numbers first, then texts, each ascending.
void push_sorted_keys(const Call& call, lua_State* state, int index);

}  // namespace tideway::script::library
