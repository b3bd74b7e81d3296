// Preflight, Verify tenant and Set up the CRM columns of the Dynamics pack, against the sandboxes.
#include "tests/packs/co_sell_world.h"
#include "tests/packs/tool_runs.h"

namespace tideway::tests {
namespace {

constexpr const char* kSetUp = "co_sell_dynamics365/set_up_crm_columns";
constexpr const char* kPreflight = "co_sell_dynamics365/preflight";
constexpr const char* kVerify = "co_sell_dynamics365/verify_tenant";

class CoSellTools : public CoSellWorld {
  protected:
    void TearDown() override {
        (void)must(dataverse("POST", "/reset", Json::object()));
        CoSellWorld::TearDown();
    }

    static void without_solution() {
        (void)must(dataverse("POST", "/solution", {{"installed", false}}));
    }

    static void deny(const Json& privileges) {
        (void)must(dataverse(
            "POST",
            "/privileges",
            {{"name", "11111111-2222-4333-8444-555555555555"}, {"deny", privileges}}
        ));
    }

    static std::size_t writes() { return must(dataverse("GET", "/writes")).at("writes").size(); }
};

TEST_F(CoSellTools, FindNothingWrongWithTheSandboxes) {
    EXPECT_EQ(
        problems_of(run_of_tool(world(), kPreflight)), (std::map<std::string, std::string>{})
    );
    EXPECT_EQ(problems_of(run_of_tool(world(), kVerify)), (std::map<std::string, std::string>{}));
    EXPECT_EQ(writes(), 0U);
}

TEST_F(CoSellTools, PlanAnEmptyEnvironmentWithoutTouchingIt) {
    without_solution();
    const Json plan = run_of_tool(world(), kSetUp, "muted");
    EXPECT_EQ(string_or(plan, "outcome"), "made") << string_or(plan, "headline");
    // 8 columns and a key in two tables, the section of the form, the view.
    EXPECT_EQ(states_of(plan), (std::map<std::string, int>{{"made", 20}}));
    EXPECT_EQ(writes(), 0U);
    EXPECT_EQ(states_of(run_of_tool(world(), kSetUp, "muted")).at("made"), 20);
}

TEST_F(CoSellTools, MakeWhatIsMissingOnce) {
    without_solution();
    EXPECT_NE(problems_of(run_of_tool(world(), kPreflight)).count("Column audit"), 0U);
    const Json first = run_of_tool(world(), kSetUp);
    EXPECT_EQ(states_of(first), (std::map<std::string, int>{{"made", 20}}))
        << string_or(first, "headline");
    const Json second = run_of_tool(world(), kSetUp);
    EXPECT_EQ(string_or(second, "outcome"), "no change");
    EXPECT_EQ(states_of(second), (std::map<std::string, int>{{"there", 20}}));
    EXPECT_EQ(
        problems_of(run_of_tool(world(), kPreflight)), (std::map<std::string, std::string>{})
    );
}

TEST_F(CoSellTools, PutASectionWithThreeReadOnlyFieldsIntoTheForm) {
    without_solution();
    (void)run_of_tool(world(), kSetUp);
    const Json forms = must(dataverse("GET", "/rows/systemform"));
    const std::string xml = string_or(forms.at("rows").at(0), "formxml");
    EXPECT_NE(xml.find("<label description=\"Partner Center\""), std::string::npos) << xml;
    std::size_t read_only = 0;
    for (std::size_t at = xml.find("disabled=\"true\""); at != std::string::npos;
         at = xml.find("disabled=\"true\"", at + 1)) {
        ++read_only;
    }
    EXPECT_EQ(read_only, 3U);
}

TEST_F(CoSellTools, NameTheMissingRoleAndDoNothing) {
    without_solution();
    deny({"prvCreateAttribute"});
    const Json run = run_of_tool(world(), kSetUp);
    EXPECT_EQ(string_or(run, "outcome"), "refused");
    EXPECT_NE(string_or(run, "outcome_reason").find("System Customizer"), std::string::npos);
    EXPECT_EQ(writes(), 0U);
    deny(Json::array());
}

TEST_F(CoSellTools, NameTheRightsThatFlowsLack) {
    deny({"prvWriteOpportunity"});
    const auto problems = problems_of(run_of_tool(world(), kPreflight));
    ASSERT_EQ(problems.count("CRM rights"), 1U);
    EXPECT_NE(problems.at("CRM rights").find("prvWriteOpportunity"), std::string::npos);
    deny(Json::array());
}

// A plan can be looked at before anything is turned on.
TEST_F(CoSellTools, RunMutedWhileTheirFlowIsOff) {
    (void)must(world().api().post("/flows/" + std::string(kPreflight) + "/off"));
    EXPECT_EQ(string_or(run_of_tool(world(), kPreflight, "muted"), "status"), "Succeeded");
    const auto live = world().api().post(
        "/flows/" + std::string(kPreflight) + "/run", {{"input", Json::object()}}
    );
    ASSERT_FALSE(live);
    EXPECT_EQ(live.error().code, "WorkflowTriggerIsNotEnabled");
    (void)must(world().api().post("/flows/" + std::string(kPreflight) + "/on"));
}

}  // namespace
}  // namespace tideway::tests
