// `secure` in options of steps and in triggers: what a run is told of it, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/script/outline.h"
#include "tests/engine/script/recording_host.h"

namespace tideway::script {
namespace {

using model::Secured;
using ::testing::HasSubstr;

// What the one step of `body` keeps from readers.
Secured secured_by_step(const std::string& body) {
    const Ran ran = run_body(body);
    EXPECT_EQ(ran.host.requests.size(), 1U) << ran.value();
    return ran.host.requests.empty() ? Secured::kNothing : ran.host.requests.front().secured;
}

std::string refusal(const std::string& body) {
    const Ran ran = run_body(body);
    EXPECT_TRUE(ran.host.requests.empty()) << body;
    return ran.value();
}

Result<model::FlowDeclaration> declaration_of(const std::string& trigger) {
    return make_vm("return flow { title = 'T', trigger = " + trigger + ", run = function() end }")
        ->declaration();
}

TEST(SecureOption, OfAnOperationNamesItsInputsItsOutputsOrBoth) {
    const auto secured = [](const std::string& options) {
        return secured_by_step("connection('shop').get_row('Get', { id = 1 }, " + options + ")");
    };
    EXPECT_EQ(secured("{ secure = true }"), Secured::kBoth);
    EXPECT_EQ(secured("{ secure = 'inputs' }"), Secured::kInputs);
    EXPECT_EQ(secured("{ secure = 'outputs', timeout = 5 }"), Secured::kOutputs);
    EXPECT_EQ(secured("{ secure = false }"), Secured::kNothing);
    EXPECT_EQ(secured("{}"), Secured::kNothing);
    EXPECT_EQ(secured("nil"), Secured::kNothing);
}

TEST(SecureOption, IsTheLastArgumentOfTheOtherSteps) {
    EXPECT_EQ(secured_by_step("delay('D', 1, { secure = 'inputs' })"), Secured::kInputs);
    EXPECT_EQ(
        secured_by_step("delay_until('D', '2026-02-03T10:00:00Z', { secure = true })"),
        Secured::kBoth
    );
    EXPECT_EQ(
        secured_by_step("run_child_flow('C', 'child', { a = 1 }, { secure = 'outputs' })"),
        Secured::kOutputs
    );
}

TEST(SecureOption, OfACallbackIsThatOfItsAddressAndOfItsWait) {
    RecordingHost host;
    host.rule = [](const StepRequest& request) {
        return request.kind == RequestKind::kCallbackBegin
                   ? Answer::of(Payload(R"({"address":"https://contoso.example","expires":"E"})"))
                   : RecordingHost::answer_at_once(request);
    };
    const auto vm = make_vm(
        flow_of("wait_for_callback('W', { timeout = 'P1D', secure = 'outputs' }, function() end)\n"
                "wait_for_callback('V', function() end)")
    );
    const auto execution = Execution::create(*vm, host, {"run-1", "", "", "v1", "main", "test"});
    ASSERT_EQ(finish(*execution, execution->start({})).kind, ExecutionState::Kind::kReturned);
    ASSERT_EQ(host.requests.size(), 6U);  // each: begin, wait, end
    EXPECT_EQ(host.requests[0].secured, Secured::kOutputs);
    EXPECT_EQ(host.requests[0].input.str(), R"({"timeout":86400})");
    EXPECT_EQ(host.requests[1].secured, Secured::kOutputs);
    EXPECT_EQ(host.requests[3].secured, Secured::kNothing);
    EXPECT_EQ(host.requests[4].secured, Secured::kNothing);
}

TEST(SecureOption, OfAStepWhoseInputIsItsOutputKeepsBothWithEitherWord) {
    EXPECT_EQ(secured_by_step("compose('C', 1, { secure = 'inputs' })"), Secured::kBoth);
    EXPECT_EQ(secured_by_step("compose('C', 1, { secure = 'outputs' })"), Secured::kBoth);
    EXPECT_EQ(secured_by_step("respond('R', { body = 1 }, { secure = 'inputs' })"), Secured::kBoth);
    EXPECT_EQ(secured_by_step("compose('C', 1)"), Secured::kNothing);
}

TEST(SecureOption, WithAnotherValueIsRefusedBeforeTheStepBegins) {
    EXPECT_THAT(
        refusal("compose('C', 1, { secure = 'input' })"),
        HasSubstr("compose: secure is true, 'inputs' or 'outputs', not 'input'")
    );
    EXPECT_THAT(
        refusal("connection('shop').get_row('G', {}, { secure = 1 })"),
        HasSubstr("shop.get_row: secure is true, 'inputs' or 'outputs', not a number")
    );
    EXPECT_THAT(
        refusal("wait_for_callback('W', { secure = 'both' }, function() end)"),
        HasSubstr("wait_for_callback: secure is true")
    );
}

TEST(SecureOption, ThatIsMisspeltIsRefused) {
    EXPECT_THAT(
        refusal("connection('shop').get_row('G', {}, { secured = true })"),
        HasSubstr("shop.get_row: there is no option 'secured'; did you mean 'secure'?")
    );
    EXPECT_THAT(
        refusal("delay('D', 1, { timeout = 5 })"), HasSubstr("delay: there is no option 'timeout'")
    );
    EXPECT_THAT(
        refusal("compose('C', 1, 'secure')"),
        HasSubstr("compose: the options (last argument) must be a table, got text")
    );
    EXPECT_THAT(refusal("compose('C', 1, { 'secure' })"), HasSubstr("no option 'a number'"));
}

TEST(SecureTrigger, KeepsItsEventsWithAnyWordAndWhatRunsGiveBackWithOutputs) {
    const auto secured = [](const std::string& trigger) {
        const auto declared = declaration_of(trigger);
        EXPECT_TRUE(declared) << declared.error().text();
        return declared ? declared->secured : Secured::kNothing;
    };
    EXPECT_EQ(secured("trigger.manual { secure = 'inputs' }"), Secured::kInputs);
    EXPECT_EQ(secured("trigger.child { secure = 'outputs' }"), Secured::kBoth);
    EXPECT_EQ(secured("trigger.http_request { secure = true }"), Secured::kBoth);
    EXPECT_EQ(secured("trigger.shop_order_event { secure = true }"), Secured::kBoth);
    EXPECT_EQ(secured("trigger.manual {}"), Secured::kNothing);
}

TEST(SecureTrigger, DoesNotTellItsServiceOfIt) {
    const auto declared =
        declaration_of("trigger.shop_order_event { columns = {}, secure = true }");
    ASSERT_TRUE(declared) << declared.error().text();
    EXPECT_EQ(declared->trigger_config.str(), R"({"columns":[]})");
}

TEST(SecureTrigger, WithAnotherValueIsRefused) {
    const auto declared = declaration_of("trigger.manual { secure = 'event' }");
    ASSERT_FALSE(declared);
    EXPECT_THAT(
        declared.error().message,
        HasSubstr("trigger manual: secure is true, 'inputs' or 'outputs', not 'event'")
    );
}

std::vector<std::string> findings_of(const std::string& trigger, const std::string& body) {
    const std::map<std::string, const model::ConnectorSpec*> connections = {{"shop", &shop_spec()}};
    const std::string text =
        "local shop = connection 'shop'\nreturn flow { title = 'T', trigger = " + trigger +
        ", run = function()\n" + body + "\nreturn shop end }";
    std::vector<std::string> out;
    for (const Finding& finding :
         analyse("main.lua", {{"main.lua", text}}, &connections).findings) {
        out.push_back(
            std::to_string(finding.line) + " " + finding.code + ": " + finding.message +
            (finding.suggestion.empty() ? "" : " [" + finding.suggestion + "]")
        );
    }
    return out;
}

TEST(SecureCheck, AcceptsWhatARunAccepts) {
    EXPECT_THAT(
        findings_of("trigger.http_request { secure = 'outputs' }", R"(
            shop.get_row("G", { token = "x" }, { secure = true, retry = {}, timeout = "PT5S" })
            compose("C", 1, { secure = "inputs" })
            delay("D", 1, { secure = false })
            delay_until("U", "2026-02-03T10:00:00Z", { secure = true })
            respond("R", { body = 1 }, { secure = true })
            run_child_flow("K", "child", {}, { secure = "outputs" })
            wait_for_callback("W", { timeout = "P1D", secure = true }, function() end))"),
        ::testing::IsEmpty()
    );
}

TEST(SecureCheck, FindsWrongValuesAndMisspeltOptionsBeforeARun) {
    EXPECT_THAT(
        findings_of("trigger.manual { secure = 'input' }", R"(
            local hidden = { secure = "inputs and outputs" }
            shop.get_row("G", { token = "x" }, hidden)
            compose("C", 1, { secured = true })
            wait_for_callback("W", { secure = 1 }, function() end))"),
        ::testing::UnorderedElementsAre(
            "2 wrong-value: trigger.manual: secure is one of inputs and outputs, not 'input' "
            "[inputs]",
            "4 wrong-value: the options of shop.get_row: secure is one of inputs and outputs, not "
            "'inputs and outputs'",
            "6 unknown-field: the options of compose has no field 'secured'; it has secure "
            "[secure]",
            "7 wrong-type: wait_for_callback: secure must be boolean and string, not integer"
        )
    );
}

}  // namespace
}  // namespace tideway::script
