#include "engine/script/value/values.h"

#include <cmath>
#include <memory>
#include <new>

#include "engine/script/machine/activity.h"
#include "engine/script/value/number_text.h"
#include "engine/script/value_codec.h"

namespace tideway::script {
namespace {

// Addresses are the registry keys of the metatables and the identity of null and of the hidden key.
const char kNull = 0;
const char kNullKeys = 0;
const char kArrayMeta = 0;
const char kObjectMeta = 0;
const char kSecretMeta = 0;
const char kUnknownMeta = 0;
const char kErrorMeta = 0;

void* address(const char& of) {
    return const_cast<char*>(&of);
}

// __newindex of an object with null keys: the key is assigned, so it is no longer a null key.
int assign_key(lua_State* state) {
    if (push_null_keys(state, 1)) {
        lua_pushvalue(state, 2);
        lua_pushnil(state);
        lua_rawset(state, -3);
        lua_settop(state, 3);
    }
    lua_rawset(state, 1);
    return 0;
}

int refuse_secret(lua_State* state) {
    raise(
        state,
        "a secret cannot be printed, concatenated, measured, compared or read; "
        "put it into a secret field of an operation"
    );
}

int index_null(lua_State* state) {
    const std::string key =
        lua_type(state, 2) == LUA_TSTRING ? std::string(to_view(state, 2)) : "?";
    raise(state, "attempt to index null (field '" + key + "'); compare with null first");
}

int use_unknown(lua_State* state) {
    const std::string* variable = to_unknown(state, 1);
    const std::string name = variable != nullptr ? *variable : *to_unknown(state, 2);
    if (activity_of(state).phase != Phase::kDeclaring) {
        raise(state, "env '" + name + "' is known only inside run");
    }
    push_unknown(state, name);
    return 1;
}

int unknown_to_text(lua_State* state) {
    use_unknown(state);
    lua_pushliteral(state, "");
    return 1;
}

int free_text(lua_State* state) {
    std::destroy_at(static_cast<std::string*>(lua_touserdata(state, 1)));
    return 0;
}

int error_to_text(lua_State* state) {
    for (int i = 1; i <= 2; ++i) {
        if (lua_type(state, i) == LUA_TTABLE) {
            lua_getfield(state, i, "message");
            if (lua_type(state, -1) != LUA_TSTRING) {
                lua_pushliteral(state, "error");
            }
            lua_replace(state, i);
        }
    }
    if (lua_gettop(state) > 2) {
        lua_settop(state, 2);
    }
    return 1;
}

int show_error(lua_State* state) {
    lua_settop(state, 1);
    return error_to_text(state);
}

int concat_error(lua_State* state) {
    lua_settop(state, 2);
    error_to_text(state);
    lua_settop(state, 2);
    lua_concat(state, 2);
    return 1;
}

void store_metatable(lua_State* state, const char& key, const char* name) {
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    lua_pushstring(state, name);
    lua_setfield(state, -2, "__name");
    lua_rawsetp(state, LUA_REGISTRYINDEX, address(key));
}

bool has_metatable(lua_State* state, int index, const char& key) {
    if (lua_getmetatable(state, index) == 0) {
        return false;
    }
    lua_rawgetp(state, LUA_REGISTRYINDEX, address(key));
    const bool same = lua_rawequal(state, -1, -2) != 0;
    lua_pop(state, 2);
    return same;
}

void set_metatable(lua_State* state, int index, const char& key) {
    const int at = lua_absindex(state, index);
    lua_rawgetp(state, LUA_REGISTRYINDEX, address(key));
    lua_setmetatable(state, at);
}

void push_text_box(lua_State* state, std::string_view text, const char& meta) {
    void* place = lua_newuserdatauv(state, sizeof(std::string), 0);
    new (place) std::string(text);
    set_metatable(state, -1, meta);
}

const std::string* to_text_box(lua_State* state, int index, const char& meta) {
    if (lua_type(state, index) != LUA_TUSERDATA || !has_metatable(state, index, meta)) {
        return nullptr;
    }
    return static_cast<const std::string*>(lua_touserdata(state, index));
}

template <lua_CFunction Function, std::size_t Count>
void set_all(lua_State* state, const char* const (&names)[Count]) {
    for (const char* name : names) {
        set_function<Function>(state, name);
    }
}

void install_boxes(lua_State* state) {
    static constexpr const char* kSecret[] = {
        "__tostring",
        "__concat",
        "__len",
        "__eq",
        "__lt",
        "__le",
        "__index",
        "__newindex",
        "__call"};
    static constexpr const char* kUnknown[] = {
        "__concat",
        "__len",
        "__index",
        "__call",
        "__add",
        "__sub",
        "__mul",
        "__div",
        "__mod",
        "__pow",
        "__unm",
        "__idiv"};
    lua_newtable(state);
    set_all<refuse_secret>(state, kSecret);
    set_function<free_text>(state, "__gc");
    store_metatable(state, kSecretMeta, "secret");
    lua_newtable(state);
    set_all<use_unknown>(state, kUnknown);
    set_function<unknown_to_text>(state, "__tostring");
    set_function<free_text>(state, "__gc");
    store_metatable(state, kUnknownMeta, "env");
}

std::string field_text(lua_State* state, int index, const char* name) {
    lua_pushstring(state, name);
    lua_rawget(state, index);
    std::string out;
    if (lua_type(state, -1) == LUA_TSTRING) {
        out = to_view(state, -1);
    }
    lua_pop(state, 1);
    return out;
}

int encode_details(lua_State* state) {
    push(state, encode_value(state, 1));
    return 1;
}

// Details that have no JSON form are shown as text.
std::string details_of(lua_State* state, int table) {
    lua_pushcfunction(state, &guarded<encode_details>);
    lua_pushliteral(state, "details");
    lua_rawget(state, table);
    if (lua_isnil(state, -1)) {
        lua_pop(state, 2);
        return {};
    }
    const bool has_form = lua_pcall(state, 1, 1, 0) == LUA_OK;
    std::string out(has_form ? to_view(state, -1) : "");
    if (!has_form) {
        out = quote_json(text_of(state, -1));
    }
    lua_pop(state, 1);
    return out;
}

// Arguments: what was raised, where to put it as a StepError.
int read_step_error(lua_State* state) {
    auto& error = *static_cast<model::StepError*>(lua_touserdata(state, 2));
    error.code = "ScriptError";
    if (lua_type(state, 1) != LUA_TTABLE) {
        error.message = text_of(state, 1);
        return 0;
    }
    if (const std::string code = field_text(state, 1, "code"); !code.empty()) {
        error.code = code;
    }
    error.message = field_text(state, 1, "message");
    if (error.message.empty()) {
        error.message = text_of(state, 1);
    }
    error.remedy = field_text(state, 1, "remedy");
    error.step = field_text(state, 1, "step");
    const auto status = model::parse_status(field_text(state, 1, "status"));
    const bool ends = status == model::Status::kTimedOut || status == model::Status::kCancelled;
    error.status = ends ? *status : model::Status::kFailed;
    lua_pushliteral(state, "retryable");
    lua_rawget(state, 1);
    error.retryable = lua_toboolean(state, -1) != 0;
    error.details = details_of(state, 1);
    return 0;
}

}  // namespace

void install_values(lua_State* state) {
    lua_newtable(state);
    store_metatable(state, kArrayMeta, "array");
    lua_newtable(state);
    set_function<assign_key>(state, "__newindex");
    store_metatable(state, kObjectMeta, "object");
    lua_newtable(state);
    set_function<show_error>(state, "__tostring");
    set_function<concat_error>(state, "__concat");
    store_metatable(state, kErrorMeta, "error");
    install_boxes(state);
    push_null(state);
    lua_newtable(state);
    set_function<index_null>(state, "__index");
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    lua_setmetatable(state, -2);
    lua_pop(state, 1);
}

void push_null(lua_State* state) {
    lua_pushlightuserdata(state, address(kNull));
}

bool is_null(lua_State* state, int index) {
    return lua_touserdata(state, index) == &kNull;
}

void mark_array(lua_State* state, int index) {
    if (lua_getmetatable(state, index) != 0) {
        lua_pop(state, 1);
        return;
    }
    set_metatable(state, index, kArrayMeta);
}

bool is_marked_array(lua_State* state, int index) {
    return has_metatable(state, index, kArrayMeta);
}

bool is_hidden_key(lua_State* state, int index) {
    return lua_touserdata(state, index) == &kNullKeys;
}

bool push_null_keys(lua_State* state, int index) {
    if (lua_rawgetp(state, index, address(kNullKeys)) == LUA_TTABLE) {
        return true;
    }
    lua_pop(state, 1);
    return false;
}

void set_null_keys(lua_State* state, int index) {
    const int at = lua_absindex(state, index);
    lua_rawsetp(state, at, address(kNullKeys));
    set_metatable(state, at, kObjectMeta);
}

bool is_null_key(lua_State* state, int index, std::string_view key) {
    const int at = lua_absindex(state, index);
    push(state, key);
    const bool absent = lua_rawget(state, at) == LUA_TNIL;
    lua_pop(state, 1);
    if (!absent || !push_null_keys(state, at)) {
        return false;
    }
    push(state, key);
    const bool null_key = lua_rawget(state, -2) != LUA_TNIL;
    lua_pop(state, 2);
    return null_key;
}

bool has_engine_metatable(lua_State* state, int index) {
    return has_metatable(state, index, kArrayMeta) || has_metatable(state, index, kObjectMeta);
}

void push_secret(lua_State* state, std::string_view reference) {
    push_text_box(state, reference, kSecretMeta);
}

const std::string* to_secret(lua_State* state, int index) {
    return to_text_box(state, index, kSecretMeta);
}

void push_unknown(lua_State* state, std::string_view variable) {
    push_text_box(state, variable, kUnknownMeta);
}

const std::string* to_unknown(lua_State* state, int index) {
    return to_text_box(state, index, kUnknownMeta);
}

void push_error(lua_State* state, const model::StepError& error) {
    lua_createtable(state, 0, 7);
    const auto set_text = [state](const char* name, std::string_view text) {
        push(state, text);
        lua_setfield(state, -2, name);
    };
    set_text("code", error.code);
    set_text("message", error.message);
    set_text("status", model::to_string(error.status));
    set_text("step", error.step);
    if (!error.remedy.empty()) {
        set_text("remedy", error.remedy);
    }
    lua_pushboolean(state, error.retryable ? 1 : 0);
    lua_setfield(state, -2, "retryable");
    if (!error.details.empty()) {
        decode_value(state, error.details);
        lua_setfield(state, -2, "details");
    }
    set_metatable(state, -1, kErrorMeta);
}

void raise_error(lua_State* state, const model::StepError& error) {
    push_error(state, error);
    lua_error(state);
    std::terminate();  // lua_error does not return
}

void raise_coded(lua_State* state, std::string_view code, std::string_view message) {
    model::StepError error;
    error.code = code;
    error.message = script_position(state) + std::string(message);
    raise_error(state, error);
}

model::StepError to_step_error(lua_State* state, int index, std::string_view step) {
    model::StepError error;
    const int at = lua_absindex(state, index);
    luaL_checkstack(state, 4, "no room for an error");
    lua_pushcfunction(state, &guarded<read_step_error>);
    lua_pushvalue(state, at);
    lua_pushlightuserdata(state, &error);
    const int status = lua_pcall(state, 2, 0, 0);
    if (status != LUA_OK) {
        note_status(state, status);
        lua_pop(state, 1);
        error.code = "ScriptError";
        error.message = "The script raised an error that cannot be shown.";
    }
    if (error.step.empty()) {
        error.step = step;
    }
    return error;
}

namespace {

// Replaces the error table on top by a copy that names the step: a script may raise its own again.
void name_step(lua_State* state, std::string_view step) {
    luaL_checkstack(state, 5, "no room for an error");
    const int original = lua_gettop(state);
    lua_newtable(state);
    lua_pushnil(state);
    while (lua_next(state, original) != 0) {
        lua_pushvalue(state, -2);
        lua_insert(state, -2);
        lua_rawset(state, original + 1);
    }
    push(state, step);
    lua_setfield(state, original + 1, "step");
    if (lua_getmetatable(state, original) != 0) {
        lua_setmetatable(state, original + 1);
    }
    lua_remove(state, original);
}

}  // namespace

void normalise_error(lua_State* state, std::string_view step) {
    const int at = lua_gettop(state);
    if (lua_type(state, at) == LUA_TTABLE && !field_text(state, at, "code").empty()) {
        if (field_text(state, at, "step").empty()) {
            name_step(state, step);
        }
        return;
    }
    const model::StepError error = to_step_error(state, -1, step);
    lua_pop(state, 1);
    push_error(state, error);
}

std::string_view kind_of(lua_State* state, int index) {
    if (is_null(state, index)) {
        return "null";
    }
    if (to_secret(state, index) != nullptr) {
        return "a secret";
    }
    switch (lua_type(state, index)) {
        case LUA_TNIL:
            return "nil";
        case LUA_TBOOLEAN:
            return "a boolean";
        case LUA_TNUMBER:
            return "a number";
        case LUA_TSTRING:
            return "text";
        case LUA_TTABLE:
            return "a table";
        case LUA_TFUNCTION:
            return "a function";
        case LUA_TNONE:
            return "nothing";
        default:
            return "an engine value";
    }
}

}  // namespace tideway::script
