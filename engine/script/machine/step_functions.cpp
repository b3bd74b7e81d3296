// The steps that are not operations: compose, condition, delay ... Each is one request.
#include <algorithm>
#include <cctype>
#include <cmath>

#include "engine/base/limits.h"
#include "engine/script/language.h"
#include "engine/script/machine/arguments.h"
#include "engine/script/machine/declaring.h"
#include "engine/script/machine/environment.h"
#include "engine/script/machine/execution_impl.h"
#include "engine/script/machine/step_options.h"
#include "engine/script/value/number_text.h"
#include "engine/script/value/values.h"
#include "engine/script/value_codec.h"

namespace tideway::script {
namespace {

int give_value(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    execution_of(state, "a step").take_answer(state);
    return 1;
}

// As give_value, where the file's own text may ask too.
int give_early_value(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    activity_of(state).execution->take_answer(state);
    return 1;
}

int give_truth(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    execution_of(state, "condition").take_answer(state);
    lua_pushboolean(state, lua_toboolean(state, -1));
    return 1;
}

int give_nothing(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    activity_of(state).execution->take_answer(state);
    return 0;
}

int give_stop(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    activity_of(state).stop = Stop::kHost;
    raise_stop(state);
}

int ask_value(lua_State* state, ExecutionImpl& run, const StepRequest& request) {
    return run.ask(state, request, &guarded_continuation<give_value>);
}

int compose(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "compose");
    StepRequest request =
        run.request(state, RequestKind::kCompose, name_argument(state, 1, "compose"));
    lua_settop(state, 3);
    request.secured = secure_whole(options_argument(state, 3, "compose", step_options()));
    request.input = Payload(encode_value(state, 2));
    return ask_value(state, run, request);
}

int condition(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "condition");
    const std::string_view name = name_argument(state, 1, "condition");
    lua_settop(state, 2);
    const bool truth = lua_toboolean(state, 2) != 0 && !is_null(state, 2);
    StepRequest request = run.request(state, RequestKind::kCondition, name);
    request.input = Payload(truth ? "true" : "false");
    return run.ask(state, request, &guarded_continuation<give_truth>);
}

int delay(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "delay");
    const std::string_view name = name_argument(state, 1, "delay");
    const double seconds = lua_type(state, 2) == LUA_TNUMBER ? lua_tonumber(state, 2) : -1;
    if (!std::isfinite(seconds) || seconds < 0) {
        raise(state, "delay: the seconds (second argument) must be a number from 0 on");
    }
    StepRequest request = run.request(state, RequestKind::kDelay, name);
    request.secured = options_argument(state, 3, "delay", step_options());
    request.input = Payload(encode_value(state, 2));
    return ask_value(state, run, request);
}

int delay_until(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "delay_until");
    const std::string_view name = name_argument(state, 1, "delay_until");
    const std::string_view when = text_argument(state, 2, "delay_until: the time");
    if (!parse_utc(when)) {
        raise(
            state,
            "delay_until: '" + std::string(when) +
                "' is not a time; write it as 2026-02-03T10:11:12Z"
        );
    }
    StepRequest request = run.request(state, RequestKind::kDelayUntil, name);
    request.secured = options_argument(state, 3, "delay_until", step_options());
    request.input = Payload(encode_value(state, 2));
    return ask_value(state, run, request);
}

void check_response_status(lua_State* state, int response) {
    lua_getfield(state, response, "status");
    const bool is_given = !lua_isnil(state, -1) && !is_null(state, -1);
    const lua_Integer status = lua_isinteger(state, -1) != 0 ? lua_tointeger(state, -1) : 0;
    if (is_given && (status < 200 || status > 599)) {
        raise(state, "respond: the status must be an integer from 200 to 599");
    }
    lua_pop(state, 1);
}

// respond(response) or respond(name, response, options)
int respond(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "respond");
    std::string_view name = "Response";
    int response = 1;
    if (lua_type(state, 1) == LUA_TSTRING) {
        name = name_argument(state, 1, "respond");
        response = 2;
    }
    if (lua_type(state, response) != LUA_TTABLE) {
        raise(state, "respond: the response must be a table with status, headers and body");
    }
    check_response_status(state, response);
    StepRequest request = run.request(state, RequestKind::kRespond, name);
    const model::Secured secured = options_argument(state, response + 1, "respond", step_options());
    request.secured = secure_whole(secured);
    request.input = Payload(encode_value(state, response));
    return ask_value(state, run, request);
}

