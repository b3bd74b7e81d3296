// Scripts that try not to end, or to take everything: each experiment that DESIGN section 9
// reports.
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/script/recording_host.h"

namespace tideway::script {
namespace {

using Kind = ExecutionState::Kind;

VmLimits tight() {
    VmLimits limits;
    limits.run_instructions = 3'000'000;
    limits.run_bytes = 4U << 20U;
    return limits;
}

void expect_budget(const std::string& body) {
    const Ran ran = run_body(body, {}, tight());
    EXPECT_EQ(ran.state.kind, Kind::kFailed) << body;
    EXPECT_EQ(ran.state.error.code, "ScriptBudgetExceeded") << ran.state.error.message;
}

TEST(Budget, EndsAnEndlessLoop) {
    expect_budget("while true do end");
}

TEST(Budget, IsNotSwallowedByALoopOfPcall) {
    expect_budget("while true do pcall(function() while true do end end) end");
}

TEST(Budget, IsNotSwallowedByNestedPcallAndTry) {
    expect_budget(
        "while true do\n"
        "  pcall(pcall, function() try('T', function() while true do end end) end)\n"
        "end"
    );
}

TEST(Budget, EndsAnEndlessXpcallHandler) {
    expect_budget("xpcall(error, function() while true do end end)");
    expect_budget("while true do xpcall(error, function() while true do end end) end");
}

TEST(Budget, EndsEndlessMetamethodsSortsAndCallbacks) {
    expect_budget(
        "local t = setmetatable({}, { __index = function() while true do end end }) return t.x"
    );
    expect_budget("table.sort({ 3, 2, 1 }, function() while true do end end)");
    expect_budget("string.gsub('abc', '.', function() while true do end end)");
    expect_budget("tostring(setmetatable({}, { __tostring = function() while true do end end }))");
    expect_budget("error(setmetatable({}, { __tostring = function() while true do end end }))");
}

TEST(Budget, EndsARecursionThroughPcall) {
    const Ran ran =
        run_body("local function f() pcall(f) f() end while true do pcall(f) end", {}, tight());
    EXPECT_EQ(ran.state.kind, Kind::kFailed);
    EXPECT_THAT(ran.state.error.code, testing::MatchesRegex("Script(Budget|Memory)Exceeded"));
}

TEST(Budget, CountsRequestsSoThatALoopOfThemEnds) {
    expect_budget("while true do now() end");
}

TEST(Budget, ChargesBigStringsBySize) {
    expect_budget("local s = string.rep('x', 1000000) while true do local u = s:upper() end");
    expect_budget(
        "local s = string.rep('x', 1000000) while true do string.find(s, 'y', 1, true) end"
    );
}

TEST(Budget, StartsAgainAfterAWait) {
    RecordingHost host;
    host.rule = [](const StepRequest& request) -> std::optional<Answer> {
        if (request.kind == RequestKind::kDelay) {
            return std::nullopt;
        }
        return RecordingHost::answer_at_once(request);
    };
    const auto vm = make_vm(
        flow_of("for i = 1, 5 do for j = 1, 400000 do end delay('D', 1) end return 'done'"), tight()
    );
    const auto execution = Execution::create(*vm, host, {});
    ExecutionState state = finish(*execution, execution->start(Payload()));
    while (state.kind == Kind::kWaiting) {
        const auto delivery =
            execution->deliver(execution->waiting().front(), Answer::of(Payload()));
        ASSERT_TRUE(delivery.known);
        state = finish(*execution, delivery.state);
    }
    EXPECT_EQ(state.kind, Kind::kReturned) << state.error.message;
}

TEST(PatternBudget, EndsAPatternThatWouldRunForMinutes) {
    const auto begin = std::chrono::steady_clock::now();
    const Ran ran =
        run_body("return string.find(string.rep('a', 60), string.rep('a*', 20) .. 'b')");
    EXPECT_EQ(ran.state.kind, Kind::kFailed);
    EXPECT_THAT(ran.state.error.message, testing::HasSubstr("too many steps"));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
    for (const char* call :
         {"('a'):rep(60):gsub(('a*'):rep(20) .. 'b', '')",
          "for _ in ('a'):rep(60):gmatch(('a*'):rep(20) .. 'b') do end"}) {
        EXPECT_THAT(
            run_body(call[0] == 'f' ? call : std::string("return ") + call).value(),
            testing::HasSubstr("too many steps")
        ) << call;
    }
}

TEST(MemoryCap, FailsTheRunThatHoldsTooMuch) {
    for (const char* bomb :
         {"local t = {} while true do t[#t + 1] = { #t } end",
          "local s = 'x' while true do s = s .. s end",
          "local t = {} while true do pcall(function() t[#t + 1] = string.rep('x', 100000) end) "
          "end",
          "local t = {} for i = 1, 1e9 do t[i] = i end"}) {
        VmLimits limits = tight();
        limits.run_instructions = 1'000'000'000;
        const Ran ran = run_body(bomb, {}, limits);
        EXPECT_EQ(ran.state.kind, Kind::kFailed) << bomb;
        EXPECT_EQ(ran.state.error.code, "ScriptMemoryExceeded") << bomb << ran.state.error.message;
    }
}

TEST(MemoryCap, CountsOnlyWhatIsStillHeld) {
    VmLimits limits = tight();
    limits.run_instructions = 10'000'000;
    const Ran ran = run_body(
        "local sum = 0\n"
        "for i = 1, 2000 do local s = string.rep('x', 20000) .. i; sum = sum + #s end\n"
        "return sum > 0",
        {},
        limits
    );
    EXPECT_EQ(ran.value(), "true");
}

TEST(MemoryCap, OfTheVmLosesTheVmButNotTheProcess) {
    VmLimits limits;
    limits.vm_bytes = 3U << 20U;
    limits.run_bytes = 64U << 20U;
    const auto vm = make_vm(flow_of("local t = {} while true do t[#t + 1] = { #t } end"), limits);
    RecordingHost host;
    const auto execution = Execution::create(*vm, host, {});
    const ExecutionState state = finish(*execution, execution->start(Payload()));
    EXPECT_EQ(state.kind, Kind::kVmLost);
    EXPECT_TRUE(vm->is_lost());
    const auto next = Execution::create(*vm, host, {});
    EXPECT_EQ(next->start(Payload()).kind, Kind::kVmLost);
    EXPECT_FALSE(vm->declaration().has_value());
}

// The runtime replays such a run in another VM.
TEST(MemoryCap, OfTheVmEndsTheRunsThatWaitInItAndTheyGoOnInAnother) {
    VmLimits limits;
    limits.vm_bytes = 3U << 20U;
    limits.run_bytes = 64U << 20U;
    const std::string flow = flow_of(
        "if event.hoards then local t = {} while true do t[#t + 1] = { #t } end end\n"
        "delay('D', 1) return 'done'"
    );
    RecordingHost host;
    host.rule = [](const StepRequest&) { return std::optional<Answer>(); };
    const Payload modest(R"({"hoards":false})");
    const auto vm = make_vm(flow, limits);
    const auto waiting = Execution::create(*vm, host, {});
    ASSERT_EQ(finish(*waiting, waiting->start(modest)).kind, Kind::kWaiting);
    const auto hoarder = Execution::create(*vm, host, {});
    const Payload greedy(R"({"hoards":true})");
    ASSERT_EQ(finish(*hoarder, hoarder->start(greedy)).kind, Kind::kVmLost);
    EXPECT_EQ(waiting->deliver("D", Answer::of(Payload())).state.kind, Kind::kVmLost);

    const auto other = make_vm(flow, limits);
    const auto replayed = Execution::create(*other, host, {});
    ASSERT_EQ(finish(*replayed, replayed->start(modest)).kind, Kind::kWaiting);
    const auto delivery = replayed->deliver("D", Answer::of(Payload()));
    const ExecutionState state = finish(*replayed, delivery.state);
    ASSERT_EQ(state.kind, Kind::kReturned) << state.error.message;
    EXPECT_EQ(state.value.str(), R"("done")");
}

TEST(MemoryCap, IsSafeForEveryPlaceWhereTheHostAllocates) {
    // From so little that not even the environment fits, up to enough, in steps.
    int built = 0;
    for (std::size_t bytes = 1000; bytes < 400'000; bytes += 1500) {
        VmLimits limits;
        limits.vm_bytes = bytes;
        auto vm = Vm::create(program_of(flow_of("return event")), limits);
        if (!vm) {
            continue;
        }
        ++built;
        RecordingHost host;
        const auto execution = Execution::create(**vm, host, {});
        execution->start(Payload("[1,2,{\"a\":\"" + std::string(30'000, 'x') + "\"}]"));
        (*vm)->declaration();
    }
    EXPECT_GT(built, 10);
}

TEST(MemoryCap, ReportsWhatARunHoldsAndForgetsEndedRuns) {
    const auto vm =
        make_vm(flow_of("local t = {} for i = 1, 10000 do t[i] = {} end delay('D', 1)"));
    RecordingHost host;
    host.rule = [](const StepRequest&) { return std::optional<Answer>(); };
    const std::size_t before = vm->memory_bytes();
    for (int i = 0; i < 50; ++i) {
        const auto execution = Execution::create(*vm, host, {});
        ASSERT_EQ(finish(*execution, execution->start(Payload())).kind, Kind::kWaiting);
        EXPECT_GT(execution->memory_bytes(), 500'000U);
        execution->stop();
    }
    EXPECT_LT(vm->memory_bytes(), before + 20U * 700'000U);
}

TEST(SizeBombs, AreRefusedBeforeTheyRun) {
    for (const char* bomb :
         {"string.rep('x', 1 << 40)",
          "string.rep('', 1 << 60)",
          "string.rep('x', 100, string.rep('y', 1000000))",
          "string.format('%99999d', 1)",
          "table.unpack({}, 1, 1e8)",
          "table.unpack({}, 1, 1 << 62)",
          "table.unpack({}, math.mininteger, math.maxinteger)",
          "table.concat({}, 'x', 1, 1 << 60)",
          "table.move({}, 1, 1 << 60, 2)",
          "string.byte(string.rep('x', 10000000), 1, -1)",
          "select('#', table.unpack({}, 1, 1000000))",
          "utf8.codepoint(string.rep('x', 10000000), 1, -1)"}) {
        const auto begin = std::chrono::steady_clock::now();
        const Ran ran = run_body(std::string("return ") + bomb);
        const bool empty_text = ran.value() == "\"\"";
        EXPECT_TRUE(ran.state.kind == Kind::kFailed || empty_text) << bomb << " " << ran.value();
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30)) << bomb;
    }
}

TEST(SizeBombs, GsubCannotGrowWithoutEnd) {
    const Ran ran = run_body(
        "local s = string.rep('x', 1000000)\n"
        "return #s:gsub('x', string.rep('y', 1000))"
    );
    EXPECT_EQ(ran.state.kind, Kind::kFailed);
}

TEST(Close, NothingOfAScriptRunsWhenItsBranchIsDropped) {
    // Without __close and __gc a script has nothing that runs at the end.
    const Ran ran = run_body("local x <close> = setmetatable({}, { __close = function() end })");
    EXPECT_THAT(ran.value(), testing::HasSubstr("flows have no __close"));
}

TEST(Close, StopIsUncatchableAndNothingRunsAfterIt) {
    RecordingHost host;
    host.rule = [](const StepRequest& request) -> std::optional<Answer> {
        return request.kind == RequestKind::kDelay ? std::optional<Answer>(Answer::stop())
                                                   : RecordingHost::answer_at_once(request);
    };
    const auto vm =
        make_vm(flow_of("pcall(function() scope('S', function() delay('D', 1) end) end)\n"
                        "xpcall(function() delay('D', 1) end, function() log('handler') end)\n"
                        "try('T', function() delay('D', 1) end)\n"
                        "log('after')"));
    const auto execution = Execution::create(*vm, host, {});
    EXPECT_EQ(execution->start(Payload()).kind, Kind::kStopped);
    EXPECT_EQ(host.paths(RequestKind::kDelay).size(), 1U);
    EXPECT_TRUE(host.paths(RequestKind::kLog).empty());
    EXPECT_TRUE(host.paths(RequestKind::kScopeEnd).empty());
    EXPECT_EQ(execution->resume().kind, Kind::kStopped);
    EXPECT_FALSE(execution->deliver("S/D", Answer::of(Payload())).known);
}

TEST(Bindings, TurnForeignExceptionsIntoLuaErrors) {
    RecordingHost host;
    host.rule = [](const StepRequest& request) -> std::optional<Answer> {
        if (request.kind == RequestKind::kCompose) {
            throw std::runtime_error("the host has a bug");
        }
        return RecordingHost::answer_at_once(request);
    };
    const auto vm = make_vm(flow_of("local ok, e = pcall(compose, 'C', 1) return { ok, e }"));
    const auto execution = Execution::create(*vm, host, {});
    const ExecutionState state = execution->start(Payload());
    ASSERT_EQ(state.kind, Kind::kReturned) << state.error.message;
    EXPECT_THAT(state.value.str(), testing::HasSubstr("the host has a bug"));
}

TEST(StackOverflow, IsAnErrorLikeAnyOtherWhereTheMemoryAllowsADeepStack) {
    const std::string body =
        "local function f(n) return 1 + f(n + 1) end\n"
        "local ok, e = pcall(f, 1) return { ok, type(e) }";
    VmLimits limits;
    limits.run_bytes = 256U << 20U;
    EXPECT_EQ(run_body(body, {}, limits).value(), R"([false,"string"])");
    const Ran small = run_body(body, {}, tight());
    EXPECT_EQ(small.state.error.code, "ScriptMemoryExceeded");
}

}  // namespace
}  // namespace tideway::script
