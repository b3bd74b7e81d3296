// What a flow says of itself, its trigger functions, its libraries, and what a VM shares (nothing).
#include "engine/script/vm.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/script/machine/vm_impl.h"
#include "tests/engine/script/recording_host.h"

namespace tideway::script {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(VmCreate, ReportsASyntaxErrorWithFileAndLine) {
    const auto vm = Vm::create(program_of("local x = 1\nreturn flow {", {}));
    ASSERT_FALSE(vm.has_value());
    EXPECT_EQ(vm.error().code, "ScriptSyntaxError");
    EXPECT_THAT(vm.error().message, testing::StartsWith("main.lua:2:"));
    const Json details = Json::parse(vm.error().details);
    EXPECT_EQ(details.at("file"), "main.lua");
    EXPECT_EQ(details.at("line"), 2);
}

TEST(VmCreate, ChecksEveryFileAndRefusesBytecode) {
    const auto broken = Vm::create(program_of(flow_of(""), {{"lib/a.lua", "local = 1"}}));
    ASSERT_FALSE(broken.has_value());
    EXPECT_THAT(broken.error().message, testing::StartsWith("lib/a.lua:1:"));
    EXPECT_FALSE(Vm::create(program_of("\x1bLua", {})).has_value());
    Program missing = program_of(flow_of(""));
    missing.main_file = "other.lua";
    EXPECT_THAT(
        Vm::create(missing).error().message, HasSubstr("'other.lua' is not among its files")
    );
}

TEST(VmCreate, SurvivesTextsThatStrainTheParser) {
    EXPECT_FALSE(Vm::create(program_of("return " + std::string(100'000, '('))).has_value());
    EXPECT_FALSE(Vm::create(program_of("x = " + std::string(100'000, '{'))).has_value());
    EXPECT_FALSE(Vm::create(program_of(std::string(1000, '\0'))).has_value());
}

TEST(Declaration, SaysWhatTheFlowIs) {
    const auto vm = make_vm(
        "local shop = connection 'shop'\n"
        "local key = env 'Api key'\n"
        "return flow { title = 'Orders', retry = { count = 2 }, timeout = 'PT1H',\n"
        "  trigger = trigger.shop_order_event { title = 'When', connection = shop, columns = {},\n"
        "    url = env('Base') .. '/path', condition = function() return true end,\n"
        "    dedupe_by = function(e) return e.id end },\n"
        "  run = function() end }"
    );
    const auto declared = vm->declaration();
    ASSERT_TRUE(declared.has_value()) << declared.error().message;
    EXPECT_EQ(declared->title, "Orders");
    EXPECT_EQ(declared->trigger, "shop.order_event");
    EXPECT_EQ(declared->trigger_connection, "shop");
    EXPECT_EQ(
        declared->trigger_config.str(),
        R"({"columns":[],"connection":"shop","title":"When","url":{"$env":"Base"}})"
    );
    EXPECT_EQ(declared->settings.str(), R"({"retry":{"count":2},"timeout":"PT1H"})");
    EXPECT_TRUE(declared->has_condition);
    EXPECT_TRUE(declared->has_dedupe_by);
    EXPECT_FALSE(declared->has_split_on);
    EXPECT_THAT(declared->connections, ElementsAre("shop"));
    EXPECT_THAT(declared->variables, ElementsAre("Api key", "Base"));
}

TEST(Declaration, RefusesWhatIsNoFlow) {
    const auto refused = [](const std::string& text) {
        const auto declared = make_vm(text)->declaration();
        return declared ? std::string("accepted") : declared.error().message;
    };
    EXPECT_THAT(refused("return 1"), HasSubstr("must end with: return flow"));
    EXPECT_THAT(refused(""), HasSubstr("must end with: return flow"));
    EXPECT_THAT(refused("\nreturn flow {}"), HasSubstr("main.lua:2: flow: title must be text"));
    EXPECT_THAT(refused("return flow { title = 'T' }"), HasSubstr("trigger must be made by"));
    EXPECT_THAT(
        refused("return flow { title = 'T', trigger = trigger.manual {} }"),
        HasSubstr("run must be a function")
    );
    EXPECT_THAT(refused("return flow { title = 'T', nane = 1 }"), HasSubstr("no field 'nane'"));
    EXPECT_THAT(refused("trigger.manul {}"), HasSubstr("no kind 'manul'; did you mean 'manual'?"));
    EXPECT_THAT(
        refused("trigger.manual { condition = 1 }"), HasSubstr("condition must be a function")
    );
    EXPECT_THAT(refused("while true do end"), HasSubstr("instructions"));
    EXPECT_THAT(refused("error('boom')"), HasSubstr("main.lua:1: boom"));
}

TEST(TriggerFunction, IsCalledWithTheEventAndReturnsJson) {
    const auto vm = make_vm(
        "return flow { title = 'T', run = function() end, trigger = trigger.http_request {\n"
        "  condition = function(e) return e.n > 1 end, split_on = function(e) return e.items end,\n"
        "  dedupe_by = function() end, one_at_a_time_by = function(e) return e.missing.x end,\n"
        "  coalesce_by = function() while true do end end } }"
    );
    const Payload event(R"({"n":2,"items":[1,2]})");
    EXPECT_EQ(vm->call_trigger_function("condition", event)->str(), "true");
    EXPECT_EQ(vm->call_trigger_function("split_on", event)->str(), "[1,2]");
    EXPECT_TRUE(vm->call_trigger_function("dedupe_by", event)->empty());
    EXPECT_THAT(
        vm->call_trigger_function("one_at_a_time_by", event).error().message,
        HasSubstr("main.lua:3:")
    );
    EXPECT_EQ(vm->call_trigger_function("coalesce_by", event).error().code, "ScriptBudgetExceeded");
    EXPECT_EQ(vm->call_trigger_function("condition", event)->str(), "true") << "the VM lives on";
}

TEST(TriggerFunction, HasNoStepsNoTimeAndNoVariables) {
    const auto vm = make_vm(
        "local base = env 'Base'\n"
        "return flow { title = 'T', run = function() end, trigger = trigger.manual {\n"
        "  condition = function() return compose('C', 1) end, dedupe_by = function() return now() "
        "end,\n"
        "  split_on = function() return base .. 'x' end, coalesce_by = function() return env 'B' "
        "end } }"
    );
    for (const char* name : {"condition", "dedupe_by", "split_on", "coalesce_by"}) {
        const auto result = vm->call_trigger_function(name, Payload());
        ASSERT_FALSE(result.has_value()) << name;
        EXPECT_THAT(result.error().message, HasSubstr("only inside run")) << name;
    }
    EXPECT_EQ(
        vm->call_trigger_function("one_at_a_time_by", Payload()).error().code,
        "TriggerFunctionNotFound"
    );
}

TEST(Require, RunsAModuleOncePerRunInTheRunsEnvironment) {
    const std::map<std::string, std::string> files = {
        {"lib/counter.lua", "loads = (loads or 0) + 1 return { n = loads }"},
        {"lib/loop.lua", "return require 'lib.loop'"},
        {"mapping.json", R"({"title":"name"})"}};
    const Ran ran = run_body(
        "local a, b = require 'lib.counter', require 'lib.counter'\n"
        "return { a.n, a == b, require('mapping').title, require('mapping.json').title }",
        {},
        {},
        files
    );
    EXPECT_EQ(ran.value(), R"([1,true,"name","name"])");
    EXPECT_THAT(
        run_body("require 'lib.loop'", {}, {}, files).value(), HasSubstr("requires itself")
    );
    EXPECT_THAT(
        run_body("require 'lib.none'", {}, {}, files).value(),
        HasSubstr("the pack has no file 'lib/none.lua'")
    );
    EXPECT_THAT(run_body("require '../main'", {}, {}, files).value(), HasSubstr("has no file"));
}

TEST(Isolation, RunsOfOneVmShareNoVariable) {
    const auto vm = make_vm(
        "local lib = require 'lib.state'\ncount = (count or 0) + 1\n" +
            flow_of("lib.n = (lib.n or 0) + 1 return { count, lib.n, global_of_lib }"),
        {},
        {{"lib/state.lua", "global_of_lib = (global_of_lib or 0) + 1 return {}"}}
    );
    RecordingHost host;
    for (int i = 0; i < 3; ++i) {
        const auto execution = Execution::create(*vm, host, {});
        EXPECT_EQ(execution->start(Payload()).value.str(), "[1,1,1]");
    }
}

TEST(Isolation, InterleavedRunsKeepTheirOwnEnvironments) {
    const auto vm = make_vm(
        "local mine\n" +
        flow_of("mine = event global = event delay('D', 1) return { mine, global }")
    );
    RecordingHost host;
    host.rule = [](const StepRequest&) { return std::optional<Answer>(); };
    const auto one = Execution::create(*vm, host, {});
    const auto two = Execution::create(*vm, host, {});
    one->start(Payload("1"));
    two->start(Payload("2"));
    EXPECT_EQ(one->deliver("D", Answer::of(Payload())).state.value.str(), "[1,1]");
    EXPECT_EQ(two->deliver("D", Answer::of(Payload())).state.value.str(), "[2,2]");
}

// Every value that a script can name without being given it, as "path: type".
void list_reachable(
    lua_State* state,
    const std::string& path,
    std::set<const void*>& seen,
    std::set<std::string>& out
) {
    out.insert(path + ": " + lua_typename(state, lua_type(state, -1)));
    if (lua_type(state, -1) != LUA_TTABLE || !seen.insert(lua_topointer(state, -1)).second) {
        return;
    }
    const int table = lua_gettop(state);
    lua_pushnil(state);
    while (lua_next(state, table) != 0) {
        const char* key = lua_type(state, -2) == LUA_TSTRING ? lua_tostring(state, -2) : "?";
        list_reachable(state, path.empty() ? key : path + "." + key, seen, out);
        lua_settop(state, table + 1);
    }
    if (luaL_getmetafield(state, table, "__index") == LUA_TTABLE) {
        list_reachable(state, path, seen, out);
    }
    lua_settop(state, table);
}

TEST(Sandbox, ReachesExactlyTheListedValues) {
    Program program = program_of(flow_of(""));
    VmImpl vm(std::move(program), {});
    ASSERT_TRUE(vm.build().has_value());
    std::set<std::string> reachable;
    std::set<const void*> seen;
    lua_State* const state = vm.machine().state();
    ASSERT_EQ(
        protect(
            state,
            [&](lua_State* inner) {
                luaL_checkstack(inner, 100, "");
                vm.machine().push_environment(inner);
                list_reachable(inner, "", seen, reachable);
                return 0;
            }
        ),
        LUA_OK
    );
    std::string functions;
    for (const std::string& each : reachable) {
        const bool value_library = each.starts_with("time.") || each.starts_with("text.") ||
                                   each.starts_with("list.") || each.starts_with("money.") ||
                                   each.starts_with("uri.");
        if (!value_library) {
            functions += each + "\n";
        }
    }
    EXPECT_EQ(functions, R"(: table
array: function
assert: function
compose: function
condition: function
connection: function
delay: function
delay_until: function
env: function
error: function
exclusive: function
fail: function
flow: function
foreach: function
getmetatable: function
ipairs: function
json.decode: function
json.encode: function
json.is_null: function
json: table
list: table
log: function
math.abs: function
math.ceil: function
math.floor: function
math.fmod: function
math.huge: number
math.max: function
math.maxinteger: number
math.min: function
math.mininteger: number
math.modf: function
math.pi: number
math.random: function
math.sqrt: function
math.tointeger: function
math.type: function
math.ult: function
math: table
money: table
next: function
now: function
null: userdata
outcome: function
pairs: function
parallel: function
pcall: function
rawequal: function
rawlen: function
repeat_until: function
require: function
respond: function
run_child_flow: function
scope: function
select: function
setmetatable: function
string.byte: function
string.char: function
string.find: function
string.format: function
string.gmatch: function
string.gsub: function
string.len: function
string.lower: function
string.match: function
string.rep: function
string.reverse: function
string.sub: function
string.upper: function
string: table
switch: function
table.concat: function
table.insert: function
table.move: function
table.pack: function
table.remove: function
table.sort: function
table.unpack: function
table: table
terminate: function
text: table
time: table
tonumber: function
tostring: function
track: function
trigger.child: function
trigger.http_request: function
trigger.manual: function
trigger.notice: function
trigger.recurrence: function
trigger.shop_order_event: function
trigger: table
try: function
type: function
uri: table
utf8.char: function
utf8.charpattern: string
utf8.codepoint: function
utf8.codes: function
utf8.len: function
utf8.offset: function
utf8: table
uuid: function
wait_for_callback: function
wait_for_decision: function
xpcall: function
)");
}

}  // namespace
}  // namespace tideway::script