// A table with the arguments from `first` on as the named fields; left on top, encoded.
Payload fields(lua_State* state, int first, std::initializer_list<const char*> names) {
    lua_createtable(state, 0, static_cast<int>(names.size()));
    int index = first;
    for (const char* name : names) {
        lua_pushvalue(state, index++);
        lua_setfield(state, -2, name);
    }
    Payload out(encode_value(state, -1));
    lua_pop(state, 1);
    return out;
}

int terminate(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "terminate");
    const std::string_view status = text_argument(state, 1, "terminate: the status");
    if (status != "Succeeded" && status != "Failed" && status != "Cancelled") {
        raise(
            state,
            "terminate: '" + std::string(status) +
                "' is not a status; use Succeeded, Failed or Cancelled"
        );
    }
    lua_settop(state, 3);
    StepRequest request = run.request(state, RequestKind::kTerminate, "Terminate");
    request.input = fields(state, 1, {"status", "code", "message"});
    return run.ask(state, request, &guarded_continuation<give_stop>);
}

int fail(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "fail");
    model::StepError error;
    error.code = text_argument(state, 1, "fail: the code");
    error.message = text_argument(state, 2, "fail: the message");
    if (!lua_isnoneornil(state, 3)) {
        error.remedy = text_argument(state, 3, "fail: the remedy");
    }
    error.step = run.branch().frames.back().path;
    raise_error(state, error);
}

int outcome(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "outcome");
    text_argument(state, 1, "outcome: the word");
    lua_settop(state, 2);
    StepRequest request = run.request(state, RequestKind::kOutcome, "@outcome");
    request.input = fields(state, 1, {"word", "reason"});
    return run.ask(state, request, &guarded_continuation<give_nothing>);
}

bool is_tracked_name(std::string_view name) {
    const bool is_short = !name.empty() && name.size() <= limits::kTrackedNameBytesMax;
    return is_short && std::ranges::all_of(name, [](unsigned char letter) {
               return std::isalnum(letter) != 0 || letter == '_';
           });
}

// The key is below the value on the stack.
void check_tracked(lua_State* state) {
    const bool is_text_key = lua_type(state, -2) == LUA_TSTRING;
    const std::string name(is_text_key ? to_view(state, -2) : kind_of(state, -2));
    if (!is_text_key || !is_tracked_name(name)) {
        raise(
            state,
            "track: a name has 1 to " + std::to_string(limits::kTrackedNameBytesMax) +
                " letters, digits and '_', not " + (is_text_key ? "'" + name + "'" : name)
        );
    }
    const int type = lua_type(state, -1);
    if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN) {
        raise(
            state,
            "track: '" + name + "' must be text, a number, true or false, got " +
                std::string(kind_of(state, -1))
        );
    }
    if (type == LUA_TSTRING && to_view(state, -1).size() > limits::kTrackedValueBytesMax) {
        raise(
            state,
            "track: '" + name + "' has " + std::to_string(to_view(state, -1).size()) +
                " bytes, at most " + std::to_string(limits::kTrackedValueBytesMax) +
                " are kept; cut it with text.truncate_bytes"
        );
    }
}

// What is null is left out.
Payload tracked_values(lua_State* state) {
    lua_newtable(state);
    lua_pushnil(state);
    while (lua_next(state, 1) != 0) {
        if (is_hidden_key(state, -2) || is_null(state, -1)) {
            lua_pop(state, 1);
            continue;
        }
        check_tracked(state);
        lua_pushvalue(state, -2);
        lua_insert(state, -2);
        lua_rawset(state, 2);
    }
    return Payload(encode_value(state, 2));
}

int track(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "track");
    lua_settop(state, 1);
    if (lua_type(state, 1) != LUA_TTABLE) {
        raise(
            state,
            "track: the values must be a table such as { deal = id }, got " +
                std::string(kind_of(state, 1))
        );
    }
    StepRequest request = run.request(state, RequestKind::kTrack, "@track");
    request.input = tracked_values(state);
    return run.ask(state, request, &guarded_continuation<give_nothing>);
}

