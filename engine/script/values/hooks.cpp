#include <lua.hpp>

#include "engine/script/library.h"

namespace tideway::script {

[[gnu::weak]] void mark_array(lua_State* /*state*/, int /*index*/) {}

[[gnu::weak]] bool is_null(lua_State* state, int index) {
    return lua_islightuserdata(state, index);
}

[[gnu::weak]] bool is_hidden_key(lua_State* state, int index) {
    return lua_type(state, index) != LUA_TSTRING && lua_type(state, index) != LUA_TNUMBER;
}

}  // namespace tideway::script
