#include "engine/script/machine/step_options.h"

#include <algorithm>
#include <vector>

#include "engine/base/limits.h"
#include "engine/model/retry_policy.h"
#include "engine/script/language.h"
#include "engine/script/value/values.h"
#include "engine/script/value_codec.h"

namespace tideway::script {
namespace {

constexpr std::string_view kErrorFields[] = {"code", "message", "remedy", "details"};

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

// The text at `name`; `fallback` when there is none.
std::string text_field(
    lua_State* state,
    int table,
    const char* name,
    const std::string& what,
    std::string_view fallback
) {
    const int type = lua_getfield(state, table, name);
    if (type != LUA_TNIL && type != LUA_TSTRING) {
        raise(
            state, what + ": " + name + " must be a text, not " + std::string(kind_of(state, -1))
        );
    }
    std::string out(type == LUA_TNIL ? fallback : to_view(state, -1));
    lua_pop(state, 1);
    return out;
}

model::Status static_status(lua_State* state, int table, const std::string& what, bool has_error) {
    const std::string word =
        text_field(state, table, "status", what, has_error ? "Failed" : "Succeeded");
    for (const auto status :
         {model::Status::kSucceeded, model::Status::kFailed, model::Status::kTimedOut}) {
        if (word == to_string(status)) {
            return status;
        }
    }
    raise(state, what + ": status is Succeeded, Failed or TimedOut, not '" + word + "'");
}

// The error table at the top of the stack, which may be nil.
model::StepError static_error(lua_State* state, const std::string& what, model::Status status) {
    const int table = lua_gettop(state);
    model::StepError out;
    out.status = status;
    out.code = status == model::Status::kTimedOut ? "ActionTimedOut" : "ActionFailed";
    out.message = "The static result of this step says so.";
    if (lua_isnil(state, table)) {
        return out;
    }
    if (lua_type(state, table) != LUA_TTABLE) {
        raise(state, what + " must be a table, not " + std::string(kind_of(state, table)));
    }
    refuse_unknown(state, table, what, kErrorFields);
    out.code = text_field(state, table, "code", what, out.code);
    out.message = text_field(state, table, "message", what, out.message);
    out.remedy = text_field(state, table, "remedy", what, "");
    if (lua_getfield(state, table, "details") != LUA_TNIL) {
        out.details = encode_value(state, -1);
    }
    lua_pop(state, 1);
    return out;
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

std::optional<StaticResult> static_result_field(
    lua_State* state, int index, const std::string& step, const Json* output_schema
) {
    if (lua_isnoneornil(state, index)) {
        return std::nullopt;
    }
    const int type = lua_getfield(state, index, "static_result");
    const int table = lua_gettop(state);
    if (type == LUA_TNIL || (type == LUA_TBOOLEAN && lua_toboolean(state, table) == 0)) {
        lua_pop(state, 1);
        return std::nullopt;
    }
    const std::string what = step + ": static_result";
    if (type != LUA_TTABLE) {
        raise(state, what + " must be a table, not " + std::string(kind_of(state, table)));
    }
    refuse_unknown(state, table, what, static_result_fields());
    const bool has_output = lua_getfield(state, table, "output") != LUA_TNIL;
    const bool has_error = lua_getfield(state, table, "error") != LUA_TNIL;
    StaticResult out;
    out.status = static_status(state, table, what, has_error);
    const bool succeeds = out.status == model::Status::kSucceeded;
    if (succeeds ? has_error : has_output) {
        raise(
            state,
            what + (succeeds ? " that is Succeeded has an output and no error"
                             : " that is not Succeeded has an error and no output")
        );
    }
    if (succeeds) {
        EncodeOptions options;
        options.schema = output_schema;
        out.output = Payload(encode_value(state, table + 1, options));
    } else {
        out.error = static_error(state, what + ".error", out.status);
    }
    lua_settop(state, table - 1);
    return out;
}

std::optional<Duration> timeout_field(lua_State* state, int index, const std::string& what) {
    if (lua_type(state, index) != LUA_TTABLE) {
        return std::nullopt;
    }
    lua_getfield(state, index, "timeout");
    std::optional<Duration> out;
    const int type = lua_type(state, -1);
    if (type == LUA_TSTRING) {
        out = model::parse_duration(to_view(state, -1));
    } else if (type == LUA_TNUMBER) {
        const double most = std::chrono::duration<double>(limits::kCallbackWaitMax).count();
        const double seconds = std::min(lua_tonumber(state, -1), 2 * most);
        out = Duration(static_cast<std::int64_t>(std::max(seconds, 0.0) * 1e6));
    }
    const bool is_absent = type == LUA_TNIL;
    lua_pop(state, 1);
    if (is_absent) {
        return std::nullopt;
    }
    if (!out || *out <= Duration(0) || *out > limits::kCallbackWaitMax) {
        raise(
            state,
            what +
                ": the timeout must be a duration such as PT5M, or seconds, more than 0 and at "
                "most 30 days"
        );
    }
    return out;
}

model::Secured secure_whole(model::Secured secured) {
    return secured == model::Secured::kNothing ? secured : model::Secured::kBoth;
}

}  // namespace tideway::script
