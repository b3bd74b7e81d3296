// The door to the Lua library: its headers, and what turns a C++ function into one that Lua can
// call. Thread: that of the VM. Functions called by Lua catch std::exception
// and nothing wider, which would swallow Lua's own errors.
#pragma once

#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>

#include <lua.hpp>

namespace tideway::script {

inline void push(lua_State* state, std::string_view text) {
    lua_pushlstring(state, text.data(), text.size());
}

// The text at `index`, which must be a string (not a number, which lua_tolstring would convert).
inline std::string_view to_view(lua_State* state, int index) {
    std::size_t size = 0;
    const char* data = lua_tolstring(state, index, &size);
    return {data, size};
}

// Raises `message` with the place of the script's call in front, as `error` does.
[[noreturn]] void raise(lua_State* state, std::string_view message);

// What a wrapped function gives back instead of a number of results when its branch waits:
// ExecutionImpl knows what it goes on with.
constexpr int kSuspended = -1;

// Yields. It is called when nothing is left that has to be destroyed: unwinding a frame that has
// something costs as much as the rest of a step.
int suspend(lua_State* state);

// Calls a C++ function for Lua: a foreign exception becomes a Lua error.
template <typename Call>
int guard(lua_State* state, Call call) {
    constexpr int kThrown = -2;
    char text[256];
    int results = kThrown;
    try {
        results = call();
    } catch (const std::exception& error) {
        std::strncpy(text, error.what(), sizeof text - 1);
        text[sizeof text - 1] = '\0';
    }
    if (results == kThrown) {
        raise(state, text);
    }
    return results == kSuspended ? suspend(state) : results;
}

// What every function given to Lua is wrapped in.
template <lua_CFunction Function>
int guarded(lua_State* state) {
    return guard(state, [state] { return Function(state); });
}

// As `guarded`, for functions that go on after a yield.
template <lua_KFunction Function>
int guarded_continuation(lua_State* state, int status, lua_KContext context) {
    return guard(state, [=] { return Function(state, status, context); });
}

// Sets field `name` of the table on top to `function`.
template <lua_CFunction Function>
void set_function(lua_State* state, const char* name) {
    lua_pushcfunction(state, &guarded<Function>);
    lua_setfield(state, -2, name);
}

// Runs `body(state)` protected, so that what it allocates cannot end the process. Returns Lua's
// status; after a failure the error value is on top. `body` returns how many values it leaves.
template <typename Body>
int protect(lua_State* state, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    const lua_CFunction call = [](lua_State* inner) {
        auto* plain = static_cast<Plain*>(lua_touserdata(inner, 1));
        lua_settop(inner, 0);
        char text[256];
        try {
            return (*plain)(inner);
        } catch (const std::exception& error) {
            std::strncpy(text, error.what(), sizeof text - 1);
            text[sizeof text - 1] = '\0';
        }
        return luaL_error(inner, "%s", text);
    };
    lua_pushcfunction(state, call);
    lua_pushlightuserdata(state, const_cast<void*>(static_cast<const void*>(&body)));
    return lua_pcall(state, 1, LUA_MULTRET, 0);
}

}  // namespace tideway::script
