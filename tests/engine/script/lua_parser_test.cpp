#include "engine/script/syntax/lua_parser.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/script/syntax/lua_walk.h"

namespace tideway::script {
namespace {

std::string error_of(const std::string& text) {
    const ParseResult result = parse_lua(text);
    if (!result.error) {
        return "";
    }
    return std::to_string(result.error->at.line) + ":" + std::to_string(result.error->at.column) +
           ": " + result.error->message;
}

// An expression as Lua-like text with every part in parentheses.
std::string print(const Expression& at) {
    switch (at.kind) {
        case Expression::Kind::kString:
            return "'" + at.text + "'";
        case Expression::Kind::kBinary:
            return "(" + print(*at.parts[0]) + at.text + print(*at.parts[1]) + ")";
        case Expression::Kind::kUnary:
            return "(" + at.text + " " + print(*at.parts[0]) + ")";
        case Expression::Kind::kIndex:
            return print(*at.parts[0]) + "[" + print(*at.parts[1]) + "]";
        case Expression::Kind::kCall:
        case Expression::Kind::kMethodCall: {
            std::string out = print(*at.parts[0]);
            out += at.kind == Expression::Kind::kMethodCall ? ":" + at.text + "(" : "(";
            for (std::size_t i = 1; i < at.parts.size(); ++i) {
                out += (i > 1 ? "," : "") + print(*at.parts[i]);
            }
            return out + ")";
        }
        default:
            return at.text;
    }
}

std::string print_returned(const std::string& text) {
    const ParseResult result = parse_lua("return " + text);
    EXPECT_FALSE(result.error) << result.error->message;
    return print(*result.chunk.body.at(0).values.at(0));
}

const char* const kProgram = R"(#!/usr/bin/lua
local a <const>, b = 0x1F, 3.5e-2
local function f(x, ...) local n = select("#", ...) return x + n end
function a.b.c:d(y) return self, y end
for i = 1, 10, 2 do if i > 3 then break elseif i == 2 then goto next else f(i) end ::next:: end
for k, v in pairs { 1, [2] = 3; x = "y" } do b = k .. tostring(v) end
while b do b = not b end
repeat local done = f"text" until done
do local s = [==[
long ]] text]==] --[[ a comment
of lines ]] end
return f(a, b), -2 ^ 2, #{...}, "\65\x41\u{20AC}\z
   end", a // b ~ 3 & ~1
)";

TEST(LuaParser, ReadsEveryStatementAndExpressionOfTheLanguage) {
    EXPECT_EQ(error_of(kProgram), "");
}

TEST(LuaParser, BindsOperatorsAsLuaDoes) {
    EXPECT_EQ(print_returned("1 + 2 * 3 - 4"), "((1+(2*3))-4)");
    EXPECT_EQ(print_returned("a .. b .. c"), "(a..(b..c))");
    EXPECT_EQ(print_returned("-x ^ -y ^ 2"), "(- (x^(- (y^2))))");
    EXPECT_EQ(print_returned("not a == b and c or d"), "((((not a)==b)andc)ord)");
    EXPECT_EQ(print_returned("1 << 2 + 3 | 4 ~ 5"), "((1<<(2+3))|(4~5))");
}

TEST(LuaParser, ReadsCallsWithoutParenthesesAndMethodCalls) {
    EXPECT_EQ(print_returned("a.b 'x' [1]:c { }.d"), "a['b']('x')[1]:c()['d']");
}

TEST(LuaParser, GivesThePlaceOfEveryExpression) {
    const ParseResult result = parse_lua("local x = 1\n  f(\n    x)\n");
    const Expression& call = *result.chunk.body.at(1).values.at(0);
    EXPECT_EQ(call.at.line, 2);
    EXPECT_EQ(call.at.column, 3);
    EXPECT_EQ(call.parts[1]->at.line, 3);
    EXPECT_EQ(call.parts[1]->at.column, 5);
}

TEST(LuaParser, ResolvesNamesToTheNearestDeclaration) {
    const ParseResult result = parse_lua("local x = 1 local x = x do local x end x = y return x");
    ASSERT_FALSE(result.error);
    const std::vector<Local>& locals = result.chunk.locals;
    ASSERT_EQ(locals.size(), 3U);
    EXPECT_EQ(locals[0].reads, 1);
    EXPECT_EQ(locals[1].reads, 1);
    EXPECT_EQ(locals[1].assignments, 1);
    EXPECT_EQ(locals[2].reads, 0);
    const Statement& assignment = result.chunk.body.at(3);
    EXPECT_EQ(assignment.targets[0]->local, 1);
    EXPECT_EQ(assignment.values[0]->local, kNoLocal);
}

TEST(LuaParser, LetsUntilSeeTheVariablesOfItsBlock) {
    const ParseResult result = parse_lua("repeat local done = f() until done");
    EXPECT_EQ(result.chunk.locals.at(0).reads, 1);
}

