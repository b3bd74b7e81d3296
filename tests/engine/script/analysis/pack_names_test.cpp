#include "engine/script/analysis/pack_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideway::script {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const PackNames kNames{{"greeting", "ratio"}, {"parent", "child"}};

std::vector<Finding> found(const std::string& text) {
    return check_names({{"lib/a.lua", text}, {"pack.json", "{}"}}, kNames);
}

TEST(PackNames, OfAVariableThatThereIsNotAreFoundWithTheNearestOne) {
    const auto findings = found("local a = 1\nlocal b = env 'greting'\nreturn { a, b }");
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_EQ(findings[0].code, "unknown-variable");
    EXPECT_EQ(findings[0].file, "lib/a.lua");
    EXPECT_EQ(findings[0].line, 2);
    EXPECT_EQ(findings[0].column, 15);
    EXPECT_EQ(findings[0].severity, Finding::Severity::kWarning);
    EXPECT_THAT(findings[0].suggestion, HasSubstr("greeting"));
}

TEST(PackNames, OfAChildFlowThatThereIsNotAreFound) {
    const auto findings = found("return function() run_child_flow('Call', 'chid', {}) end");
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_EQ(findings[0].code, "unknown-flow");
    EXPECT_THAT(findings[0].suggestion, HasSubstr("child"));
}

TEST(PackNames, ThatThereAreOrThatNobodyCanKnowAreNot) {
    EXPECT_THAT(
        found("return { env 'ratio', env(name), run_child_flow('a', 'child') }"), IsEmpty()
    );
    EXPECT_THAT(found("run_child_flow('a', 'other/flow', {})"), IsEmpty()) << "another pack's";
    EXPECT_THAT(found("local env = function(name) return name end\nreturn env 'x'"), IsEmpty());
}

}  // namespace
}  // namespace tideway::script
