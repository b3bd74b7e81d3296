// The functions of plain Lua that flows see. Those that could hide a stop, show an address or
// depend on the order of a hash table are ours.
#include <algorithm>
#include <vector>

#include "engine/script/machine/activity.h"
#include "engine/script/plain/libraries.h"
#include "engine/script/value/values.h"

namespace tideway::script {
namespace {

constexpr const char* kRefusedFields[] = {"__gc", "__close", "__mode"};

const char kGuardMeta = 0;

// What an error costs beside the script's own instructions: it is a C++ exception.
constexpr std::int64_t kRaiseInstructions = 300;

// --- pcall and xpcall ---

bool failed(int status) {
    return status != LUA_OK && status != LUA_YIELD;
}

// A stop is raised again: no loop of pcall outlives it.
int finish_structure_pcall(lua_State* state, int status, lua_KContext /*context*/) {
    note_status(state, status);
    check_stop(state);
    if (failed(status)) {
        charge(state, kRaiseInstructions);
        lua_pushboolean(state, 0);
        lua_insert(state, -2);
        return 2;
    }
    return lua_gettop(state);
}

int finish_pcall(lua_State* state, int status, lua_KContext context) {
    if (failed(status) && is_leaving(state)) {
        return lua_error(state);
    }
    return finish_structure_pcall(state, status, context);
}

template <int (*finish)(lua_State*, int, lua_KContext)>
int call_protected(lua_State* state) {
    luaL_checkany(state, 1);
    lua_pushboolean(state, 1);
    lua_insert(state, 1);
    const int status =
        lua_pcallk(state, lua_gettop(state) - 2, LUA_MULTRET, 0, 0, &guarded_continuation<finish>);
    return finish(state, status, 0);
}

int finish_handler(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    return lua_gettop(state) - 1;
}

int finish_xpcall(lua_State* state, int status, lua_KContext /*context*/) {
    note_status(state, status);
    check_stop(state);
    if (!failed(status)) {
        return lua_gettop(state) - 1;
    }
    if (is_leaving(state)) {
        return lua_error(state);
    }
    charge(state, kRaiseInstructions);
    // handler true error: the stack is unwound already, so an endless handler is a loop like any.
    lua_pushboolean(state, 0);
    lua_replace(state, 2);
    lua_pushvalue(state, 1);
    lua_insert(state, 3);
    lua_callk(state, 1, LUA_MULTRET, 0, &guarded_continuation<finish_handler>);
    return lua_gettop(state) - 1;
}

int xpcall(lua_State* state) {
    luaL_checktype(state, 2, LUA_TFUNCTION);
    lua_pushboolean(state, 1);
    lua_pushvalue(state, 1);
    lua_rotate(state, 3, 2);
    lua_remove(state, 1);  // handler true function ...
    const int status =
        lua_pcallk(state, lua_gettop(state) - 3, LUA_MULTRET, 0, 0, &guarded_continuation<finish_xpcall>);
    return finish_xpcall(state, status, 0);
}

// --- tables ---

int protect_metatable(lua_State* state) {
    if (lua_type(state, 2) == LUA_TSTRING) {
        for (const char* name : kRefusedFields) {
            if (to_view(state, 2) == name) {
                raise(state, std::string("flows have no ") + name);
            }
        }
    }
    lua_settop(state, 3);
    lua_rawset(state, 1);
    return 0;
}

bool is_guarded(lua_State* state, int index) {
    if (lua_getmetatable(state, index) == 0) {
        return false;
    }
    lua_rawgetp(state, LUA_REGISTRYINDEX, const_cast<char*>(&kGuardMeta));
    const bool same = lua_rawequal(state, -1, -2) != 0;
    lua_pop(state, 2);
    return same;
}

// Keeps the refused fields out of a metatable after it was set, too.
void guard_metatable(lua_State* state, int index) {
    for (const char* name : kRefusedFields) {
        lua_pushstring(state, name);
        if (lua_rawget(state, index) != LUA_TNIL) {
            raise(state, std::string("flows have no ") + name);
        }
        lua_pop(state, 1);
    }
    if (lua_getmetatable(state, index) == 0) {
        lua_rawgetp(state, LUA_REGISTRYINDEX, const_cast<char*>(&kGuardMeta));
        lua_setmetatable(state, index);
        return;
    }
    lua_pushliteral(state, "__newindex");
    if (lua_rawget(state, -2) == LUA_TNIL) {
        lua_pushliteral(state, "__newindex");
        lua_pushcfunction(state, &guarded<protect_metatable>);
        lua_rawset(state, -4);
    }
    lua_pop(state, 2);
}

int set_metatable(lua_State* state) {
    luaL_checktype(state, 1, LUA_TTABLE);
    const int kind = lua_type(state, 2);
    luaL_argexpected(state, kind == LUA_TNIL || kind == LUA_TTABLE, 2, "nil or table");
    lua_settop(state, 2);
    const bool guarded_before = is_guarded(state, 1);
    if (!guarded_before && !has_engine_metatable(state, 1) &&
        luaL_getmetafield(state, 1, "__metatable") != LUA_TNIL) {
        raise(state, "cannot change a protected metatable");
    }
    if (kind == LUA_TTABLE) {
        guard_metatable(state, 2);
    }
    lua_settop(state, 2);
    lua_setmetatable(state, 1);
    if (guarded_before) {
        if (kind == LUA_TTABLE) {
            lua_getmetatable(state, 1);
            lua_pushliteral(state, "__newindex");
            if (lua_rawget(state, -2) == LUA_TNIL) {
                lua_pushcfunction(state, &guarded<protect_metatable>);
                lua_setfield(state, -3, "__newindex");
            }
        } else {
            lua_rawgetp(state, LUA_REGISTRYINDEX, const_cast<char*>(&kGuardMeta));
            lua_setmetatable(state, 1);
        }
    }
    lua_settop(state, 1);
    return 1;
}

int get_metatable(lua_State* state) {
    luaL_checkany(state, 1);
    const bool ours =
        lua_istable(state, 1) && (has_engine_metatable(state, 1) || is_guarded(state, 1));
    if (ours || lua_getmetatable(state, 1) == 0) {
        lua_pushnil(state);
        return 1;
    }
    if (luaL_getmetafield(state, 1, "__metatable") == LUA_TNIL) {
        return 1;
    }
    return 1;
}

// A key as pairs orders it: numbers ascending, then texts by their bytes.
struct Key {
    bool is_text = false;
    bool is_integer = false;
    lua_Integer integer = 0;
    double number = 0;
    std::string_view text;