TEST(LuaParser, SaysWhatIsWrongAndWhere) {
    EXPECT_EQ(
        error_of("if x then\n  f()\n"),
        "3:1: 'end' expected to close 'if' of line 1, found the end of the file"
    );
    EXPECT_EQ(
        error_of("local end = 1"),
        "1:7: a name expected after 'local', found 'end', which is a word of the language"
    );
    EXPECT_EQ(error_of("f(1, )"), "1:6: a value or a name expected, found ')'");
    EXPECT_EQ(error_of("x = 'abc\n'"), "1:5: the text that starts here is not closed on its line");
    EXPECT_EQ(error_of("x = 3x"), "1:5: '3x' is not a number");
    EXPECT_EQ(
        error_of("x + 1"),
        "1:3: a statement must be a call or an assignment; found '+' after a value"
    );
    EXPECT_EQ(
        error_of("return 1 f()"),
        "1:10: 'return' must be the last statement of its block, found 'f' after it"
    );
    EXPECT_EQ(error_of("break"), "1:1: 'break' stands outside a loop");
    EXPECT_EQ(error_of("end"), "1:1: unexpected 'end'; is there an 'end' too many above?");
    EXPECT_EQ(error_of("local x <const> = 1 x = 2"), "1:21: 'x' is <const> and cannot be assigned");
    EXPECT_EQ(error_of("x = 1 @ 2"), "1:7: '@' means nothing in Lua");
    EXPECT_EQ(
        error_of("x = \"\\q\""), "1:6: unknown escape in a text; write '\\\\' for a backslash"
    );
    EXPECT_NE(error_of("local f <close> = g()").find("does not exist in flows"), std::string::npos);
    EXPECT_NE(error_of("--[[ never").find("never closed"), std::string::npos);
}

TEST(LuaParser, RefusesNestingWithoutEndInsteadOfRunningOutOfStack) {
    const auto repeated = [](const std::string& part, int times) {
        std::string out;
        for (int i = 0; i < times; ++i) {
            out += part;
        }
        return out;
    };
    for (const char* part :
         {"(",
          "{",
          "not ",
          "f(",
          "do ",
          "a.b[",
          "function() return ",
          "- ",
          "if x then ",
          "x = function() "}) {
        EXPECT_NE(error_of("x = " + repeated(part, 100'000)), "") << part;
        EXPECT_NE(error_of(repeated(part, 100'000)), "") << part;
    }
    EXPECT_NE(error_of("x = a" + repeated(" + a", 100'000)), "");
    EXPECT_NE(error_of("x = a" + repeated(".b", 100'000)), "");
    EXPECT_NE(error_of("x = a" + repeated("()", 100'000)), "");
    EXPECT_EQ(error_of("x = a" + repeated(" + a", 500)), "");
    EXPECT_EQ(error_of("x = " + repeated("(", 50) + "1" + repeated(")", 50)), "");
    EXPECT_EQ(error_of("x = { " + repeated("{ 1, 2, y = 3 },", 20'000) + "}"), "");
}

TEST(LuaParser, LimitsHowDeepFunctionsInLongExpressionsGo) {
    const auto program = [](int functions, int terms) {
        std::string text;
        for (int i = 0; i < functions; ++i) {
            text += "return (function() ";
        }
        for (int i = 0; i < functions; ++i) {
            text += " end)()";
            for (int j = 0; j < terms; ++j) {
                text += " + a";
            }
        }
        return text;
    };
    EXPECT_EQ(error_of(program(30, 10)), "");
    EXPECT_NE(error_of(program(30, 60)).find("too many parts"), std::string::npos);
}

// Counts what a walk meets, so that a broken tree shows.
std::size_t count_parts(const Chunk& chunk) {
    std::size_t count = 0;
    LuaVisitor visitor;
    visitor.expression = [&count](const Expression&) {
        ++count;
        return true;
    };
    visitor.statement = [&count](const Statement&) { ++count; };
    walk(chunk.body, visitor);
    return count;
}

TEST(LuaParser, SurvivesAnyMutationOfAProgram) {
    const std::string program = kProgram;
    const std::vector<std::string> pieces = {
        "end",
        "function",
        "(",
        ")",
        "{",
        "}",
        "[[",
        "]]",
        "=",
        "'",
        "\"",
        "\\",
        "--",
        ",",
        "..",
        "\0x",
        "\xff",
        "local"};
    std::mt19937 random(20'260'203);
    int accepted = 0;
    for (int round = 0; round < 4000; ++round) {
        std::string text = program;
        const auto changes = 1 + random() % 4;
        for (std::size_t i = 0; i < changes; ++i) {
            const std::size_t at = random() % text.size();
            switch (random() % 4) {
                case 0:
                    text.erase(at, 1 + random() % 9);
                    break;
                case 1:
                    text.insert(at, pieces[random() % pieces.size()]);
                    break;
                case 2:
                    text[at] = static_cast<char>(random() % 256);
                    break;
                default:
                    text.insert(at, text.substr(random() % text.size(), random() % 40));
                    break;
            }
        }
        const ParseResult result = parse_lua(text);
        accepted += result.error ? 0 : 1;
        if (result.error) {
            EXPECT_GE(result.error->at.line, 1);
            EXPECT_FALSE(result.error->message.empty());
        } else {
            EXPECT_GT(count_parts(result.chunk), 0U);
        }
    }
    EXPECT_GT(accepted, 50);
    EXPECT_LT(accepted, 3900);
}

}  // namespace
}  // namespace tideway::script
