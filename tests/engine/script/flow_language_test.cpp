// The flow language as its author and its host see it: requests, paths, statuses, errors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/script/recording_host.h"

namespace tideway::script {
namespace {

using Kind = ExecutionState::Kind;
using testing::ElementsAre;
using testing::HasSubstr;

Answer failure(const std::string& code, const std::string& message) {
    model::StepError error;
    error.code = code;
    error.message = message;
    return Answer::raise(error);
}

// A host on which operations named "bad..." fail.
RecordingHost::Rule failing_bad_steps() {
    return [](const StepRequest& request) -> std::optional<Answer> {
        if (request.kind == RequestKind::kOperation && request.name.starts_with("bad")) {
            return failure("NotFound", "no " + request.name);
        }
        return RecordingHost::answer_at_once(request);
    };
}

Ran run_with(const std::string& body, RecordingHost::Rule rule, const std::string& event = {}) {
    Ran out;
    out.host.rule = std::move(rule);
    const auto vm = make_vm(flow_of(body));
    const auto execution = Execution::create(*vm, out.host, {});
    out.state = finish(*execution, execution->start(event.empty() ? Payload() : Payload(event)));
    return out;
}

TEST(Operation, SendsCanonicalInputWithPathNameAndLine) {
    const Ran ran = run_body(
        "local shop = connection 'shop'\n"
        "scope('(Scope) Orders / all', function()\n"
        "  shop.create_row('Create line', { row = { b = 2, a = 1, tags = {} }, lines = {} }, { "
        "timeout = 5 })\n"
        "  shop.create_row('Create line', {})\n"
        "end)"
    );
    ASSERT_EQ(ran.state.kind, Kind::kReturned) << ran.value();
    const auto paths = ran.host.paths(RequestKind::kOperation);
    ASSERT_THAT(
        paths,
        ElementsAre("(Scope) Orders %2F all/Create line", "(Scope) Orders %2F all/Create line#2")
    );
    const StepRequest& first = ran.host.requests[1];
    EXPECT_EQ(first.name, "Create line");
    EXPECT_EQ(first.connection, "shop");
    EXPECT_EQ(first.operation, "create_row");
    EXPECT_EQ(first.line, 4);
    EXPECT_EQ(first.input.str(), R"({"lines":[],"row":{"a":1,"b":2,"tags":[]}})");
    EXPECT_EQ(first.options.str(), R"({"timeout":5})");
}

TEST(Operation, ReturnsTheDecodedAnswer) {
    const Ran ran = run_with(
        "local row = connection('shop').get_row('Get', { id = 1 }) return { row.name, row.none == "
        "nil }",
        [](const StepRequest&) { return Answer::of(Payload(R"({"name":"A","none":null})")); }
    );
    EXPECT_EQ(ran.value(), R"(["A",true])");
}

TEST(Operation, RefusesWrongArgumentsByName) {
    const auto refused = [](const std::string& call) {
        return run_body("local shop = connection 'shop' shop." + call).value();
    };
    EXPECT_THAT(refused("create_row()"), HasSubstr("shop.create_row: the name (first argument)"));
    EXPECT_THAT(refused("create_row('')"), HasSubstr("between 1 and 256 bytes"));
    EXPECT_THAT(refused("create_row(('x'):rep(257))"), HasSubstr("has 257"));
    EXPECT_THAT(refused("create_row('@now')"), HasSubstr("must not start with '@'"));
    EXPECT_THAT(
        refused("create_row('A', 1)"), HasSubstr("the input (second argument) must be a table")
    );
    EXPECT_THAT(refused("create_row('A', {}, 'x')"), HasSubstr("the options (third argument)"));
    EXPECT_THAT(refused("create_row('A', {}, {}, 1)"), HasSubstr("got more"));
    EXPECT_THAT(
        run_body("local shop = connection 'shop' shop:create_row('A')").value(),
        HasSubstr("with a dot")
    );
    EXPECT_THAT(
        refused("creat_row('A')"),
        HasSubstr("has no operation 'creat_row'; did you mean 'create_row'?")
    );
    EXPECT_THAT(
        run_body("connection 'shopp'").value(),
        HasSubstr("has no connection reference 'shopp'; did you mean 'shop'?")
    );
}

TEST(Operation, RaisesAnErrorTableWithTheFirstFailingStep) {
    const Ran ran = run_with(
        "local ok, e = pcall(connection('shop').get_row, 'bad one', {})\n"
        "return { ok, e.code, e.message, e.status, e.retryable, e.step, tostring(e), 'x: ' .. e }",
        failing_bad_steps()
    );
    EXPECT_EQ(
        ran.value(),
        R"([false,"NotFound","no bad one","Failed",false,"bad one","no bad one","x: no bad one"])"
    );
}

TEST(Scope, ReturnsWhatItsBodyReturnsAndReportsItsEnd) {
    const Ran ran =
        run_body("local a, b = scope('S', function() return 1, 'two' end) return { a, b }");
    EXPECT_EQ(ran.value(), R"([1,"two"])");
    ASSERT_EQ(ran.host.requests.size(), 2U);
    EXPECT_EQ(ran.host.requests[0].operation, "scope");
    EXPECT_EQ(ran.host.requests[1].kind, RequestKind::kScopeEnd);
    EXPECT_EQ(ran.host.requests[1].status, model::Status::kSucceeded);
}

TEST(Scope, LetsAFailureGoUpWithTheFirstFailingLeaf) {
    const Ran ran = run_with(
        "scope('Outer', function() scope('Inner', function()\n"
        "connection('shop').get_row('bad leaf', {}) end) end)",
        failing_bad_steps()
    );
    ASSERT_EQ(ran.state.kind, Kind::kFailed);
    EXPECT_EQ(ran.state.error.code, "NotFound");
    EXPECT_EQ(ran.state.error.step, "Outer/Inner/bad leaf");
    const StepRequest& end = ran.host.requests.back();
    EXPECT_EQ(end.path, "Outer");
    EXPECT_EQ(end.status, model::Status::kFailed);
    EXPECT_EQ(end.error->step, "Outer/Inner/bad leaf");
}

TEST(Scope, AScriptErrorNamesLineAndInnermostScope) {
    const Ran ran = run_body("scope('S', function()\nlocal x = nil\nreturn x.y\nend)");
    EXPECT_EQ(ran.state.error.code, "ScriptError");
    EXPECT_THAT(ran.state.error.message, HasSubstr("main.lua:4: attempt to index a nil value"));
    EXPECT_EQ(ran.state.error.step, "S");
}

TEST(Scope, BoundsTheNesting) {
    const Ran ran = run_body("local function f() scope('S', f) end f()");
    EXPECT_EQ(ran.state.kind, Kind::kFailed);
    EXPECT_THAT(ran.state.error.message, HasSubstr("nested deeper than 64"));
}

TEST(Try, ReturnsStatusErrorAndValue) {
    const Ran ran = run_with(
        "local good = try('Good', function() return 7 end)\n"
        "local bad = try('Bad', function() connection('shop').get_row('bad step', {}) end)\n"
        "local text = try('Text', function() error('plain') end)\n"
        "local own = try('Own', function() fail('Mine', 'my message', 'do this') end)\n"
        "return { good.status, good.value, good.error == nil, bad.status, bad.error.code,\n"
        "  text.error.message, own.error.remedy, own.error.step }",
        failing_bad_steps()
    );
    EXPECT_EQ(
        ran.value(),
        R"(["Succeeded",7,true,"Failed","NotFound","main.lua:4: plain","do this","Own"])"
    );
}

TEST(Try, NamesTheScopeWhereATableOfTheScriptWasRaised) {
    const Ran ran = run_body(
        "local own = { code = 'Mine', message = 'It broke.', hint = 7 }\n"
        "local first = try('First', function() error(own) end)\n"
        "local second = try('Second', function() scope('Inner', function() error(own) end) end)\n"
        "return { first.error.step, second.error.step, second.error.hint, own.step == nil }"
    );
    EXPECT_EQ(ran.value(), R"(["First","Second/Inner",7,true])");
}

TEST(Try, TellsATimeOut) {
    const Ran ran = run_with(
        "return try('T', function() delay('D', 1) end).status",
        [](const StepRequest& request) -> std::optional<Answer> {
            model::StepError error;
            error.code = "ActionTimedOut";
            error.status = model::Status::kTimedOut;
            return request.kind == RequestKind::kDelay ? Answer::raise(error)
                                                       : RecordingHost::answer_at_once(request);
        }
    );
    EXPECT_EQ(ran.value(), R"("TimedOut")");
    EXPECT_EQ(ran.host.requests.back().status, model::Status::kTimedOut);
}

TEST(Condition, IsRecordedAndReturnsTruth) {
    const Ran ran = run_body(
        "return { condition('A', 1), condition('B', nil), condition('C', null), condition('D', "
        "false) }"
    );
    EXPECT_EQ(ran.value(), "[true,false,false,false]");
    EXPECT_EQ(ran.host.requests[0].input.str(), "true");
    EXPECT_EQ(ran.host.requests[2].input.str(), "false");
}

TEST(Compose, GivesTheValueDecodedFromTheJournal) {
    const Ran ran = run_body(
        "local t = { 1, 2 } local c = compose('C', t) return { c[2], c == t, compose('N', nil) == "
        "nil }"
    );
    EXPECT_EQ(ran.value(), "[2,false,true]");
}

TEST(Switch, RunsTheCaseOfTheValueOrTheDefault) {
    const Ran ran = run_body(
        "local function pick(v) return switch('S', v, {\n"
        "  won = function() return 'W' end, ['3'] = function() return 'three' end,\n"
        "  default = function() return 'D' end }) end\n"
        "return { pick('won'), pick(3), pick('lost'), pick(nil), pick(null),\n"
        "  switch('Empty', 'x', {}) == nil }"
    );
    EXPECT_EQ(ran.value(), R"(["W","three","D","D","D",true])");
    EXPECT_EQ(ran.host.requests[0].operation, "switch");
    EXPECT_EQ(ran.host.requests[0].input.str(), R"({"value":"won"})");
    EXPECT_EQ(ran.host.requests[1].path, "S/won");
    EXPECT_EQ(ran.host.requests[1].operation, "case");
    EXPECT_EQ(ran.host.requests[5].path, "S#2/3");
}

TEST(Foreach, NumbersIterationsAndRunsAllItemsAfterAFailure) {
    const Ran ran = run_with(
        "foreach('Each', { 'a', 'bad b', 'c', 'bad d' }, function(item, i)\n"
        "  connection('shop').get_row(item, { i = i })\n"
        "end)",
        failing_bad_steps()
    );
    EXPECT_THAT(
        ran.host.paths(RequestKind::kOperation),
        ElementsAre("Each[1]/a", "Each[2]/bad b", "Each[3]/c", "Each[4]/bad d")
    );
    EXPECT_EQ(ran.state.error.step, "Each[2]/bad b");
}

TEST(Foreach, RefusesWhatItCannotDo) {
    EXPECT_THAT(
        run_body("foreach('E', nil, print)").value(), HasSubstr("the list (second argument)")
    );
    EXPECT_THAT(
        run_body("foreach('E', {}, function() end, { concurrency = 51 })").value(),
        HasSubstr("from 1 to 50")
    );
    EXPECT_THAT(
        run_body("local t = {} for i = 1, 100001 do t[i] = 1 end foreach('E', t, function() end)")
            .value(),
        HasSubstr("at most 100000 items")
    );
}

TEST(Foreach, RunsItemsConcurrentlyUpToItsLimitAndRaisesTheFirstByOrder) {
    RecordingHost host;
    host.rule = [](const StepRequest& request) -> std::optional<Answer> {
        if (request.kind == RequestKind::kOperation) {
            return std::nullopt;
        }
        return RecordingHost::answer_at_once(request);
    };
    const auto vm =
        make_vm(flow_of("foreach('E', { 1, 2, 3, 4, 5 }, function(item)\n"
                        "  connection('shop').get_row('Get', { item = item })\n"
                        "end, { concurrency = 2 })"));
    const auto execution = Execution::create(*vm, host, {});
    EXPECT_EQ(execution->start(Payload()).kind, Kind::kWaiting);
    EXPECT_THAT(execution->waiting(), ElementsAre("E[1]/Get", "E[2]/Get"));
    EXPECT_FALSE(execution->deliver("E[3]/Get", Answer::of(Payload())).known);
    execution->deliver("E[2]/Get", failure("Second", "2"));
    EXPECT_THAT(execution->waiting(), ElementsAre("E[1]/Get", "E[3]/Get"));
    execution->deliver("E[1]/Get", failure("First", "1"));
    execution->deliver("E[3]/Get", Answer::of(Payload()));
    execution->deliver("E[4]/Get", Answer::of(Payload()));
    const auto last = execution->deliver("E[5]/Get", Answer::of(Payload()));
    EXPECT_EQ(last.state.kind, Kind::kFailed);
    EXPECT_EQ(last.state.error.code, "First");
}

TEST(Foreach, FoldsWithACheckpointAndStartsWhereTheJournalSays) {
    const std::string body =
        "return foreach('Sum', { 1, 2, 3, 4 }, function(item, state)\n"
        "  return { sum = ((state or {}).sum or 0) + item }\n"
        "end, { checkpoint = true })";
    const Ran whole = run_body(body);
    EXPECT_EQ(whole.value(), R"({"sum":10})");
    EXPECT_EQ(whole.host.requests[2].input.str(), R"({"state":{"sum":1}})");
    const Ran resumed = run_with(body, [](const StepRequest& request) -> std::optional<Answer> {
        if (request.operation == "foreach" && request.kind == RequestKind::kScopeBegin) {
            return Answer::of(Payload(R"({"done":3,"last":{"state":{"sum":100}}})"));
        }
        return RecordingHost::answer_at_once(request);
    });
    EXPECT_EQ(resumed.value(), R"({"sum":104})");
    EXPECT_THAT(resumed.host.paths(RequestKind::kScopeBegin), ElementsAre("Sum", "Sum[4]"));
}

TEST(Parallel, RunsBranchesInKeyOrderAndReturnsTheirValues) {
    const Ran ran = run_body(
        "return parallel('P', { b = function() return compose('C', 2) end,\n"
        "  a = function() return compose('C', 1) end, c = function() end })"
    );
    EXPECT_EQ(ran.value(), R"({"a":1,"b":2})");
    EXPECT_THAT(ran.host.paths(RequestKind::kCompose), ElementsAre("P/a/C", "P/b/C"));
    EXPECT_EQ(ran.host.requests[0].input.str(), R"({"branches":["a","b","c"]})");
}

TEST(Parallel, RaisesTheFirstFailureByKeyOrderAfterAllBranchesHaveEnded) {
    const Ran ran = run_with(
        "parallel('P', { a = function() compose('fine', 1) end,\n"
        "  b = function() connection('shop').get_row('bad b', {}) end,\n"
        "  c = function() connection('shop').get_row('bad c', {}) end,\n"
        "  d = function() compose('last', 1) end })",
        failing_bad_steps()
    );
    EXPECT_EQ(ran.state.error.step, "P/b/bad b");
    EXPECT_EQ(ran.host.paths(RequestKind::kCompose).size(), 2U);
}

TEST(RepeatUntil, EndsWhenTheBodySaysSoOrAtItsLimit) {
    EXPECT_EQ(
        run_body(
            "local n = 0\n"
            "local done = repeat_until('R', { limit = 5 }, function(i) n = i return i == 3 end)\n"
            "return { done, n }"
        )
            .value(),
        "[true,3]"
    );
    EXPECT_EQ(
        run_body("return repeat_until('R', { limit = 2 }, function() return false end)").value(),
        "false"
    );
    EXPECT_THAT(
        run_body("repeat_until('R', { limit = 2, fail_when_limits_reached = true }, function() end)"
        )
            .value(),
        HasSubstr("UntilLimitsReached")
    );
    EXPECT_THAT(
        run_body("repeat_until('R', { timeout = '1 hour' }, function() end)").value(),
        HasSubstr("is not a duration")
    );
}

TEST(RepeatUntil, EndsWhenItsTimeIsUp) {
    int hour = 0;
    const Ran ran = run_with(
        "local n = 0 repeat_until('R', { timeout = 'PT2H' }, function() n = n + 1 end) return n",
        [&hour](const StepRequest& request) -> std::optional<Answer> {
            if (request.kind == RequestKind::kNow) {
                return Answer::of(Payload("\"2026-02-03T0" + std::to_string(hour++) + ":00:00Z\""));
            }
            return RecordingHost::answer_at_once(request);
        }
    );
    EXPECT_EQ(ran.value(), "2");
}

TEST(RepeatUntil, FoldsWithACheckpointAndStartsWhereTheJournalSays) {
    const std::string body =
        "local done, sum = repeat_until('R', { checkpoint = true }, function(i, state)\n"
        "  local new_sum = (state or 0) + i\n"
        "  return i == 4, new_sum\n"
        "end) return { done, sum }";
    const Ran whole = run_body(body);
    EXPECT_EQ(whole.value(), "[true,10]");
    const Ran resumed = run_with(body, [](const StepRequest& request) -> std::optional<Answer> {
        if (request.operation == "repeat_until" && request.kind == RequestKind::kScopeBegin) {
            return Answer::of(Payload(R"({"done":3,"last":{"state":100}})"));
        }
        return RecordingHost::answer_at_once(request);
    });
    EXPECT_EQ(resumed.value(), "[true,104]");
    EXPECT_THAT(resumed.host.paths(RequestKind::kScopeBegin), ElementsAre("R", "R[4]"));
}

// A replay that starts behind the iterations asks for the time as often as they did not.
TEST(RepeatUntil, WithACheckpointLooksAtItsTimeInsideEachIteration) {
    const Ran ran = run_body(
        "repeat_until('R', { checkpoint = true, limit = 2 }, function() return false, 1 end)"
    );
    EXPECT_THAT(ran.host.paths(RequestKind::kNow), ElementsAre("R/@now", "R[1]/@now", "R[2]/@now"));
}

TEST(Exclusive, WaitsForItsKeyAndReleasesItAlsoAfterAFailure) {
    RecordingHost host;
    host.rule = [](const StepRequest& request) -> std::optional<Answer> {
        if (request.kind == RequestKind::kExclusiveBegin) {
            return std::nullopt;
        }
        return RecordingHost::answer_at_once(request);
    };
    const auto vm =
        make_vm(flow_of("exclusive('One', { 'deal', 7 }, function() error('inside') end)"));
    const auto execution = Execution::create(*vm, host, {});
    EXPECT_EQ(execution->start(Payload()).kind, Kind::kWaiting);
    EXPECT_EQ(host.requests[0].input.str(), R"(["deal",7])");
    const auto delivery = execution->deliver("One", Answer::of(Payload()));
    EXPECT_EQ(delivery.state.kind, Kind::kFailed);
    EXPECT_EQ(host.requests[1].kind, RequestKind::kExclusiveEnd);
    EXPECT_EQ(host.requests[1].status, model::Status::kFailed);
    EXPECT_THAT(
        run_body("exclusive('One', nil, function() end)").value(), HasSubstr("must not be nil")
    );
}

std::optional<Answer> make_callbacks(const StepRequest& request) {
    if (request.kind == RequestKind::kCallbackBegin) {
        return Answer::of(Payload(
            R"({"address":"https://flows.example/callbacks/t","expires":"2026-02-04T10:00:00Z"})"
        ));
    }
    return request.kind == RequestKind::kWaitForCallback
               ? Answer::of(Payload(R"({"method":"POST","body":"yes"})"))
               : RecordingHost::answer_at_once(request);
}

TEST(Callback, GivesItsBodyTheAddressAndThenWaitsInsideItsScope) {
    const Ran ran = run_with(
        "return wait_for_callback('Wait', { timeout = 'PT1H' }, function(address)\n"
        "  compose('Send', address)\n"
        "end).body",
        make_callbacks
    );
    EXPECT_EQ(ran.value(), R"("yes")");
    EXPECT_THAT(
        ran.host.log(),
        ElementsAre(
            R"(10 Wait wait_for_callback {"timeout":3600})",
            R"(1 Wait/Send  "https://flows.example/callbacks/t")",
            R"(11 Wait/@answer the callback of 'Wait' "2026-02-04T10:00:00Z")",
            "15 Wait wait_for_callback "
        )
    );
}

TEST(ScopeWithATimeLimit, SaysItsSecondsAndRefusesWhatIsNoLimit) {
    const Ran ran = run_body("return scope('S', { timeout = 'PT5M' }, function() return 7 end)");
    EXPECT_EQ(ran.value(), "7");
    EXPECT_EQ(ran.host.requests.front().input.view(), R"({"timeout":300})");
    EXPECT_THAT(
        run_body("scope('S', { timeout = 'soon' }, function() end)").value(),
        HasSubstr("'soon' is not a duration")
    );
    EXPECT_THAT(
        run_body("try('T', { timeout = 0 }, function() end)").value(),
        HasSubstr("more than 0 and at most 30 days")
    );
    EXPECT_THAT(
        run_body("try('T', { limit = 5 }, function() end)").value(),
        HasSubstr("no field 'limit'; they have timeout")
    );
    EXPECT_EQ(run_body("scope('S', {}, function() end)").host.requests.front().input.view(), "");
}

TEST(Callback, WaitsThirtyDaysUnlessToldOtherwise) {
    const auto timeout_of = [](const std::string& call) {
        return run_with(call, make_callbacks).host.requests.at(0).input.str();
    };
    EXPECT_EQ(timeout_of("wait_for_callback('W', function() end)"), R"({"timeout":2592000})");
    EXPECT_EQ(
        timeout_of("wait_for_callback('W', { timeout = 90 }, function() end)"), R"({"timeout":90})"
    );
    EXPECT_EQ(
        timeout_of("wait_for_callback('W', { timeout = 'PT0.5S' }, function() end)"),
        R"({"timeout":0.5})"
    );
}

TEST(Callback, RefusesOptionsThatItDoesNotHaveAndABodyThatIsNone) {
    const auto said = [](const std::string& call) {
        return run_with(call, make_callbacks).value();
    };
    EXPECT_THAT(said("wait_for_callback('W', {})"), HasSubstr("the body (last argument)"));
    EXPECT_THAT(
        said("wait_for_callback('W', { subscribe = {} }, function() end)"),
        HasSubstr("no field 'subscribe'; they have timeout, secure and static_result")
    );
    for (const std::string timeout : {"'P31D'", "0", "-1", "'PT0S'", "0/0"}) {
        EXPECT_THAT(
            said("wait_for_callback('W', { timeout = " + timeout + " }, function() end)"),
            HasSubstr("more than 0 and at most 30 days")
        ) << timeout;
    }
    EXPECT_THAT(
        said("wait_for_callback('W', { timeout = 'soon' }, function() end)"),
        HasSubstr("'soon' is not a duration")
    );
}

TEST(Callback, FailsWithItsBodyAndDoesNotWaitThen) {
    const Ran ran = run_with(
        "wait_for_callback('Wait', function() fail('NotSent', 'Nobody was asked.') end)",
        make_callbacks
    );
    EXPECT_THAT(ran.value(), HasSubstr("Nobody was asked."));
    ASSERT_EQ(ran.host.requests.size(), 2U);
    EXPECT_EQ(ran.host.requests[1].kind, RequestKind::kScopeEnd);
    EXPECT_EQ(ran.host.requests[1].error->code, "NotSent");
}

TEST(Steps, SendWhatTheyMean) {
    const Ran ran = run_body(
        "delay('D', 5) delay_until('U', '2026-02-03T10:00:00Z')\n"
        "respond({ status = 200 }) respond('Answer', { body = { ok = true } })\n"
        "outcome('created', 'because') run_child_flow('Run it', 'helper', { a = 1 })\n"
        "log('hello', { a = 1 })\n"
        "return { now(), uuid(), run_info.id }"
    );
    EXPECT_EQ(
        ran.value(), R"(["2026-02-03T10:11:12Z","00000000-0000-4000-8000-000000000001","run-1"])"
    );
    EXPECT_THAT(
        ran.host.log(),
        ElementsAre(
            "3 D  5",
            "4 U  \"2026-02-03T10:00:00Z\"",
            R"(5 Response  {"status":200})",
            R"(5 Answer  {"body":{"ok":true}})",
            R"(7 @outcome  {"reason":"because","word":"created"})",
            R"(9 Run it helper {"a":1})",
            R"(20 @log  {"fields":{"a":1},"message":"hello"})",
            "16 @now  ",
            "17 @uuid  "
        )
    );
}

TEST(Steps, RefuseAResponseWithAStatusThatIsNone) {
    for (const std::string status : {"99", "600", "'404'", "200.5"}) {
        EXPECT_THAT(
            run_body("respond { status = " + status + " }").value(),
            HasSubstr("an integer from 200 to 599")
        ) << status;
    }
    EXPECT_EQ(run_body("respond { status = 302 } respond { body = 1 }").host.requests.size(), 2U);
}

TEST(Steps, TerminateEndsTheRunUncatchably) {
    const Ran ran = run_body("pcall(terminate, 'Failed', 'Mine', 'why') log('after')");
    EXPECT_EQ(ran.state.kind, Kind::kStopped);
    EXPECT_EQ(
        ran.host.requests.back().input.str(), R"({"code":"Mine","message":"why","status":"Failed"})"
    );
    EXPECT_THAT(run_body("terminate('Done')").value(), HasSubstr("is not a status"));
}

TEST(Steps, RefuseToWaitInsideASortOrGsubFunction) {
    EXPECT_THAT(
        run_body("table.sort({ 2, 1 }, function(a, b) delay('D', 1) return a < b end)").value(),
        HasSubstr("inside a sort")
    );
}

TEST(Steps, WorkOnlyInsideRun) {
    const auto vm = make_vm("compose('C', 1)\n" + flow_of(""));
    const auto declared = vm->declaration();
    ASSERT_FALSE(declared.has_value());
    EXPECT_THAT(declared.error().message, HasSubstr("main.lua:1: compose works only inside run"));
    RecordingHost host;
    const auto execution = Execution::create(*vm, host, {});
    EXPECT_EQ(execution->start(Payload()).kind, Kind::kFailed);
    EXPECT_TRUE(host.requests.empty());
}

TEST(Lines, AreThoseOfTheMainFileElseOfTheInnermostLibrary) {
    const Ran ran = run_body(
        "local lib = require 'lib.steps'\nlib.call()\nparallel('P', { a = lib.call })",
        {},
        {},
        {{"lib/steps.lua", "return { call = function()\n\n\ncompose('C', 1) return 1\nend }"}}
    );
    ASSERT_EQ(ran.state.kind, Kind::kReturned) << ran.value();
    EXPECT_EQ(ran.host.requests[0].line, 3);
    EXPECT_EQ(ran.host.requests[3].path, "P/a/C");
    EXPECT_EQ(ran.host.requests[3].line, 4);
}

}  // namespace
}  // namespace tideway::script
