#include <algorithm>

#include "engine/base/limits.h"
#include "engine/script/machine/activity.h"
#include "engine/script/plain/libraries.h"
#include "engine/script/value/values.h"

namespace tideway::script {
namespace {

std::size_t text_bytes(lua_State* state) {
    std::size_t bytes = 0;
    for (int i = 1; i <= lua_gettop(state); ++i) {
        if (lua_type(state, i) == LUA_TSTRING) {
            bytes += to_view(state, i).size();
        }
    }
    return bytes;
}

// Upvalue 1: the stock function.
int call_charged(lua_State* state) {
    charge_bytes(state, text_bytes(state));
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_insert(state, 1);
    lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
    return lua_gettop(state);
}

int repeat(lua_State* state) {
    luaL_checklstring(state, 1, nullptr);
    const std::string_view text = to_view(state, 1);
    const lua_Integer count = luaL_checkinteger(state, 2);
    luaL_optlstring(state, 3, "", nullptr);
    const std::string_view between = lua_isnoneornil(state, 3) ? "" : to_view(state, 3);
    const std::size_t piece = text.size() + between.size();
    if (count <= 0 || piece == 0) {
        lua_pushliteral(state, "");
        return 1;
    }
    const auto times = static_cast<std::size_t>(count);
    if (times > limits::kScriptMemoryBytesMax / piece) {
        raise(state, "the resulting text is too large");
    }
    charge_bytes(state, times * piece);
    const std::size_t total = times * piece - between.size();
    std::string out(text);
    out.append(between);
    out.reserve(times * piece);
    while (out.size() < total) {
        out.append(out, 0, std::min(out.size(), times * piece - out.size()));
    }
    out.resize(total);
    push(state, out);
    return 1;
}

// Replaces the argument of a %s by its text, as our tostring writes it.
void convert_argument(lua_State* state, int argument) {
    if (lua_type(state, argument) != LUA_TSTRING) {
        push(state, text_of(state, argument));
        lua_replace(state, argument);
    }
}

// Upvalue 1: the stock format. Checks every conversion first: none that shows addresses, and what
// is shown by %s is shown as tostring does.
int format(lua_State* state) {
    luaL_checklstring(state, 1, nullptr);
    const std::string_view shape = to_view(state, 1);
    int argument = 1;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] != '%') {
            continue;
        }
        if (++i < shape.size() && shape[i] == '%') {
            continue;
        }
        i = shape.find_first_not_of("-+ #0123456789.", i);
        const char kind = i == std::string_view::npos ? '\0' : shape[i];
        ++argument;
        if (kind == 's') {
            luaL_checkany(state, argument);
            convert_argument(state, argument);
        } else if (std::string_view("cdiouxXeEfgG").find(kind) == std::string_view::npos || kind == '\0') {
            raise(state, "format does not know the conversion '%" + std::string(1, kind) + "'");
        }
    }
    charge_bytes(state, text_bytes(state) + static_cast<std::size_t>(argument) * 128);
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_insert(state, 1);
    lua_call(state, lua_gettop(state) - 1, 1);
    return 1;
}

// The metatable that all texts share: methods, and arithmetic on texts that are numbers.
void lock_string_metatable(lua_State* state, int library) {
    static constexpr const char* kArithmetic[] = {
        "__add", "__sub", "__mul", "__mod", "__pow", "__div", "__idiv", "__unm"};
    lua_pushliteral(state, "");
    lua_newtable(state);
    lua_getmetatable(state, -2);
    for (const char* name : kArithmetic) {
        lua_getfield(state, -1, name);
        lua_setfield(state, -3, name);
    }
    lua_pop(state, 1);
    lua_pushvalue(state, library);
    lua_setfield(state, -2, "__index");
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    lua_setmetatable(state, -2);
    lua_pop(state, 1);
}

}  // namespace

void set_charged_stock(lua_State* state, int library, const char* name) {
    lua_getfield(state, library, name);
    lua_pushcclosure(state, &guarded<call_charged>, 1);
    lua_setfield(state, -2, name);
}

void open_string(lua_State* state) {
    static constexpr const char* kStock[] = {
        "byte", "char", "len", "lower", "upper", "reverse", "sub"};
    luaL_requiref(state, "string", luaopen_string, 0);
    const int stock = lua_gettop(state);
    lua_newtable(state);
    for (const char* name : kStock) {
        set_charged_stock(state, stock, name);
    }
    set_function<repeat>(state, "rep");
    lua_getfield(state, stock, "format");
    lua_pushcclosure(state, &guarded<format>, 1);
    lua_setfield(state, -2, "format");
    set_pattern_functions(state);
    lock_string_metatable(state, stock + 1);
    lua_remove(state, stock);
}

void open_utf8(lua_State* state) {
    static constexpr const char* kStock[] = {"char", "codepoint", "len", "offset", "codes"};
    luaL_requiref(state, "utf8", luaopen_utf8, 0);
    const int stock = lua_gettop(state);
    lua_newtable(state);
    for (const char* name : kStock) {
        set_charged_stock(state, stock, name);
    }
    lua_getfield(state, stock, "charpattern");
    lua_setfield(state, -2, "charpattern");
    lua_remove(state, stock);
}

}  // namespace tideway::script
