// Functions of values: in the sandbox of flows, without anything that a run has.
#include "engine/script/pure_function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideway::script {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::unique_ptr<PureFunction> function_of(const std::string& text, VmLimits limits = {}) {
    Program program;
    program.main_file = "fix.lua";
    program.files = {{"fix.lua", text}, {"lib/one.lua", "return { value = 1 }"}};
    auto function = PureFunction::create(std::move(program), limits);
    EXPECT_TRUE(function) << function.error().text();
    return std::move(*function);
}

std::string failure_of(const std::string& text, VmLimits limits = {}) {
    const auto result = function_of(text, limits)->call({Payload("{}")});
    EXPECT_FALSE(result);
    return result ? result->str() : result.error().message;
}

TEST(PureFunction, GivesAValueForItsArguments) {
    const auto function = function_of(R"(local one = require "lib.one"
return function(a, b) a.n = a.n + b + one.value; return a end)");
    const auto value =
        function->call({Payload(R"({"n":1,"list":[],"big":9007199254740993})"), Payload("2")});
    ASSERT_TRUE(value) << value.error().text();
    EXPECT_EQ(
        Json::parse(value->view()), Json::parse(R"({"n":4,"list":[],"big":9007199254740993})")
    );
}

TEST(PureFunction, KeepsNothingFromOneCallToTheNext) {
    const auto function =
        function_of("local calls = 0\nreturn function() calls = calls + 1 return calls end");
    EXPECT_EQ(function->call({})->view(), "1");
    EXPECT_EQ(function->call({})->view(), "1");
}

TEST(PureFunction, MayGiveNothing) {
    EXPECT_TRUE(function_of("return function() end")->call({})->empty());
}

TEST(PureFunction, HasNothingOfARun) {
    EXPECT_THAT(failure_of("return function() return now() end"), HasSubstr("only inside run"));
    EXPECT_THAT(failure_of("return function() return uuid() end"), HasSubstr("only inside run"));
    EXPECT_THAT(
        failure_of("return function() return math.random() end"), HasSubstr("only inside run")
    );
    EXPECT_THAT(failure_of("return function() return env 'Key' end"), HasSubstr("only inside run"));
    EXPECT_THAT(failure_of("return function() delay('Wait', 1) end"), HasSubstr("only inside run"));
    EXPECT_THAT(
        failure_of("local crm = connection 'crm'\nreturn function() end"),
        HasSubstr("no connection reference 'crm'")
    );
    EXPECT_THAT(failure_of("return function() return os.time() end"), HasSubstr("'os'"));
}

TEST(PureFunction, NamesFileAndLineOfAnError) {
    EXPECT_THAT(failure_of("return function(a)\n  return a.b.c\nend"), StartsWith("fix.lua:2:"));
    EXPECT_THAT(failure_of("return 1"), HasSubstr("fix.lua must end with: return function(...)"));
    Program program;
    program.main_file = "fix.lua";
    program.files = {{"fix.lua", "return function(\n"}};
    EXPECT_THAT(PureFunction::create(program).error().message, StartsWith("fix.lua:2:"));
}

TEST(PureFunction, HasTheLimitsOfATriggerFunction) {
    EXPECT_THAT(failure_of("return function() while true do end end"), HasSubstr("endless loop"));
    VmLimits small;
    small.run_bytes = 1U << 20U;
    const auto hungry = function_of(
        "return function(a) if a == 1 then return a end local t = {} while true do t[#t + 1] = {} "
        "end end",
        small
    );
    EXPECT_EQ(hungry->call({Payload("2")}).error().code, "ScriptMemoryExceeded");
    EXPECT_FALSE(hungry->is_lost());
    EXPECT_EQ(hungry->call({Payload("1")})->view(), "1");
}

}  // namespace
}  // namespace tideway::script