int run_child_flow(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "run_child_flow");
    const std::string_view name = name_argument(state, 1, "run_child_flow");
    const std::string_view flow = text_argument(state, 2, "run_child_flow: the flow's name");
    lua_settop(state, 4);
    StepRequest request = run.request(state, RequestKind::kRunChildFlow, name);
    request.secured = options_argument(state, 4, "run_child_flow", child_options());
    request.static_result = static_result_field(state, 4, "run_child_flow");
    if (const auto timeout = timeout_field(state, 4, "run_child_flow")) {
        const double seconds = std::chrono::duration<double>(*timeout).count();
        request.options = to_payload(Json{{"timeout", seconds}});
    }
    request.operation = flow;
    request.input = Payload(encode_value(state, 3));
    return ask_value(state, run, request);
}

int now(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "now");
    return ask_value(state, run, run.request(state, RequestKind::kNow, "@now"));
}

int uuid(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "uuid");
    return ask_value(state, run, run.request(state, RequestKind::kUuid, "@uuid"));
}

int log(lua_State* state) {
    ExecutionImpl& run = execution_of(state, "log");
    text_argument(state, 1, "log: the message");
    lua_settop(state, 2);
    StepRequest request = run.request(state, RequestKind::kLog, "@log");
    request.input = fields(state, 1, {"message", "fields"});
    return run.ask(state, request, &guarded_continuation<give_nothing>);
}

// math.random() is a number in [0,1), random(n) an integer in 1..n, random(m, n) one in m..n.
int give_random(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    execution_of(state, "math.random").take_answer(state);
    const double part = lua_tonumber(state, -1);
    if (lua_isnil(state, 1)) {
        return 1;
    }
    const bool has_low = !lua_isnil(state, 2);
    const lua_Integer low = has_low ? lua_tointeger(state, 1) : 1;
    const lua_Integer high = lua_tointeger(state, has_low ? 2 : 1);
    const double span = static_cast<double>(high) - static_cast<double>(low) + 1;
    const auto offset = static_cast<lua_Integer>(std::floor(part * span));
    lua_pushinteger(state, std::min(high, low + offset));
    return 1;
}

int random(lua_State* state) {
    constexpr lua_Integer kSpanMax = 1LL << 53;
    ExecutionImpl& run = execution_of(state, "math.random");
    lua_settop(state, 2);
    if (!lua_isnil(state, 1)) {
        const lua_Integer first = luaL_checkinteger(state, 1);
        const lua_Integer low = lua_isnil(state, 2) ? 1 : first;
        const lua_Integer high = lua_isnil(state, 2) ? first : luaL_checkinteger(state, 2);
        const auto span = static_cast<lua_Unsigned>(high) - static_cast<lua_Unsigned>(low);
        luaL_argcheck(
            state,
            low <= high && span < static_cast<lua_Unsigned>(kSpanMax),
            1,
            "interval is empty or too large"
        );
    }
    const StepRequest request = run.request(state, RequestKind::kRandom, "@random");
    return run.ask(state, request, &guarded_continuation<give_random>);
}

int env(lua_State* state) {
    const std::string name(text_argument(state, 1, "env: the variable's name"));
    lua_settop(state, 1);
    Activity& activity = activity_of(state);
    if (activity.execution != nullptr) {
        ExecutionImpl& run = *activity.execution;
        StepRequest request = run.request(state, RequestKind::kEnv, "@env");
        request.name = name;
        return run.ask(state, request, &guarded_continuation<give_early_value>);
    }
    if (activity.phase != Phase::kDeclaring) {
        raise(state, "env works only inside run");
    }
    note_variable(state, name);
    push_unknown(state, name);
    return 1;
}

}  // namespace

void set_step_functions(lua_State* state) {
    set_function<compose>(state, "compose");
    set_function<condition>(state, "condition");
    set_function<delay>(state, "delay");
    set_function<delay_until>(state, "delay_until");
    set_function<respond>(state, "respond");
    set_function<terminate>(state, "terminate");
    set_function<fail>(state, "fail");
    set_function<outcome>(state, "outcome");
    set_function<track>(state, "track");
    set_function<run_child_flow>(state, "run_child_flow");
    set_function<now>(state, "now");
    set_function<uuid>(state, "uuid");
    set_function<log>(state, "log");
    set_function<random>(state, "random");
    set_function<env>(state, "env");
}

}  // namespace tideway::script
