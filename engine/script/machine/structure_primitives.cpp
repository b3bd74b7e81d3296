// What scripts/tideway/structure.lua stands on: entering and leaving scopes, and branches.
#include "engine/base/clock.h"
#include "engine/base/limits.h"
#include "engine/model/retry_policy.h"
#include "engine/model/step_path.h"
#include "engine/script/machine/arguments.h"
#include "engine/script/machine/declaring.h"
#include "engine/script/machine/environment.h"
#include "engine/script/machine/execution_impl.h"
#include "engine/script/machine/step_options.h"
#include "engine/script/plain/libraries.h"
#include "engine/script/value/values.h"
#include "engine/script/value_codec.h"

namespace tideway::script {
namespace {

int entered(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    ExecutionImpl& run = execution_of(state, "a scope");
    Branch& branch = run.branch();
    Frame frame = std::move(*branch.entering);
    branch.entering.reset();
    run.take_answer(state);
    branch.frames.push_back(std::move(frame));
    return 1;
}

int ask_to_enter(lua_State* state, ExecutionImpl& run, const StepRequest& request) {
    Branch& branch = run.branch();
    if (branch.depth + static_cast<int>(branch.frames.size()) > limits::kScopeDepthMax) {
        raise(
            state,
            "scopes are nested deeper than " + std::to_string(limits::kScopeDepthMax) + " levels"
        );
    }
    Frame frame;
    frame.path = request.path;
    frame.name = request.name;
    frame.kind = request.operation;
    frame.line = request.line;
    branch.entering = std::move(frame);
    return run.ask(state, request, &guarded_continuation<entered>);
}

RequestKind begin_of(std::string_view kind) {
    if (kind == "exclusive") {
        return RequestKind::kExclusiveBegin;
    }
    return waits_for_call(kind) ? RequestKind::kCallbackBegin : RequestKind::kScopeBegin;
}

// enter(kind, name, details, options): begins a scope; returns the host's answer.
int enter(lua_State* state) {
    const std::string kind(to_view(state, 1));
    ExecutionImpl& run = execution_of(state, kind);
    if (kind == "exclusive" && lua_isnoneornil(state, 3)) {
        raise(state, "exclusive: the key (second argument) must not be nil");
    }
    StepRequest request = run.request(state, begin_of(kind), name_argument(state, 2, kind));
    request.operation = kind;
    lua_settop(state, 4);
    if (!lua_isnil(state, 3)) {
        request.input = Payload(encode_value(state, 3));
    }
    if (!lua_isnil(state, 4)) {
        request.secured = secure_field(state, 4, kind);
    }
    return ask_to_enter(state, run, request);
}

// enter_iteration(i): begins an iteration of the loop that is the innermost scope.
int enter_iteration(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "a loop");
    charge(state, 200);
    const Frame& loop = run.branch().frames.back();
    StepRequest request;
    request.kind = RequestKind::kScopeBegin;
    request.path = loop.path + "[" + std::to_string(luaL_checkinteger(state, 1)) + "]";
    request.name = loop.name;
    request.operation = "iteration";
    request.line = loop.line;
    return ask_to_enter(state, run, request);
}

// The stack: succeeded, failure or nil, JSON of the details or nil.
int left(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    execution_of(state, "a scope").take_answer(state);
    if (is_leaving(state)) {
        lua_settop(state, 2);
        return lua_error(state);
    }
    lua_settop(state, 3);
    if (lua_type(state, 3) == LUA_TSTRING) {
        decode_value(state, to_view(state, 3));
    } else {
        lua_pushnil(state);
    }
    lua_pushvalue(state, 2);
    lua_insert(state, -2);
    return 2;
}

// leave(succeeded, error, json): ends the innermost scope. Returns the error as an error table, or
// nil, and the details as the journal holds them. Raises the error inside a scope whose time is up.
int leave(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "a scope");
    lua_settop(state, 3);
    Branch& branch = run.branch();
    const Frame frame = std::move(branch.frames.back());
    branch.frames.pop_back();
    if (branch.leaving == frame.path) {
        branch.leaving.clear();
    }
    StepRequest request;
    const bool exclusive = frame.kind == "exclusive";
    request.kind = exclusive ? RequestKind::kExclusiveEnd : RequestKind::kScopeEnd;
    request.path = frame.path;
    request.name = frame.name;
    request.operation = frame.kind;
    request.line = frame.line;
    if (lua_toboolean(state, 1) == 0) {
        lua_pushvalue(state, 2);
        normalise_error(state, frame.path);
        lua_replace(state, 2);
        request.error = to_step_error(state, 2, frame.path);
        request.status = request.error->status;
    } else {
        lua_pushnil(state);
        lua_replace(state, 2);
        if (lua_type(state, 3) == LUA_TSTRING) {
            request.input = Payload(std::string(to_view(state, 3)));
        }
    }
    return run.ask(state, request, &guarded_continuation<left>);
}

int forked(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    execution_of(state, "branches").finish_fork();
    return 0;
}

