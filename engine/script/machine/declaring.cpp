#include "engine/script/machine/declaring.h"

#include <algorithm>
#include <array>

#include "engine/script/machine/arguments.h"
#include "engine/script/machine/environment.h"
#include "engine/script/machine/step_options.h"
#include "engine/script/value/values.h"
#include "engine/script/value_codec.h"

namespace tideway::script {
namespace {

// Addresses are the keys by which tables of ours are known.
const char kFlow = 0;
const char kTrigger = 0;
const char kLoading = 0;

void* address(const char& of) {
    return const_cast<char*>(&of);
}

constexpr std::array<const char*, 5> kTriggerFunctions = {
    "condition", "dedupe_by", "split_on", "one_at_a_time_by", "coalesce_by"};

void note(std::vector<std::string>& names, std::string_view name) {
    if (std::ranges::find(names, name) == names.end()) {
        names.emplace_back(name);
    }
}

void check_flow_keys(lua_State* state) {
    constexpr std::array<std::string_view, 6> kKnown = {
        "title", "description", "trigger", "run", "retry", "timeout"};
    lua_pushnil(state);
    while (lua_next(state, 1) != 0) {
        lua_pop(state, 1);
        const std::string_view key = lua_type(state, -1) == LUA_TSTRING ? to_view(state, -1) : "?";
        if (std::ranges::find(kKnown, key) == kKnown.end()) {
            raise(
                state,
                "flow has no field '" + std::string(key) +
                    "'; it has title, description, trigger, run, retry and timeout"
            );
        }
    }
}

// flow{title=, trigger=, run=, ...}
int flow(lua_State* state) {
    if (lua_type(state, 1) != LUA_TTABLE) {
        raise(state, "flow takes one table: flow { title = ..., trigger = ..., run = ... }");
    }
    lua_settop(state, 1);
    check_flow_keys(state);
    if (lua_getfield(state, 1, "title") != LUA_TSTRING) {
        raise(state, "flow: title must be text");
    }
    if (lua_getfield(state, 1, "trigger") != LUA_TTABLE ||
        lua_rawgetp(state, -1, address(kTrigger)) != LUA_TSTRING) {
        raise(state, "flow: trigger must be made by trigger.<name> { ... }");
    }
    if (lua_getfield(state, 1, "run") != LUA_TFUNCTION) {
        raise(state, "flow: run must be a function of the event");
    }
    lua_createtable(state, 0, 2);
    lua_pushvalue(state, 1);
    lua_rawsetp(state, -2, address(kFlow));
    return 1;
}

// Upvalue 1: the trigger's kind. The argument: its table, which is kept as it is.
int declare_trigger(lua_State* state) {
    const std::string kind(to_view(state, lua_upvalueindex(1)));
    if (lua_gettop(state) == 0) {
        lua_newtable(state);
    }
    if (lua_type(state, 1) != LUA_TTABLE) {
        raise(state, "trigger " + kind + " takes one table");
    }
    lua_settop(state, 1);
    for (const char* name : kTriggerFunctions) {
        const int type = lua_getfield(state, 1, name);
        if (type != LUA_TNIL && type != LUA_TFUNCTION) {
            raise(state, "trigger " + kind + ": " + name + " must be a function of the event");
        }
        lua_pop(state, 1);
    }
    lua_getfield(state, 1, "connection");
    if (const std::string reference = connection_reference(state, -1); !reference.empty()) {
        push(state, reference);
        lua_setfield(state, 1, "connection");
    }
    lua_createtable(state, 0, 2);
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_rawsetp(state, -2, address(kTrigger));
    lua_pushvalue(state, 1);
    lua_setfield(state, -2, "config");
    return 1;
}

// The stack: trigger table. Adds trigger.<name>{} of that kind.
void set_trigger(lua_State* state, const std::string& name, const std::string& kind) {
    push(state, kind);
    lua_pushcclosure(state, &guarded<declare_trigger>, 1);
    lua_setfield(state, -2, name.c_str());
}

const model::TriggerSpec* find_trigger(const Machine& machine, const std::string& kind) {
    for (const model::ConnectorSpec* connector : machine.program().connectors) {
        for (const model::TriggerSpec& trigger : connector->triggers) {
            if (connector->id + "." + trigger.id == kind) {
                return &trigger;
            }
        }
    }
    return nullptr;
}

// --- require ---

int loaded(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    if (lua_isnil(state, -1)) {
        lua_pop(state, 1);
        lua_pushboolean(state, 1);
    }
    lua_rawgeti(state, LUA_REGISTRYINDEX, activity_of(state).modules);
    lua_pushvalue(state, 1);
    lua_pushvalue(state, -3);
    lua_rawset(state, -3);
    lua_pop(state, 1);
    return 1;
}

std::string path_of(std::string name, std::string_view ending) {
    std::ranges::replace(name, '.', '/');
    return name + std::string(ending);
}

// require "lib.mapping" runs lib/mapping.lua once per run, in the run's environment; a name of a
// JSON file of the pack ("mapping" or "mapping.json") gives its value.
int require(lua_State* state) {
    const std::string name(text_argument(state, 1, "require: the name"));
    lua_settop(state, 1);
    Machine& machine = machine_of(state);
    const Activity& activity = activity_of(state);
    lua_rawgeti(state, LUA_REGISTRYINDEX, activity.modules);
    lua_pushvalue(state, 1);
    if (lua_rawget(state, -2) != LUA_TNIL) {
        if (lua_touserdata(state, -1) == &kLoading) {
            raise(state, "require: '" + name + "' requires itself, or has failed before");
        }
        return 1;
    }
    lua_settop(state, 1);
    if (machine.push_file(state, path_of(name, ".lua"))) {
        lua_rawgeti(state, LUA_REGISTRYINDEX, activity.modules);
        lua_pushvalue(state, 1);
        lua_pushlightuserdata(state, address(kLoading));
        lua_rawset(state, -3);
        lua_pop(state, 1);
        lua_rawgeti(state, LUA_REGISTRYINDEX, activity.environment);
        lua_callk(state, 1, 1, 0, &guarded_continuation<loaded>);
        return loaded(state, LUA_OK, 0);
    }
    const auto& files = machine.program().files;
    auto file = files.find(path_of(name, ".json"));
    if (file == files.end() && name.ends_with(".json")) {
        file = files.find(name);
    }
    if (file == files.end()) {
        raise(
            state,
            "require: the pack has no file '" + path_of(name, ".lua") + "' nor '" +
                path_of(name, ".json") + "'"
        );
    }
    charge_bytes(state, file->second.size());
    decode_value(state, file->second);
    return loaded(state, LUA_OK, 0);
}

// Replaces the value on top by the table that was given to flow{}.
void unwrap_flow(lua_State* state) {
    if (lua_type(state, -1) != LUA_TTABLE || lua_rawgetp(state, -1, address(kFlow)) != LUA_TTABLE) {
        raise(state, machine_of(state).program().main_file + " must end with: return flow { ... }");
    }
    lua_remove(state, -2);
}

}  // namespace

void note_connection(lua_State* state, std::string_view reference) {
    if (Declaring* declaring = activity_of(state).declaring) {
        note(declaring->connections, reference);
    }
}

void note_variable(lua_State* state, std::string_view name) {
    if (Declaring* declaring = activity_of(state).declaring) {
        note(declaring->variables, name);
    }
}

void push_run_function(lua_State* state) {
    unwrap_flow(state);
    lua_getfield(state, -1, "run");
    lua_remove(state, -2);
}

void push_trigger_function(lua_State* state, std::string_view name) {
    unwrap_flow(state);
    lua_getfield(state, -1, "trigger");
    lua_getfield(state, -1, "config");
    push(state, name);
    lua_gettable(state, -2);
    lua_replace(state, -4);
    lua_pop(state, 2);
}

namespace {

// How the runs of a trigger are held together is no part of what the trigger itself does.
Payload take_concurrency(lua_State* state, int config) {
    if (lua_getfield(state, config, "concurrency") == LUA_TNIL) {
        lua_pop(state, 1);
        return {};
    }
    Payload out(encode_value(state, -1));
    lua_pop(state, 1);
    lua_pushnil(state);
    lua_setfield(state, config, "concurrency");
    return out;
}

// What history shows is none either. An event is the trigger's input and its output, so either word
// keeps it; "outputs" also keeps what the runs give back.
model::Secured take_secure(lua_State* state, int config, const std::string& trigger) {
    const model::Secured secured = secure_field(state, config, "trigger " + trigger);
    lua_pushnil(state);
    lua_setfield(state, config, "secure");
    return model::secures_outputs(secured) ? model::Secured::kBoth : secured;
}

}  // namespace

model::FlowDeclaration read_declaration(lua_State* state) {
    model::FlowDeclaration out;
    unwrap_flow(state);
    const int flow_table = lua_gettop(state);
    lua_getfield(state, flow_table, "title");
    out.title = to_view(state, -1);
    lua_getfield(state, flow_table, "trigger");
    lua_rawgetp(state, -1, address(kTrigger));
    out.trigger = to_view(state, -1);
    lua_getfield(state, -2, "config");
    const int config = lua_gettop(state);
    const std::array<bool*, 5> has = {
        &out.has_condition,
        &out.has_dedupe_by,
        &out.has_split_on,
        &out.has_one_at_a_time_by,
        &out.has_coalesce_by};
    for (std::size_t i = 0; i < has.size(); ++i) {
        *has[i] = lua_getfield(state, config, kTriggerFunctions[i]) == LUA_TFUNCTION;
    }
    if (lua_getfield(state, config, "connection") == LUA_TSTRING) {
        out.trigger_connection = to_view(state, -1);
    }
    out.concurrency = take_concurrency(state, config);
    out.secured = take_secure(state, config, out.trigger);
    EncodeOptions options;
    options.drop_functions = true;
    if (const model::TriggerSpec* spec = find_trigger(machine_of(state), out.trigger)) {
        options.schema = &spec->config_schema;
    }
    out.trigger_config = Payload(encode_value(state, config, options));
    lua_createtable(state, 0, 3);
    for (const char* name : {"description", "retry", "timeout"}) {
        lua_getfield(state, flow_table, name);
        lua_setfield(state, -2, name);
    }
    out.settings = Payload(encode_value(state, -1));
    lua_settop(state, flow_table - 1);
    const Declaring& declaring = *activity_of(state).declaring;
    out.connections = declaring.connections;
    out.variables = declaring.variables;
    return out;
}

void set_declaring_functions(lua_State* state, const Machine& machine) {
    set_function<flow>(state, "flow");
    set_function<require>(state, "require");
    lua_newtable(state);
    for (const char* name : {"manual", "http_request", "recurrence", "child", "notice"}) {
        set_trigger(state, name, name);
    }
    for (const model::ConnectorSpec* connector : machine.program().connectors) {
        for (const model::TriggerSpec& trigger : connector->triggers) {
            set_trigger(state, connector->id + "_" + trigger.id, connector->id + "." + trigger.id);
        }
    }
    refuse_missing_keys(state, "trigger", "kind");
    make_read_only(state, "trigger");
    lua_setfield(state, -2, "trigger");
}

}  // namespace tideway::script
