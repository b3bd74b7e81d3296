#include "engine/script/analysis/scope_lint.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/script/syntax/lua_parser.h"

namespace tideway::script::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "code:line" of each finding.
std::vector<std::string> found(std::string_view text) {
    const ParseResult parsed = parse_lua(text);
    EXPECT_FALSE(parsed.error) << parsed.error->message;
    std::vector<std::string> out;
    lint_scopes(parsed.chunk, [&out](Position at, const Findings::Note& note) {
        EXPECT_EQ(note.severity, Finding::Severity::kWarning);
        out.push_back(note.code + ":" + std::to_string(at.line));
    });
    return out;
}

TEST(ShadowedLocal, HidesOneOfTheSameBlockAnOuterBlockOrAnOuterFunction) {
    EXPECT_THAT(found("local a = 1\nlocal a = 2\nreturn a"), ElementsAre("shadowed-local:2"));
    EXPECT_THAT(
        found("local a = 1\ndo\n local a = 2\n f(a)\nend\nreturn a"),
        ElementsAre("shadowed-local:3")
    );
    EXPECT_THAT(
        found("local a = 1\nlocal f = function(a)\n return a\nend\nreturn f(a)"),
        ElementsAre("shadowed-local:2")
    );
    EXPECT_THAT(
        found("local i = 1\nfor i = 1, 2 do f(i) end\nreturn i"), ElementsAre("shadowed-local:2")
    );
}

TEST(ShadowedLocal, IsNotOneThatIsGoneOrMarkedAsUnused) {
    EXPECT_THAT(found("do local a = 1; f(a) end\nlocal a = 2\nreturn a"), IsEmpty());
    EXPECT_THAT(found("for _, a in pairs(t) do for _, b in pairs(a) do f(b) end end"), IsEmpty());
}

TEST(Unreachable, IsWhatFollowsACodePathThatLeaves) {
    EXPECT_THAT(found("fail('Wrong', 'It is wrong.')\nf()"), ElementsAre("unreachable:2"));
    EXPECT_THAT(found("error('x')\nf()"), ElementsAre("unreachable:2"));
    EXPECT_THAT(found("do return 1 end\nf()"), ElementsAre("unreachable:2"));
    EXPECT_THAT(
        found("if a then\n return 1\nelse\n terminate('Failed')\nend\nf()"),
        ElementsAre("unreachable:6")
    );
    EXPECT_THAT(found("while a do\n do break end\n f()\nend"), ElementsAre("unreachable:3"));
}

TEST(Unreachable, IsNothingWhereOnePathGoesOn) {
    EXPECT_THAT(found("if a then return 1 end\nf()"), IsEmpty());
    EXPECT_THAT(found("if a then return 1 elseif b then return 2 end\nf()"), IsEmpty());
    EXPECT_THAT(found("for _, a in pairs(t) do\n goto next\n ::next::\n f(a)\nend"), IsEmpty());
    EXPECT_THAT(found("local f = function() fail('a', 'b') end\nf()"), IsEmpty());
}

TEST(UnusedValue, IsReplacedBeforeAnybodyReadsIt) {
    EXPECT_THAT(found("local a = f()\na = g()\nreturn a"), ElementsAre("unused-value:1"));
    EXPECT_THAT(
        found("local a = 0\nh(a)\na = f()\nh()\na = g()\nreturn a"), ElementsAre("unused-value:3")
    );
}

TEST(UnusedValue, IsNotOneThatIsReadOnSomeWay) {
    EXPECT_THAT(found("local a = f()\na = g(a)\nreturn a"), IsEmpty());
    EXPECT_THAT(found("local a = f()\nif b then a = g() end\nreturn a"), IsEmpty());
    EXPECT_THAT(found("local a = nil\na = g()\nreturn a"), IsEmpty());
    EXPECT_THAT(
        found("local a = 0\nlocal h = function() return a end\na = 1\nh()\na = 2\nreturn h()"),
        IsEmpty()
    ) << "a function reads it";
    EXPECT_THAT(
        found("local a = 0\nwhile f(a) do\n a = 1\n if g() then break end\n a = 2\nend\nreturn a"),
        IsEmpty()
    ) << "the loop may be left in between";
}

}  // namespace
}  // namespace tideway::script::analysis
