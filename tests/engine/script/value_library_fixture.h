// A bare Lua state with the value libraries, for their tests.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <lua.hpp>

#include "engine/script/library.h"
#include "engine/script/value/values.h"

namespace tideway::script {

// Prints any value: tables with sorted keys, through the library under test where it helps.
inline constexpr const char* kPrinter = R"lua(
local function show(value)
  if type(value) == "string" then return string.format("%q", value) end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for i = 1, #value do parts[i] = show(value[i]) end
  for _, key in ipairs(lib.list.keys(value)) do
    if type(key) ~= "number" then parts[#parts + 1] = key .. "=" .. show(value[key]) end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end
return show
)lua";

class ValueLibrary : public testing::Test {
  protected:
    ValueLibrary()
        : state_(luaL_newstate(), &lua_close) {
        luaL_openlibs(state_.get());
        lua_State* const state = state_.get();
        lua_pushcfunction(state, [](lua_State* inner) {
            open_value_libraries(inner);
            return 1;
        });
        EXPECT_EQ(lua_pcall(state, 0, 1, 0), LUA_OK) << lua_tostring(state, -1);
        lua_pushvalue(state, -1);
        lua_setglobal(state, "lib");
        for (const char* name : {"time", "text", "list", "money", "uri"}) {
            lua_getfield(state, -1, name);
            lua_setglobal(state, name);
        }
        lua_settop(state, 0);
        push_null(state);
        lua_setglobal(state, "null");
        EXPECT_EQ(luaL_loadstring(state, kPrinter), LUA_OK);
        lua_call(state, 0, 1);
        lua_setglobal(state, "show");
    }

    // The printed value of an expression, or the error that it raises.
    std::string value(const std::string& expression) {
        return run("return show(" + expression + ")");
    }

    std::string run(const std::string& text) {
        lua_State* const state = state_.get();
        if (luaL_loadbuffer(state, text.data(), text.size(), "=flow.lua") != LUA_OK ||
            lua_pcall(state, 0, 1, 0) != LUA_OK) {
            std::string error = lua_tostring(state, -1);
            lua_settop(state, 0);
            return error;
        }
        std::string out = lua_tostring(state, -1) != nullptr ? lua_tostring(state, -1) : "";
        lua_settop(state, 0);
        return out;
    }

    std::unique_ptr<lua_State, decltype(&lua_close)> state_;
};

}  // namespace tideway::script
