// math, json and array: the small libraries over numbers and values.
#include <cmath>

#include "engine/script/machine/activity.h"
#include "engine/script/plain/libraries.h"
#include "engine/script/value/values.h"
#include "engine/script/value_codec.h"

namespace tideway::script {
namespace {

int encode(lua_State* state) {
    luaL_checkany(state, 1);
    const std::string json = encode_value(state, 1);
    charge_bytes(state, 4 * json.size());
    push(state, json);
    return 1;
}

int decode(lua_State* state) {
    luaL_checklstring(state, 1, nullptr);
    const std::string_view json = to_view(state, 1);
    charge_bytes(state, 4 * json.size());
    decode_value(state, json);
    if (lua_isnil(state, -1)) {
        push_null(state);
    }
    return 1;
}

// json.is_null(t, "k"): a remembered null key; json.is_null(v): is it null?
int is_null_value(lua_State* state) {
    if (lua_gettop(state) < 2) {
        luaL_checkany(state, 1);
        lua_pushboolean(state, is_null(state, 1) ? 1 : 0);
        return 1;
    }
    luaL_checktype(state, 1, LUA_TTABLE);
    lua_pushvalue(state, 2);
    lua_rawget(state, 1);
    bool null_key = is_null(state, -1);
    if (!null_key && lua_type(state, 2) == LUA_TSTRING) {
        null_key = is_null_key(state, 1, to_view(state, 2));
    }
    lua_pushboolean(state, null_key ? 1 : 0);
    return 1;
}

}  // namespace

void open_math(lua_State* state) {
    static constexpr const char* kStock[] = {
        "abs",
        "ceil",
        "floor",
        "fmod",
        "max",
        "min",
        "modf",
        "sqrt",
        "tointeger",
        "type",
        "ult",
        "huge",
        "maxinteger",
        "mininteger",
        "pi"};
    luaL_requiref(state, "math", luaopen_math, 0);
    const int stock = lua_gettop(state);
    lua_newtable(state);
    for (const char* name : kStock) {
        lua_getfield(state, stock, name);
        lua_setfield(state, -2, name);
    }
    lua_remove(state, stock);
}

void open_json(lua_State* state) {
    lua_newtable(state);
    set_function<encode>(state, "encode");
    set_function<decode>(state, "decode");
    set_function<is_null_value>(state, "is_null");
}

}  // namespace tideway::script
