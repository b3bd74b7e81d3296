// `static_result` in options of steps: what a run is told of it, what is refused, and the warning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/script/outline.h"
#include "tests/engine/script/recording_host.h"

namespace tideway::script {
namespace {

using ::testing::HasSubstr;

std::optional<StaticResult> told(const std::string& result) {
    const Ran ran = run_body(
        "connection('shop').get_row('Get', { id = 1 }, { retry = { type = 'none' }, static_result "
        "= " +
        result + " })"
    );
    EXPECT_EQ(ran.host.requests.size(), 1U) << ran.value();
    return ran.host.requests.empty() ? std::nullopt : ran.host.requests.front().static_result;
}

std::string refused(const std::string& result) {
    const Ran ran =
        run_body("run_child_flow('Call', 'child', {}, { static_result = " + result + " })");
    EXPECT_TRUE(ran.host.requests.empty()) << result;
    return ran.value();
}

std::vector<Finding> findings_of(const std::string& body) {
    return analyse(
               "flow.lua",
               {{"flow.lua",
                 "return flow { title = 'T', trigger = trigger.manual {}, run = function()\n" +
                     body + "\nend }"}},
               nullptr
    )
        .findings;
}

TEST(StaticResultOption, SucceedsWithItsOutputUnlessToldOtherwise) {
    const auto result = told("{ output = { rows = array {} } }");
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, model::Status::kSucceeded);
    EXPECT_EQ(result->output.view(), R"({"rows":[]})");
    EXPECT_EQ(told("{}")->output.view(), "null");
}

TEST(StaticResultOption, FailsWithItsErrorOrTimesOut) {
    const auto failed = told("{ error = { code = 'Busy', message = 'Later.', remedy = 'Wait.' } }");
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->status, model::Status::kFailed);
    EXPECT_EQ(failed->error.code, "Busy");
    EXPECT_EQ(failed->error.message, "Later.");
    EXPECT_EQ(failed->error.remedy, "Wait.");
    const auto late = told("{ status = 'TimedOut' }");
    ASSERT_TRUE(late);
    EXPECT_EQ(late->error.status, model::Status::kTimedOut);
    EXPECT_EQ(late->error.code, "ActionTimedOut");
}

TEST(StaticResultOption, ThatIsFalseIsNone) {
    EXPECT_FALSE(told("false"));
    EXPECT_FALSE(told("nil"));
}

TEST(StaticResultOption, ThatSaysNothingClearIsRefused) {
    EXPECT_THAT(refused("true"), HasSubstr("run_child_flow: static_result must be a table"));
    EXPECT_THAT(refused("{ status = 'Done' }"), HasSubstr("Succeeded, Failed or TimedOut, not"));
    EXPECT_THAT(
        refused("{ outputs = 1 }"), HasSubstr("no option 'outputs'; did you mean 'output'?")
    );
    EXPECT_THAT(
        refused("{ status = 'Succeeded', error = {} }"), HasSubstr("has an output and no error")
    );
    EXPECT_THAT(
        refused("{ status = 'Failed', output = 1 }"), HasSubstr("has an error and no output")
    );
    EXPECT_THAT(refused("{ error = { code = 5 } }"), HasSubstr("error: code must be a text"));
}

TEST(StaticResultOption, BelongsToStepsThatReachOutside) {
    EXPECT_THAT(
        run_body("compose('C', 1, { static_result = {} })").value(),
        HasSubstr("compose: there is no option 'static_result'")
    );
}

TEST(StaticResultOption, IsWarnedOfWithTheNameOfTheStep) {
    const auto found = findings_of(
        "run_child_flow('Call the child', 'child', {}, { static_result = { output = 1 } })\n"
        "wait_for_callback('Ask', { static_result = {} }, function() end)\n"
        "run_child_flow('For real', 'child', {}, { static_result = false })"
    );
    ASSERT_EQ(found.size(), 2U);
    for (const Finding& finding : found) {
        EXPECT_EQ(finding.code, "static-result");
        EXPECT_EQ(finding.severity, Finding::Severity::kWarning);
    }
    EXPECT_THAT(found[0].message, HasSubstr("'Call the child' does not take place"));
    EXPECT_THAT(found[1].message, HasSubstr("'Ask' does not take place"));
}

TEST(StaticResultOption, ThatIsMisspeltIsFoundBeforeARun) {
    const auto found = findings_of(
        "run_child_flow('Call', 'child', {}, { static_result = { status = 'Fine', outputs = 1 } })"
    );
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].code, "static-result");
    EXPECT_THAT(found[1].message, HasSubstr("status"));
    EXPECT_THAT(found[2].message, HasSubstr("no field 'outputs'"));
}

}  // namespace
}  // namespace tideway::script
