#include "engine/script/machine/machine.h"

#include <array>

#include "engine/base/json.h"
#include "engine/script/machine/environment.h"
#include "engine/script/value/values.h"

namespace tideway::script {
namespace {

// In front of every file, so that one compiled function serves all runs: it gets the environment as
// its argument. On the first line, so that line numbers stay.
constexpr std::string_view kPrologue = "local _ENV = ...; ";

int panic(lua_State* state) {
    machine_of(state).lose();
    throw MachinePanic();
}

struct Pieces {
    std::array<std::string_view, 2> texts;
    std::size_t at = 0;
};

const char* read_piece(lua_State* /*state*/, void* data, std::size_t* size) {
    auto& pieces = *static_cast<Pieces*>(data);
    while (pieces.at < pieces.texts.size()) {
        const std::string_view piece = pieces.texts[pieces.at++];
        if (!piece.empty()) {
            *size = piece.size();
            return piece.data();
        }
    }
    *size = 0;
    return nullptr;
}

// "file.lua:12: why" -> 12
int line_in(std::string_view message, std::string_view path) {
    if (!message.starts_with(path)) {
        return 0;
    }
    return std::atoi(std::string(message.substr(path.size() + 1)).c_str());
}

Error syntax_error(const std::string& path, const std::string& message) {
    Error error;
    error.kind = ErrorKind::kInvalidInput;
    error.code = "ScriptSyntaxError";
    error.message = message;
    error.remedy = "Correct the text at that line.";
    error.details =
        dump(Json{{"file", path}, {"line", line_in(message, path)}, {"message", message}});
    return error;
}

std::string_view without_mark(std::string_view text) {
    return text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
}

model::StepError limit_error(std::string_view code, std::string_view message) {
    model::StepError error;
    error.code = code;
    error.message = message;
    return error;
}

}  // namespace

Machine::Machine(Program program, VmLimits limits)
    : program_(std::move(program)),
      limits_(limits),
      memory_(limits.vm_bytes),
      account_(memory_.open_account(limits.vm_bytes)) {
    memory_.charge_to(account_);
}

Machine::~Machine() {
    if (state_ != nullptr) {
        try {
            lua_close(state_);
        } catch (const MachinePanic&) {
            std::terminate();  // closing raises nothing: no finalizer of ours can fail
        }
    }
    memory_.close_account(account_);
}

Status Machine::build() {
    state_ = lua_newstate(&Memory::allocate, &memory_);
    if (state_ == nullptr) {
        return fail(
            ErrorKind::kLimit, "ScriptMemoryExceeded", "No memory for another script machine."
        );
    }
    lua_atpanic(state_, &panic);
    *static_cast<Machine**>(lua_getextraspace(state_)) = this;
    arm_hook(state_);
    const int status = protect(state_, [this](lua_State* state) {
        build_environment(state, *this);
        return 0;
    });
    if (status != LUA_OK) {
        const char* why = lua_tostring(state_, -1);
        return fail(
            ErrorKind::kInternal,
            "ScriptMachineFailed",
            std::string("The script environment cannot be built: ") + (why == nullptr ? "?" : why)
        );
    }
    for (const auto& [path, text] : program_.files) {
        if (path.ends_with(".lua")) {
            TIDEWAY_TRY(compile(path, text));
        }
    }
    if (!files_.contains(program_.main_file)) {
        return fail(
            ErrorKind::kNotFound,
            "ScriptFileNotFound",
            "The flow's file '" + program_.main_file + "' is not among its files."
        );
    }
    return {};
}

Status Machine::compile(const std::string& path, const std::string& text) {
    int reference = LUA_NOREF;
    const std::string name = "@" + path;
    const int status = protect(state_, [&](lua_State* state) {
        Pieces pieces{{kPrologue, without_mark(text)}};
        if (lua_load(state, &read_piece, &pieces, name.c_str(), "t") != LUA_OK) {
            return lua_error(state);
        }
        reference = luaL_ref(state, LUA_REGISTRYINDEX);
        return 0;
    });
    if (status == LUA_OK) {
        files_.emplace(path, reference);
        return {};
    }
    const char* why = lua_type(state_, -1) == LUA_TSTRING ? lua_tostring(state_, -1) : nullptr;
    const std::string message = why != nullptr ? why : path + ":1: not enough memory to compile";
    lua_settop(state_, 0);
    return fail(syntax_error(path, message));
}

void Machine::push_environment(lua_State* state) {
    lua_createtable(state, 0, 2);
    lua_rawgeti(state, LUA_REGISTRYINDEX, base_metatable);
    lua_setmetatable(state, -2);
}

bool Machine::push_file(lua_State* state, std::string_view path) {
    const auto found = files_.find(path);
    if (found == files_.end()) {
        return false;
    }
    lua_rawgeti(state, LUA_REGISTRYINDEX, found->second);
    return true;
}

std::optional<model::StepError> Machine::limit_met(const Activity& activity) const {
    switch (activity.stop) {
        case Stop::kBudget:
            return limit_error(
                "ScriptBudgetExceeded",
                "The script ran for " + std::to_string(activity.budget) +
                    " instructions without waiting for anything; look for an endless loop."
            );
        case Stop::kMemory:
            return limit_error(
                "ScriptMemoryExceeded",
                "The script holds more than " + std::to_string(limits_.run_bytes) +
                    " bytes; keep less in variables, page through long lists, and look for a "
                    "function "
                    "that calls itself without end."
            );
        case Stop::kVmLost:
            return limit_error("ScriptMachineLost", "The script machine ran out of memory.");
        case Stop::kHost:
            return limit_error("Stopped", "The run was stopped.");
        case Stop::kNone:
            break;
    }
    return std::nullopt;
}

model::StepError Machine::take_error(lua_State* state, const Activity& activity, int status) {
    note_status(state, status);
    std::optional<model::StepError> limit = limit_met(activity);
    model::StepError error;
    if (!limit) {
        error = to_step_error(state, -1, "");
        limit = limit_met(activity);  // a __tostring may have met it
    }
    lua_pop(state, 1);
    return limit ? *limit : error;
}

void open_environment(lua_State* state) {
    Activity& activity = activity_of(state);
    machine_of(state).push_environment(state);
    activity.environment = luaL_ref(state, LUA_REGISTRYINDEX);
    lua_newtable(state);
    activity.modules = luaL_ref(state, LUA_REGISTRYINDEX);
}

}  // namespace tideway::script
