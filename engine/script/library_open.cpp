// The value libraries (time, text, list, money, uri) as the machine's environment wants them.
#include "engine/script/library.h"
#include "engine/script/plain/value_libraries.h"

namespace tideway::script {

void push_value_libraries(lua_State* state) {
    open_value_libraries(state);
}

}  // namespace tideway::script
