// Plain Lua as flows see it: what differs from stock Lua, and why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/script/recording_host.h"

namespace tideway::script {
namespace {

std::string value_of(const std::string& body) {
    return run_body(body).value();
}

TEST(PlainLua, ReturnsTheValueOfRunAsJson) {
    EXPECT_EQ(value_of("return { b = 1, a = 'x' }"), R"({"a":"x","b":1})");
    EXPECT_EQ(value_of("return 1.0"), "1.0");
    EXPECT_EQ(value_of("return nil"), "");
}

TEST(PlainLua, PairsWalksNumbersAscendingAndThenTexts) {
    EXPECT_EQ(
        value_of("local t = { z = 1, a = 2, [3] = 3, [1] = 4, [2.5] = 5, m = 6 }\n"
                 "local out = {}\n"
                 "for k in pairs(t) do out[#out + 1] = tostring(k) end\n"
                 "return table.concat(out, ' ')"),
        R"("1 2.5 3 a m z")"
    );
}

TEST(PlainLua, PairsRefusesKeysWithoutAnOrder) {
    EXPECT_THAT(value_of("for k in pairs({ [true] = 1 }) do end"), testing::HasSubstr("no order"));
    EXPECT_THAT(value_of("for k in pairs({ [{}] = 1 }) do end"), testing::HasSubstr("a table"));
    EXPECT_THAT(value_of("for k in pairs({ [null] = 1 }) do end"), testing::HasSubstr("null"));
}

TEST(PlainLua, PairsMaySetAndRemoveKeysWhileItWalks) {
    EXPECT_EQ(
        value_of("local t = { a = 1, b = 2, c = 3 }\n"
                 "local seen = ''\n"
                 "for k in pairs(t) do seen = seen .. k; t.b = nil; t.new = 1 end\n"
                 "return seen"),
        R"("ac")"
    );
}

TEST(PlainLua, NextTellsOnlyWhetherATableIsEmpty) {
    EXPECT_EQ(value_of("return { next({}) == nil, next({ x = 1 }) == nil }"), "[true,false]");
    EXPECT_THAT(value_of("return next({ x = 1 }, 'x')"), testing::HasSubstr("use pairs"));
}

TEST(PlainLua, TostringShowsNoAddressAndNoRoundedFloat) {
    EXPECT_EQ(
        value_of("return { tostring({}), tostring(print), tostring(pairs), tostring(0.1 + 0.2),\n"
                 "  tostring(1.0), tostring(2^53), tostring(0/0), tostring(-1/0), tostring(null),\n"
                 "  tostring(1e100), string.format('%s|%s|%5.1f', {}, 0.1, 2.25) }"),
        R"(["table","nil","function","0.30000000000000004","1.0","9.007199254740992e+15",)"
        R"("nan","-inf","null","1e+100","table|0.1|  2.2"])"
    );
}

TEST(PlainLua, FormatRefusesPointers) {
    EXPECT_THAT(value_of("return string.format('%p', {})"), testing::HasSubstr("'%p'"));
}

TEST(PlainLua, SortIsStable) {
    EXPECT_EQ(
        value_of("local t = {}\n"
                 "for i = 1, 1000 do t[i] = { key = i % 7, at = i } end\n"
                 "table.sort(t, function(a, b) return a.key < b.key end)\n"
                 "for i = 2, #t do\n"
                 "  local a, b = t[i - 1], t[i]\n"
                 "  assert(a.key < b.key or (a.key == b.key and a.at < b.at))\n"
                 "end\n"
                 "return #t"),
        "1000"
    );
}

TEST(PlainLua, SortSurvivesAnInconsistentComparison) {
    EXPECT_EQ(
        value_of("local n = 0\n"
                 "local t = {}\n"
                 "for i = 1, 100 do t[i] = i end\n"
                 "table.sort(t, function() n = n + 1; return n % 3 ~= 0 end)\n"
                 "local sum = 0\n"
                 "for i = 1, 100 do sum = sum + t[i] end\n"
                 "return sum"),
        "5050"
    );
}

TEST(PlainLua, XpcallRunsItsHandlerAfterTheStackIsUnwound) {
    EXPECT_EQ(
        value_of("local ok, a = xpcall(function(x) error({ code = x }) end,\n"
                 "  function(e) return e.code .. '!' end, 'boom')\n"
                 "local ok2, b = xpcall(function(x) return x end, error, 'fine')\n"
                 "return { ok, a, ok2, b }"),
        R"([false,"boom!",true,"fine"])"
    );
}

TEST(PlainLua, SetmetatableRefusesWhatRunsOrVanishesBehindTheScript) {
    for (const char* name : {"__gc", "__close", "__mode"}) {
        EXPECT_THAT(
            value_of(std::string("setmetatable({}, { ") + name + " = 'k' })"),
            testing::HasSubstr(std::string("flows have no ") + name)
        );
        EXPECT_THAT(
            value_of(std::string("local m = {} setmetatable({}, m) m.") + name + " = 'k'"),
            testing::HasSubstr(std::string("flows have no ") + name)
        );
    }
}

TEST(PlainLua, ClassesWithInheritanceWork) {
    EXPECT_EQ(
        value_of("local Base = {} Base.__index = Base\n"
                 "function Base.hello(self) return 'hello ' .. self.name end\n"
                 "local Child = setmetatable({}, { __index = Base }) Child.__index = Child\n"
                 "local one = setmetatable({ name = 'a' }, Child)\n"
                 "function Child.bye(self) return 'bye ' .. self.name end\n"
                 "return { one:hello(), one:bye(), getmetatable(one) == Child, getmetatable(Base) "
                 "== nil }"),
        R"(["hello a","bye a",true,true])"
    );
}

TEST(PlainLua, ReadOnlyLibrariesRefuseEveryWayToWrite) {
    for (const char* attempt :
         {"string.format = 1",
          "string.evil = 1",
          "table.insert(string, 1)",
          "table.move({ 1 }, 1, 1, 1, math)",
          "setmetatable(string, {})",
          "setmetatable(_ENV, {})",
          "('').evil = 1",
          "trigger.manual = 1",
          "connection('shop').create_row = 1"}) {
        const Ran ran = run_body(attempt);
        EXPECT_EQ(ran.state.kind, ExecutionState::Kind::kFailed) << attempt;
    }
    EXPECT_EQ(value_of("return getmetatable('') == false"), "true");
}

TEST(PlainLua, MathRandomIsAnsweredByTheHost) {
    const Ran ran = run_body("return { math.random(), math.random(8), math.random(10, 13) }");
    EXPECT_EQ(ran.value(), "[0.25,3,11]");
    EXPECT_EQ(ran.host.paths(RequestKind::kRandom).back(), "@random#3");
}

TEST(PlainLua, MissingGlobalsAreNil) {
    EXPECT_EQ(
        value_of(
            "return { os == nil, io == nil, load == nil, debug == nil, coroutine == nil,\n"
            "  collectgarbage == nil, print == nil, dofile == nil, rawset == nil, rawget == nil,\n"
            "  package == nil, string.dump == nil }"
        ),
        "[true,true,true,true,true,true,true,true,true,true,true,true]"
    );
}

}  // namespace
}  // namespace tideway::script
