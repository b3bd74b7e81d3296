// Events that a Lua function patches before their runs are made again.
#include "engine/runtime/resubmit/lua_patch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/resubmit_calls.h"

namespace tideway::testing {
namespace {

using store::ResubmittedState;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kOrder = R"(
return flow { title = "Order", trigger = trigger.manual {}, run = function(event)
  if event.amount == nil then fail("AmountMissing", "The order of Fabrikam has no amount.") end
  return event
end })";

runtime::ResubmitChoices patched_by(const std::string& text) {
    const auto choices =
        runtime::parse_resubmit_choices({{"patch_lua", {{"file", "fix.lua"}, {"text", text}}}});
    EXPECT_TRUE(choices) << choices.error().text();
    return *choices;
}

constexpr const char* kFix = R"(
return function(input, run)
  if run.error_code == "AmountMissing" then input.amount = input.units * 2 end
  input.seen = { flow = run.flow, status = run.status, why = run.error_message }
  return input
end)";

TEST(LuaPatch, GivesTheEventOfTheNewRun) {
    RuntimeWorld world({{"order", kOrder}});
    const auto run = world.run("order", R"({"units":3})");
    const auto made = resubmit(world, run, patched_by(kFix));
    ASSERT_TRUE(made) << made.error().text();
    const auto again = world.ended(made->runs.front());
    EXPECT_EQ(again.status, model::Status::kSucceeded);
    const Json output = Json::parse(again.output.view());
    EXPECT_EQ(output.at("amount"), 6);
    EXPECT_EQ(output.at("seen").at("flow"), "test/order");
    EXPECT_EQ(output.at("seen").at("status"), "Failed");
    EXPECT_EQ(output.at("seen").at("why"), "The order of Fabrikam has no amount.");
    const auto event = world.reader().event(again.event_id);
    EXPECT_EQ(Json::parse((*event)->payload.view()), output);
    EXPECT_EQ((*world.reader().event(run.event_id))->payload.view(), R"({"units":3})");
}

TEST(LuaPatch, DoesTheSameInPlanAndApply) {
    RuntimeWorld world({{"order", kOrder}});
    const auto runs =
        std::vector{world.run("order", R"({"units":1})"), world.run("order", R"({"units":2})")};
    const auto choices = patched_by(kFix);
    const auto planned = plan(world, selection_of(runs), choices);
    ASSERT_TRUE(planned) << planned.error().text();
    EXPECT_EQ(planned->hash, plan(world, selection_of(runs), patched_by(kFix))->hash);
    const auto other = patched_by("return function(input) input.amount = 1 return input end");
    EXPECT_NE(planned->hash, plan(world, selection_of(runs), other)->hash);
    const auto id = apply(world, *planned, choices);
    EXPECT_EQ(count_of(ended(world, id), ResubmittedState::kSucceeded), 2);
    const auto items = items_of(world, id);
    const auto second = world.reader().run_by_uid(items[1].run);
    EXPECT_EQ(Json::parse((*second)->output.view()).at("amount"), 4);
}

TEST(LuaPatch, ThatFailsStopsThePlanAndNamesLineAndRun) {
    RuntimeWorld world({{"order", kOrder}});
    const auto good = world.run("order", R"({"units":1})");
    const auto bad = world.run("order", R"({"units":"three"})");
    const auto planned = plan(
        world,
        selection_of({good, bad}),
        patched_by("return function(input)\n  input.amount = input.units * 2\n  return input\nend")
    );
    ASSERT_FALSE(planned);
    EXPECT_EQ(planned.error().code, runtime::kPatchFailed);
    EXPECT_THAT(planned.error().message, AllOf(HasSubstr(bad.uid.hex()), HasSubstr("fix.lua:2:")));
    const auto nothing =
        resubmit(world, good, patched_by("return function(input) input.a = 1 end"));
    EXPECT_THAT(nothing.error().message, HasSubstr("return input"));
    const auto broken = resubmit(world, good, patched_by("return function(input"));
    EXPECT_THAT(broken.error().message, HasSubstr("fix.lua:1:"));
    EXPECT_EQ(world.reader().runs({})->runs.size(), 2U);
}

TEST(LuaPatch, ShowsNothingOfASecuredEvent) {
    RuntimeWorld world({{"order", R"(
return flow { title = "Order", trigger = trigger.manual { secure = "inputs" }, run = function(event)
  fail("Locked", "It is locked.") end })"}});
    const auto run = world.run("order", R"({"card":"4111"})");
    const auto refused = resubmit(
        world, run, patched_by("return function(input)\n  error('card ' .. input.card)\nend")
    );
    EXPECT_THAT(refused.error().message, AllOf(HasSubstr("fix.lua:2:"), Not(HasSubstr("4111"))));
}

TEST(LuaPatch, IsDescribedWithoutItsText) {
    const auto choices = patched_by("return function(input) return { secret = 'x' } end");
    const Json shown = describe(choices);
    EXPECT_EQ(shown.at("patch_lua").at("file"), "fix.lua");
    EXPECT_EQ(shown.at("patch_lua").at("sha256").get<std::string>().size(), 64U);
    EXPECT_THAT(dump(shown), Not(HasSubstr("secret")));
    EXPECT_EQ(to_json(*runtime::parse_resubmit_choices(to_json(choices))), to_json(choices));
}

TEST(LuaPatch, IsTheOnlyPatch) {
    const auto said = [](const Json& json) {
        const auto choices = runtime::parse_resubmit_choices(json);
        return choices ? std::string() : choices.error().message;
    };
    const Json function = {{"text", "return function(input) return input end"}};
    EXPECT_THAT(said({{"patch", {{"a", 1}}}, {"patch_lua", function}}), HasSubstr("exclude"));
    EXPECT_THAT(said({{"patch_lua", Json::object()}}), HasSubstr("text of a Lua file"));
    EXPECT_THAT(said({{"patch_lua", {{"file", "fix.txt"}, {"text", "x"}}}}), HasSubstr("Lua file"));
    EXPECT_EQ(said({{"patch_lua", function}}), "");
}

}  // namespace
}  // namespace tideway::testing
