#include "engine/script/values/binding.h"

#include "engine/script/library.h"

namespace tideway::script {
namespace library {
namespace {

constexpr std::array<const char*, 5> kOrdinals = {"first", "second", "third", "fourth", "fifth"};

}  // namespace

void raise(lua_State* state, const std::string& message) {
    lua_Debug where{};
    std::string place;
    for (int level = 1; lua_getstack(state, level, &where) != 0; ++level) {
        lua_getinfo(state, "Sl", &where);
        if (where.currentline > 0 && std::string_view(where.source) != kEngineChunk) {
            place = std::string(where.short_src) + ":" + std::to_string(where.currentline) + ": ";
            break;
        }
    }
    push(state, place + message);
    lua_error(state);
    std::terminate();  // lua_error does not return
}

void push_library(lua_State* state, std::initializer_list<Entry> entries) {
    lua_createtable(state, 0, static_cast<int>(entries.size()));
    for (const Entry& entry : entries) {
        lua_pushcfunction(state, entry.function);
        lua_setfield(state, -2, entry.name);
    }
}

void Call::fail(const std::string& message) const {
    raise(state_, std::string(name_) + ": " + message);
}

bool Call::is_missing(int index) const {
    return lua_isnoneornil(state_, index) || is_null(state_, index);
}

std::string Call::kind_of(int index) const {
    if (lua_isnoneornil(state_, index)) {
        return "nil";
    }
    if (is_null(state_, index)) {
        return "null";
    }
    switch (lua_type(state_, index)) {
        case LUA_TSTRING:
            return "a text";
        case LUA_TNUMBER:
            return "a number";
        case LUA_TBOOLEAN:
            return "true or false";
        case LUA_TTABLE:
            return "a table";
        case LUA_TFUNCTION:
            return "a function";
        default:
            return "a value of another kind";
    }
}

void Call::wrong(int index, const char* what, const char* wanted) const {
    const char* ordinal = kOrdinals.at(static_cast<std::size_t>(index) - 1);
    fail(
        std::string(what) + " (" + ordinal + " argument) must be " + wanted + ", got " +
        kind_of(index)
    );
}

std::string_view Call::text(int index, const char* what) const {
    if (lua_type(state_, index) != LUA_TSTRING) {
        wrong(index, what, "a text");
    }
    std::size_t size = 0;
    const char* data = lua_tolstring(state_, index, &size);
    return {data, size};
}

std::string_view Call::text_or(int index, const char* what, std::string_view fallback) const {
    return lua_isnoneornil(state_, index) ? fallback : text(index, what);
}

lua_Integer Call::integer(int index, const char* what) const {
    int is_integer = 0;
    const lua_Integer value = lua_tointegerx(state_, index, &is_integer);
    if (is_integer == 0 || lua_type(state_, index) != LUA_TNUMBER) {
        wrong(index, what, "a whole number");
    }
    return value;
}

lua_Integer Call::integer_or(int index, const char* what, lua_Integer fallback) const {
    return lua_isnoneornil(state_, index) ? fallback : integer(index, what);
}

void Call::table(int index, const char* what) const {
    if (lua_type(state_, index) != LUA_TTABLE) {
        wrong(index, what, "a table");
    }
}

}  // namespace library

void open_value_libraries(lua_State* state) {
    luaL_checkstack(state, 20, "value libraries");
    lua_createtable(state, 0, 5);
    library::open_money(state);
    lua_setfield(state, -2, "money");
    library::open_time(state);
    lua_setfield(state, -2, "time");
    library::open_text(state);
    lua_setfield(state, -2, "text");
    library::open_list(state);
    lua_setfield(state, -2, "list");
    library::open_uri(state);
    lua_setfield(state, -2, "uri");
}

}  // namespace tideway::script
