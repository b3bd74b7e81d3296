// Child flows: what their caller gets, and what it never does.
#include <gtest/gtest.h>

#include "tests/support/run_history.h"

namespace tideway::testing {
namespace {

using model::Status;

constexpr WorldOptions kInMemory{.durability = store::Durability::kProcess};

constexpr const char* kParent = R"(
return flow { title = "Parent", trigger = trigger.manual {},
  run = function(event) return run_child_flow("Call it", "child", { text = event.text }) end })";

FlowText child(const std::string& body) {
    return {
        "child",
        "return flow { title = \"Child\", trigger = trigger.child {}, run = function(input)\n" +
            body + "\nend }"};
}

model::RunRecord child_of(RuntimeWorld& world, const model::RunRecord& parent) {
    return world.ended(Uid::derive(parent.uid, "Call it"));
}

TEST(ChildFlowRule, TheInputIsTheChildsEventAndTheResponseTheResult) {
    RuntimeWorld world(
        kInMemory,
        {{"parent", kParent},
         child(R"(respond { status = 200, body = { said = input.text } } return "not this")")}
    );
    const auto run = world.run("parent", R"({"text":"hello"})");
    EXPECT_EQ(run.status, Status::kSucceeded) << runtime::headline(run);
    EXPECT_EQ(run.output.view(), R"({"said":"hello"})");
}

TEST(ChildFlowRule, AChildThatHasRespondedMayFailAndItsCallerSucceeds) {
    RuntimeWorld world(
        kInMemory,
        {{"parent", kParent},
         child(R"(respond { status = 200, body = "early" } fail("Bad", "It broke later."))")}
    );
    const auto run = world.run("parent");
    EXPECT_EQ(run.status, Status::kSucceeded) << runtime::headline(run);
    EXPECT_EQ(run.output.view(), R"("early")");
    EXPECT_EQ(child_of(world, run).status, Status::kFailed);
}

TEST(ChildFlowRule, TheCallerGoesOnAsSoonAsTheChildHasResponded) {
    RuntimeWorld world(
        kInMemory,
        {{"parent", kParent},
         child(R"(respond { status = 200, body = "early" } delay("Long", 3600))")}
    );
    EXPECT_EQ(world.run("parent").output.view(), R"("early")");
}

TEST(ChildFlowRule, AChildWithoutAResponseGivesWhatItReturns) {
    RuntimeWorld world(kInMemory, {{"parent", kParent}, child("return input.text")});
    EXPECT_EQ(world.run("parent", R"({"text":"hello"})").output.view(), R"("hello")");
}

TEST(ChildFlowRule, AChildThatFailsIsNotStartedAgain) {
    RuntimeWorld world(kInMemory, {{"parent", kParent}, child(R"(fail("Bad", "It broke."))")});
    const auto run = world.run("parent");
    EXPECT_EQ(run.status, Status::kFailed);
    store::RunFilter filter;
    filter.parent_uid = run.uid;
    const auto children = world.reader().runs(filter);
    ASSERT_TRUE(children);
    EXPECT_EQ(children->runs.size(), 1U);
    EXPECT_EQ(model::parse_step_error(run.error.view()).message, "It broke.");
}

TEST(ChildFlowRule, ParentAndChildNameEachOther) {
    RuntimeWorld world(kInMemory, {{"parent", kParent}, child("return 1")});
    const auto run = world.run("parent");
    const auto called = child_of(world, run);
    EXPECT_EQ(called.parent_uid, run.uid);
    EXPECT_EQ(called.parent_path, "Call it");
}

TEST(ChildFlowRule, ACallOfAFlowThatIsOffFailsTheStep) {
    RuntimeWorld world(kInMemory, {{"parent", kParent}, child("return 1")});
    const auto flow = world.catalog().flow("child");
    ASSERT_TRUE(flow);
    ASSERT_TRUE(world.catalog().set_state(flow->row.id, model::FlowState::kOff, "for the test"));
    const auto run = world.run("parent");
    EXPECT_EQ(run.status, Status::kFailed);
    EXPECT_EQ(model::parse_step_error(run.error.view()).code, "WorkflowTriggerIsNotEnabled");
    EXPECT_EQ(run.failed_step, "Call it");
}

TEST(ChildFlowRule, NothingOfTheInputIsConverted) {
    RuntimeWorld world(
        kInMemory,
        {{"parent", R"(
return flow { title = "Parent", trigger = trigger.manual {}, run = function()
  return run_child_flow("Call it", "child", { number = "7", yes = "true", none = null })
end })"},
         child("return input")}
    );
    EXPECT_EQ(world.run("parent").output.view(), R"({"none":null,"number":"7","yes":"true"})");
}

}  // namespace
}  // namespace tideway::testing
