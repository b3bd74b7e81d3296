#include "engine/script/machine/environment.h"

#include <algorithm>
#include <vector>

#include "engine/base/embedded.h"
#include "engine/script/plain/libraries.h"
#include "engine/script/plain/value_libraries.h"
#include "engine/script/value/values.h"

namespace tideway::embedded {
std::span<const File> tideway_scripts();
}  // namespace tideway::embedded

namespace tideway::script {
namespace {

// Upvalue 1: the table's name.
int refuse_write(lua_State* state) {
    raise(
        state,
        std::string(to_view(state, lua_upvalueindex(1))) + " is read-only; use a local of your own"
    );
}

// Levenshtein distance, as far as it matters for names.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, change}));
        }
    }
    return row.back();
}

std::string nearest_names(lua_State* state, int table, std::string_view wanted) {
    std::vector<std::pair<std::size_t, std::string>> near;
    lua_pushnil(state);
    while (lua_next(state, table) != 0) {
        lua_pop(state, 1);
        if (lua_type(state, -1) != LUA_TSTRING) {
            continue;
        }
        const std::string_view name = to_view(state, -1);
        const std::size_t far = distance(name, wanted);
        if (far <= 1 + wanted.size() / 4 || name.find(wanted) != std::string_view::npos) {
            near.emplace_back(far, name);
        }
    }
    std::sort(near.begin(), near.end());
    std::string out;
    for (std::size_t i = 0; i < std::min<std::size_t>(near.size(), 3); ++i) {
        if (near[i].first > near[0].first + 1) {
            break;
        }
        out += (i == 0 ? "; did you mean '" : " or '") + near[i].second + "'";
    }
    return out.empty() ? out : out + "?";
}

// Upvalues: what has no such key, what kind of thing a key is.
int refuse_missing(lua_State* state) {
    const std::string key(lua_type(state, 2) == LUA_TSTRING ? to_view(state, 2) : "?");
    raise(
        state,
        std::string(to_view(state, lua_upvalueindex(1))) + " has no " +
            std::string(to_view(state, lua_upvalueindex(2))) + " '" + key + "'" +
            nearest_names(state, 1, key)
    );
}

int array(lua_State* state) {
    lua_settop(state, 1);
    if (lua_isnil(state, 1)) {
        lua_newtable(state);
        lua_replace(state, 1);
    }
    luaL_checktype(state, 1, LUA_TTABLE);
    if (lua_getmetatable(state, 1) != 0 && !is_marked_array(state, 1)) {
        raise(state, "array takes a plain list");
    }
    lua_settop(state, 1);
    mark_array(state, 1);
    return 1;
}

// The stack: environment, library. Pops the library.
void set_library(lua_State* state, const char* name) {
    make_read_only(state, name);
    lua_setfield(state, -2, name);
}

void set_value_libraries(lua_State* state) {
    push_value_libraries(state);
    for (const char* name : {"time", "text", "list", "money", "uri"}) {
        lua_getfield(state, -1, name);
        make_read_only(state, name);
        lua_setfield(state, -3, name);
    }
    lua_pop(state, 1);
}

// Runs scripts/tideway/structure.lua with the primitives; leaves the table that it returns.
void load_structure(lua_State* state) {
    for (const embedded::File& file : embedded::tideway_scripts()) {
        if (file.name != "structure.lua") {
            continue;
        }
        const int status =
            luaL_loadbufferx(state, file.bytes.data(), file.bytes.size(), kEngineChunk, "t");
        if (status != LUA_OK) {
            lua_error(state);
        }
        lua_newtable(state);
        set_structure_primitives(state);
        for (const char* name : {"error", "type", "tostring", "pairs", "array"}) {
            lua_getfield(state, -3, name);
            lua_setfield(state, -2, name);
        }
        push_null(state);
        lua_setfield(state, -2, "null");
        lua_call(state, 1, 1);
        return;
    }
    raise(state, "structure.lua is not in the program");
}

void set_structure_functions(lua_State* state, Machine& machine) {
    load_structure(state);
    for (const char* name :
         {"scope",
          "try",
          "switch",
          "foreach",
          "parallel",
          "repeat_until",
          "exclusive",
          "wait_for_callback",
          "wait_for_decision"}) {
        lua_getfield(state, -1, name);
        lua_setfield(state, -3, name);
    }
    machine.structure = luaL_ref(state, LUA_REGISTRYINDEX);
}

void push_base(lua_State* state, Machine& machine) {
    open_plain(state);
    set_step_functions(state);
    set_declaring_functions(state, machine);
    set_connection_function(state, machine);
    set_function<array>(state, "array");
    push_null(state);
    lua_setfield(state, -2, "null");
    open_string(state);
    set_library(state, "string");
    open_table(state);
    set_library(state, "table");
    open_utf8(state);
    set_library(state, "utf8");
    open_json(state);
    set_library(state, "json");
    open_math(state);
    lua_getfield(state, -2, "random");
    lua_setfield(state, -2, "random");
    set_library(state, "math");
    lua_pushnil(state);
    lua_setfield(state, -2, "random");
    set_value_libraries(state);
    set_structure_functions(state, machine);
}

}  // namespace

void make_read_only(lua_State* state, const char* name) {
    lua_newtable(state);
    lua_createtable(state, 0, 4);
    lua_rotate(state, -3, -1);
    lua_setfield(state, -2, "__index");
    lua_pushstring(state, name);
    lua_pushcclosure(state, &guarded<refuse_write>, 1);
    lua_setfield(state, -2, "__newindex");
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    lua_setmetatable(state, -2);
}

void refuse_missing_keys(lua_State* state, const std::string& what, const std::string& kind) {
    lua_newtable(state);
    push(state, what);
    push(state, kind);
    lua_pushcclosure(state, &guarded<refuse_missing>, 2);
    lua_setfield(state, -2, "__index");
    lua_setmetatable(state, -2);
}

void build_environment(lua_State* state, Machine& machine) {
    luaL_checkstack(state, 32, "environment");
    install_values(state);
    lua_createtable(state, 0, 3);
    push_base(state, machine);
    lua_setfield(state, -2, "__index");
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    machine.base_metatable = luaL_ref(state, LUA_REGISTRYINDEX);
}

}  // namespace tideway::script
