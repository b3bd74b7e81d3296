#include "engine/script/machine/arguments.h"

#include "engine/base/limits.h"
#include "engine/base/utf8.h"
#include "engine/script/value/values.h"

namespace tideway::script {

std::string_view name_argument(lua_State* state, int index, std::string_view function) {
    const std::string what = std::string(function) + ": the name (first argument)";
    if (lua_type(state, index) != LUA_TSTRING) {
        raise(state, what + " must be text, got " + std::string(kind_of(state, index)));
    }
    const std::string_view name = to_view(state, index);
    if (name.empty() || name.size() > limits::kNameBytesMax) {
        raise(
            state,
            what + " must have between 1 and " + std::to_string(limits::kNameBytesMax) +
                " bytes, has " + std::to_string(name.size())
        );
    }
    if (name.starts_with('@')) {
        raise(state, what + " must not start with '@'");
    }
    if (!is_utf8(name)) {
        raise(state, what + " is not UTF-8");
    }
    return name;
}

std::string_view text_argument(lua_State* state, int index, std::string_view what) {
    if (lua_type(state, index) != LUA_TSTRING) {
        raise(
            state, std::string(what) + " must be text, got " + std::string(kind_of(state, index))
        );
    }
    return to_view(state, index);
}

}  // namespace tideway::script
