// tostring and the place of the script in its text: what people read.
#include <cmath>

#include "engine/script/value/number_text.h"
#include "engine/script/value/values.h"

namespace tideway::script {
namespace {

std::string number_text(lua_State* state, int index) {
    if (lua_isinteger(state, index) != 0) {
        return std::to_string(lua_tointeger(state, index));
    }
    const double value = lua_tonumber(state, index);
    if (std::isnan(value)) {
        return "nan";
    }
    if (std::isinf(value)) {
        return value > 0 ? "inf" : "-inf";
    }
    std::string out;
    append_float(out, value);
    return out;
}

// Finds the next script function from `level` on: not C, not the engine's own Lua.
bool find_script_frame(lua_State* state, int& level, lua_Debug& frame) {
    while (lua_getstack(state, level++, &frame) != 0) {
        lua_getinfo(state, "Sl", &frame);
        if (frame.currentline > 0 && std::string_view(frame.source) != kEngineChunk) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::string text_of(lua_State* state, int index) {
    const int at = lua_absindex(state, index);
    if (luaL_callmeta(state, at, "__tostring") != 0) {
        if (lua_type(state, -1) != LUA_TSTRING) {
            raise(state, "'__tostring' must return a string");
        }
        std::string out(to_view(state, -1));
        lua_pop(state, 1);
        return out;
    }
    switch (lua_type(state, at)) {
        case LUA_TNUMBER:
            return number_text(state, at);
        case LUA_TSTRING:
            return std::string(to_view(state, at));
        case LUA_TBOOLEAN:
            return lua_toboolean(state, at) != 0 ? "true" : "false";
        case LUA_TNIL:
            return "nil";
        case LUA_TLIGHTUSERDATA:
            return is_null(state, at) ? "null" : "userdata";
        default:
            return lua_typename(state, lua_type(state, at));
    }
}

std::string script_position(lua_State* state) {
    lua_Debug frame{};
    int level = 0;
    if (!find_script_frame(state, level, frame)) {
        return {};
    }
    return std::string(frame.short_src) + ":" + std::to_string(frame.currentline) + ": ";
}

int script_line(lua_State* state, std::string_view main_file) {
    lua_Debug frame{};
    int level = 0;
    int innermost = 0;
    while (find_script_frame(state, level, frame)) {
        if (innermost == 0) {
            innermost = frame.currentline;
        }
        const std::string_view source(frame.source);
        if (source.substr(1) == main_file) {
            return frame.currentline;
        }
    }
    return innermost;
}

void raise(lua_State* state, std::string_view message) {
    push(state, script_position(state) + std::string(message));
    lua_error(state);
    std::terminate();  // lua_error does not return
}

}  // namespace tideway::script