    friend bool operator<(const Key& a, const Key& b) {
        if (a.is_text != b.is_text) {
            return b.is_text;
        }
        if (a.is_text) {
            return a.text < b.text;
        }
        return a.is_integer && b.is_integer ? a.integer < b.integer : a.number < b.number;
    }
};

std::vector<Key> keys_of(lua_State* state, int table) {
    std::vector<Key> keys;
    lua_pushnil(state);
    while (lua_next(state, table) != 0) {
        lua_pop(state, 1);
        Key key;
        if (lua_type(state, -1) == LUA_TSTRING) {
            key.is_text = true;
            key.text = to_view(state, -1);
        } else if (lua_type(state, -1) == LUA_TNUMBER) {
            key.is_integer = lua_isinteger(state, -1) != 0;
            key.integer = lua_tointeger(state, -1);
            key.number = lua_tonumber(state, -1);
        } else if (is_hidden_key(state, -1)) {
            continue;
        } else {
            raise(
                state,
                "pairs has no order for a table with " + std::string(kind_of(state, -1)) +
                    " as a key; use numbers or text"
            );
        }
        keys.push_back(key);
    }
    std::sort(keys.begin(), keys.end());
    return keys;
}

// Upvalues: the table, its keys in order, the place of the next one.
int next_pair(lua_State* state) {
    lua_Integer at = lua_tointeger(state, lua_upvalueindex(3));
    while (true) {
        lua_settop(state, 0);
        if (lua_rawgeti(state, lua_upvalueindex(2), ++at) == LUA_TNIL) {
            return 1;
        }
        lua_pushvalue(state, 1);
        if (lua_rawget(state, lua_upvalueindex(1)) != LUA_TNIL) {
            break;
        }
    }
    lua_pushinteger(state, at);
    lua_replace(state, lua_upvalueindex(3));
    return 2;
}

int pairs(lua_State* state) {
    luaL_checktype(state, 1, LUA_TTABLE);
    lua_settop(state, 1);
    const std::vector<Key> keys = keys_of(state, 1);
    charge(state, 4 * static_cast<std::int64_t>(keys.size()));
    lua_pushvalue(state, 1);
    lua_createtable(state, static_cast<int>(keys.size()), 0);
    lua_Integer at = 0;
    for (const Key& key : keys) {
        if (key.is_text) {
            push(state, key.text);
        } else if (key.is_integer) {
            lua_pushinteger(state, key.integer);
        } else {
            lua_pushnumber(state, key.number);
        }
        lua_rawseti(state, -2, ++at);
    }
    lua_pushinteger(state, 0);
    lua_pushcclosure(state, &guarded<next_pair>, 3);
    lua_insert(state, 1);
    return 2;
}

int next(lua_State* state) {
    luaL_checktype(state, 1, LUA_TTABLE);
    if (!lua_isnoneornil(state, 2)) {
        raise(state, "next only tells whether a table is empty; use pairs to walk it");
    }
    lua_settop(state, 1);
    lua_pushnil(state);
    while (lua_next(state, 1) != 0) {
        lua_pop(state, 1);
        if (!is_hidden_key(state, -1)) {
            lua_pushboolean(state, 1);
            return 1;
        }
    }
    lua_pushnil(state);
    return 1;
}

// --- the rest ---

int to_string(lua_State* state) {
    luaL_checkany(state, 1);
    push(state, text_of(state, 1));
    return 1;
}

int raw_equal(lua_State* state) {
    luaL_checkany(state, 1);
    luaL_checkany(state, 2);
    if (to_secret(state, 1) != nullptr || to_secret(state, 2) != nullptr) {
        raise(state, "a secret cannot be compared");
    }
    lua_pushboolean(state, lua_rawequal(state, 1, 2));
    return 1;
}

}  // namespace

void push_structure_pcall(lua_State* state) {
    lua_pushcfunction(state, &guarded<call_protected<finish_structure_pcall>>);
}

void open_plain(lua_State* state) {
    static constexpr const char* kStock[] = {
        "assert", "error", "select", "type", "ipairs", "rawlen"};
    lua_newtable(state);
    set_function<protect_metatable>(state, "__newindex");
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    lua_rawsetp(state, LUA_REGISTRYINDEX, const_cast<char*>(&kGuardMeta));
    luaL_requiref(state, LUA_GNAME, luaopen_base, 0);
    const int stock = lua_gettop(state);
    lua_newtable(state);
    for (const char* name : kStock) {
        lua_getfield(state, stock, name);
        lua_setfield(state, -2, name);
    }
    set_charged_stock(state, stock, "tonumber");
    set_function<call_protected<finish_pcall>>(state, "pcall");
    set_function<xpcall>(state, "xpcall");
    set_function<set_metatable>(state, "setmetatable");
    set_function<get_metatable>(state, "getmetatable");
    set_function<pairs>(state, "pairs");
    set_function<next>(state, "next");
    set_function<to_string>(state, "tostring");
    set_function<raw_equal>(state, "rawequal");
    lua_remove(state, stock);
}

}  // namespace tideway::script
