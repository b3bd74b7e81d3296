#include "engine/runtime/activation.h"

#include "tests/support/runtime_world.h"

namespace tideway::runtime {
namespace {

using testing::RuntimeWorld;

using Texts = std::vector<std::string>;

std::string flow_of(const std::string& body, const std::string& trigger = "manual {}") {
    return "return flow { title = 'F', trigger = trigger." + trigger + ", run = function()\n" +
           body + "\nend }";
}

// "<code>: <message>" of each.
Texts problems_of(RuntimeWorld& world, const std::string& flow) {
    Texts out;
    for (const Error& problem : world.activation().problems(*world.catalog().flow(flow))) {
        EXPECT_FALSE(problem.remedy.empty()) << problem.message;
        out.push_back(problem.code + ": " + problem.message);
    }
    return out;
}

TEST(Activation, NamesEverythingThatKeepsAFlowOffAtOnce) {
    RuntimeWorld world({{"child", flow_of("return 1", "child {}")}});
    world.edit(
        "parent",
        flow_of("local ratio, token = env 'ratio', env 'token'\n"
                "run_child_flow('Call', 'child', {})")
    );
    for (const char* flow : {"parent", "child"}) {
        ASSERT_TRUE(world.activation().turn_off_blocking(*world.catalog().flow(flow)));
    }
    EXPECT_EQ(
        problems_of(world, "parent"),
        (Texts{
            "VariableNotSet: The environment variable 'ratio' has no value and no default.",
            "VariableNotSet: The environment variable 'token' has no value and no default.",
            "ChildFlowNeverPublished: The flow calls 'child', which cannot be called: The child "
            "flow 'test/child' is Off."})
    );
    const auto refused = world.activation().turn_on_blocking(*world.catalog().flow("parent"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "VariableNotSet");
    const Json details = parse_json(refused.error().details, "details").value();
    EXPECT_EQ(details.at("problems").size(), 3U);
    EXPECT_EQ(details.at("order"), (Json{"test/child", "test/parent"}));
    EXPECT_EQ(world.catalog().flow("parent")->row.state, model::FlowState::kOff);
}

TEST(Activation, OfAFlowThatWasNeverPublishedSaysWhereItsTextIsWrong) {
    RuntimeWorld world({});
    const auto pack = parse_pack(
        {{"pack.json", R"({"name":"other","version":"1.0.0"})"},
         {"wrong.lua", "return flow { title = 'W', trigger = trigger.manual {}, run = "}}
    );
    ASSERT_TRUE(pack);
    ASSERT_TRUE(world.catalog().put_draft(world.catalog().check(*pack)));
    const Texts problems = problems_of(world, "wrong");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_TRUE(problems.front().starts_with(
        "WorkflowTriggerNotFound: The flow 'wrong' has never been published. wrong.lua:1: "
    )) << problems.front();
}

TEST(Activation, RefusesARecurrenceThatNeverFires) {
    RuntimeWorld world({});
    world.edit(
        "never",
        flow_of(
            "return 1",
            "recurrence { frequency = 'Month', interval = 12, start_time = '2030-02-01T00:00:00Z',"
            " schedule = { month_days = 31 } }"
        )
    );
    EXPECT_EQ(
        problems_of(world, "never"),
        Texts{"InvalidRecurrence: The recurrence of 'never' names a day that never comes."}
    );
}

TEST(Activation, TurnsChildrenOnBeforeThoseWhoCallThem) {
    RuntimeWorld world({});
    world.edit("a", flow_of("run_child_flow('Call', 'b', {})"));
    world.edit("b", flow_of("run_child_flow('Call', 'c', {})", "child {}"));
    world.edit("c", flow_of("return 1", "child {}"));
    EXPECT_EQ(
        world.activation().order(*world.catalog().flow("a")), (Texts{"test/c", "test/b", "test/a"})
    );
    EXPECT_EQ(world.activation().order_of_all(), (Texts{"test/c", "test/b", "test/a"}));
}

}  // namespace
}  // namespace tideway::runtime