// fork(count, concurrency, function): calls the function with 1..count, each in its own branch.
int fork(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "branches");
    const lua_Integer count = luaL_checkinteger(state, 1);
    const lua_Integer concurrency = luaL_checkinteger(state, 2);
    luaL_checktype(state, 3, LUA_TFUNCTION);
    if (count == 0) {
        return 0;
    }
    if (lua_isyieldable(state) == 0) {
        raise(state, "branches cannot be started inside a sort, gsub or metatable function");
    }
    lua_settop(state, 3);
    return run.fork(state, count, concurrency, &guarded_continuation<forked>);
}

// json(value): its canonical text.
int to_json(lua_State* state) {
    lua_settop(state, 1);
    push(state, encode_value(state, 1));
    return 1;
}

int began(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    execution_of(state, "clock").take_answer(state);
    const auto at = lua_type(state, -1) == LUA_TSTRING ? parse_utc(to_view(state, -1))
                                                       : std::optional<Timestamp>();
    if (!at) {
        raise(state, "the time is not known");
    }
    lua_pushnumber(state, static_cast<double>(to_micros(*at)) / 1e6);
    return 1;
}

// clock(): seconds since 1970, from the journal.
int clock(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "clock");
    const StepRequest request = run.request(state, RequestKind::kNow, "@now");
    return run.ask(state, request, &guarded_continuation<began>);
}

// duration("PT1H30M") or duration(5400): seconds
int duration(lua_State* state) {
    if (lua_type(state, 1) == LUA_TNUMBER) {
        lua_settop(state, 1);
        return 1;
    }
    const std::string text(text_argument(state, 1, "a timeout"));
    const auto parsed = model::parse_duration(text);
    if (!parsed) {
        raise(state, "'" + text + "' is not a duration; write it as PT1H, PT30M or P1D");
    }
    const auto whole = std::chrono::floor<std::chrono::seconds>(*parsed);
    if (whole == *parsed) {
        lua_pushinteger(state, whole.count());
    } else {
        lua_pushnumber(state, std::chrono::duration<double>(*parsed).count());
    }
    return 1;
}

int called_back(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    execution_of(state, "wait_for_callback").take_answer(state);
    return 1;
}

// await_callback(expires, options, default): waits for a call to the address of the innermost
// scope. With a default for what a person answers.
int await_callback(lua_State* state) {
    const std::string kind = lua_isnoneornil(state, 3) ? "wait_for_callback" : "wait_for_decision";
    ExecutionImpl& run = execution_of(state, kind);
    const std::string& scope = run.branch().frames.back().name;
    StepRequest request = run.request(state, RequestKind::kWaitForCallback, kCallbackAnswer);
    request.secured = secure_field(state, 2, kind);
    if (lua_isnoneornil(state, 3)) {
        request.operation = "the callback of '" + scope + "'";
        request.input = Payload(encode_value(state, 1));
    } else {
        request.operation = "the answer to '" + scope + "'";
        lua_createtable(state, 0, 2);
        lua_pushvalue(state, 1);
        lua_setfield(state, -2, "timeout");
        lua_pushvalue(state, 3);
        lua_setfield(state, -2, "default");
        request.input = Payload(encode_value(state, -1));
        lua_pop(state, 1);
    }
    return run.ask(state, request, &guarded_continuation<called_back>);
}

// static_callback(name, options): a wait for a callback that does not take place; no address is
// made.
int static_callback(lua_State* state) {
    const std::string what = "wait_for_callback";
    ExecutionImpl& run = execution_of(state, what);
    lua_settop(state, 2);
    StepRequest request =
        run.request(state, RequestKind::kCallbackBegin, name_argument(state, 1, what));
    request.secured = secure_field(state, 2, what);
    request.static_result = static_result_field(state, 2, what);
    return run.ask(state, request, &guarded_continuation<called_back>);
}

// begin_run(declared): the file has been read; from here on steps may be called. Returns its run.
int begin_run(lua_State* state) {
    Activity& activity = activity_of(state);
    lua_pushvalue(state, 1);
    push_run_function(state);
    activity.phase = Phase::kRunning;
    return 1;
}

}  // namespace

void set_structure_primitives(lua_State* state) {
    set_function<enter>(state, "enter");
    set_function<enter_iteration>(state, "enter_iteration");
    set_function<leave>(state, "leave");
    set_function<fork>(state, "fork");
    set_function<to_json>(state, "json");
    set_function<clock>(state, "clock");
    set_function<duration>(state, "duration");
    set_function<await_callback>(state, "await_callback");
    set_function<static_callback>(state, "static_callback");
    set_function<begin_run>(state, "begin_run");
    lua_pushinteger(state, limits::kBranchesMax);
    lua_setfield(state, -2, "branches_max");
    lua_pushinteger(state, limits::kForeachItemsMax);
    lua_setfield(state, -2, "items_max");
    lua_pushinteger(state, std::chrono::seconds(limits::kCallbackWaitMax).count());
    lua_setfield(state, -2, "wait_seconds_max");
    push_structure_pcall(state);
    lua_setfield(state, -2, "pcall");
}

}  // namespace tideway::script
