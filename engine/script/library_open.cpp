// The value libraries (time, text, list, money, uri) where they exist; empty tables where the build
// has none.
#include "engine/script/plain/value_libraries.h"

#if __has_include("engine/script/library.h")
#include "engine/script/library.h"

namespace tideway::script {
void push_value_libraries(lua_State* state) {
    open_value_libraries(state);
}
}  // namespace tideway::script
#else
namespace tideway::script {
void push_value_libraries(lua_State* state) {
    lua_newtable(state);
    for (const char* name : {"time", "text", "list", "money", "uri"}) {
        lua_newtable(state);
        lua_setfield(state, -2, name);
    }
}
}  // namespace tideway::script
#endif
