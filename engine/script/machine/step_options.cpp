#include "engine/script/machine/step_options.h"

#include <algorithm>
#include <vector>

#include "engine/script/language.h"
#include "engine/script/value/values.h"

namespace tideway::script {
namespace {

// What is misspelt here would be ignored without a word, and `secure` would hide nothing.
void refuse_unknown(
    lua_State* state, int table, const std::string& what, std::span<const std::string_view> known
) {
    lua_pushnil(state);
    while (lua_next(state, table) != 0) {
        lua_pop(state, 1);
        const bool is_text = lua_type(state, -1) == LUA_TSTRING;
        const std::string name(is_text ? to_view(state, -1) : kind_of(state, -1));
        if (is_text && std::ranges::find(known, name) != known.end()) {
            continue;
        }
        const std::string near =
            nearest_name(name, std::vector<std::string>(known.begin(), known.end()));
        const std::string hint = near.empty() ? "" : "; did you mean '" + near + "'?";
        raise(state, what + ": there is no option '" + name + "'" + hint);
    }
}

}  // namespace

model::Secured secure_field(lua_State* state, int index, const std::string& what) {
    const int type = lua_getfield(state, index, "secure");
    const auto named =
        type == LUA_TSTRING ? model::parse_secured(to_view(state, -1)) : std::nullopt;
    const bool is_all = type == LUA_TBOOLEAN && lua_toboolean(state, -1) != 0;
    if (type == LUA_TSTRING ? !named : type != LUA_TNIL && type != LUA_TBOOLEAN) {
        const std::string given = type == LUA_TSTRING ? "'" + std::string(to_view(state, -1)) + "'"
                                                      : std::string(kind_of(state, -1));
        raise(state, what + ": secure is true, 'inputs' or 'outputs', not " + given);
    }
    lua_pop(state, 1);
    return is_all ? model::Secured::kBoth : named.value_or(model::Secured::kNothing);
}

model::Secured options_argument(
    lua_State* state, int index, const std::string& what, std::span<const std::string_view> known
) {
    if (lua_isnoneornil(state, index)) {
        return model::Secured::kNothing;
    }
    if (lua_type(state, index) != LUA_TTABLE) {
        raise(
            state,
            what + ": the options (last argument) must be a table, got " +
                std::string(kind_of(state, index))
        );
    }
    refuse_unknown(state, index, what, known);
    return secure_field(state, index, what);
}

model::Secured secure_whole(model::Secured secured) {
    return secured == model::Secured::kNothing ? secured : model::Secured::kBoth;
}

}  // namespace tideway::script
