// Preflight, Verify tenant and Set up the CRM columns of the Salesforce pack, against the
// sandboxes.
#include <set>

#include "tests/packs/salesforce_world.h"
#include "tests/packs/tool_runs.h"

namespace tideway::tests {
namespace {

constexpr const char* kSetUp = "co_sell_salesforce/set_up_crm_columns";
constexpr const char* kPreflight = "co_sell_salesforce/preflight";
constexpr const char* kVerify = "co_sell_salesforce/verify_tenant";
constexpr const char* kLayout = "tooling/sobjects/Layout/00hTw0000000001AAA";

class SalesforceTools : public SalesforceWorld {
  protected:
    void TearDown() override {
        (void)must(salesforce("POST", "/reset", Json::object()));
        SalesforceWorld::TearDown();
    }

    static void without_fields() {
        (void)must(salesforce("POST", "/co_sell", {{"fields", false}}));
    }

    static void deny(const Json& rights) {
        (void
        )must(salesforce("POST", "/rights", {{"name", "tideway@contoso.example"}, {"deny", rights}})
        );
    }
};

TEST_F(SalesforceTools, FindNothingWrongWithTheSandboxes) {
    EXPECT_EQ(
        problems_of(run_of_tool(world(), kPreflight)), (std::map<std::string, std::string>{})
    );
    EXPECT_EQ(problems_of(run_of_tool(world(), kVerify)), (std::map<std::string, std::string>{}));
}

TEST_F(SalesforceTools, NameAStageAndALeadStatusThatTheOrganizationDoesNotHave) {
    const auto set = [](const std::string& variable, const Json& value) {
        const std::string path = "/variables/co_sell_salesforce/" + variable;
        (void)must(world().api().call("PUT", path, {{"value", value}}));
    };
    set("active_stage", "Qualifikation");
    set("declined_lead_status", "Gone");
    EXPECT_EQ(
        problems_of(run_of_tool(world(), kPreflight)),
        (std::map<std::string, std::string>{
            {"Active stage", "'Qualifikation' is no open, active stage of the organization."}})
    ) << "leads are not synchronized";
    set("sync_co_sell_only", false);
    EXPECT_EQ(
        problems_of(run_of_tool(world(), kPreflight)).at("Status of a declined lead"),
        "'Gone' is no active value of Lead Status."
    );
    set("active_stage", "Qualification");
    set("declined_lead_status", "Closed - Not Converted");
    EXPECT_EQ(
        problems_of(run_of_tool(world(), kPreflight)), (std::map<std::string, std::string>{})
    );
    set("sync_co_sell_only", true);
}

TEST_F(SalesforceTools, PlanAnEmptyOrganizationWithoutTouchingIt) {
    without_fields();
    const Json plan = run_of_tool(world(), kSetUp, "muted");
    EXPECT_EQ(string_or(plan, "outcome"), "made") << string_or(plan, "headline");
    // 8 fields of two objects, the permission set, what it shows; the section of the layout.
    EXPECT_EQ(states_of(plan), (std::map<std::string, int>{{"made", 19}}));
    EXPECT_TRUE(must(salesforce("GET", "/records/PermissionSet")).at("value").empty());
    EXPECT_EQ(states_of(run_of_tool(world(), kSetUp, "muted")).at("made"), 19);
}

TEST_F(SalesforceTools, MakeWhatIsMissingOnce) {
    without_fields();
    EXPECT_NE(problems_of(run_of_tool(world(), kPreflight)).count("Column audit"), 0U);
    const Json first = run_of_tool(world(), kSetUp);
    EXPECT_EQ(states_of(first), (std::map<std::string, int>{{"made", 19}}))
        << string_or(first, "headline");
    const Json second = run_of_tool(world(), kSetUp);
    EXPECT_EQ(string_or(second, "outcome"), "no change") << string_or(second, "headline");
    EXPECT_EQ(states_of(second), (std::map<std::string, int>{{"there", 17}}));
    EXPECT_EQ(
        problems_of(run_of_tool(world(), kPreflight)), (std::map<std::string, std::string>{})
    );
}

TEST_F(SalesforceTools, PutASectionWithThreeReadOnlyFieldsIntoTheLayout) {
    EXPECT_EQ(states_of(run_of_tool(world(), kSetUp)).at("made"), 1);
    const Json sections =
        must(salesforce("GET", std::string(kSeller) + kLayout)).at("Metadata").at("layoutSections");
    EXPECT_EQ(string_or(sections.front(), "label"), "Opportunity Information");
    EXPECT_EQ(string_or(sections.back(), "label"), "Partner Center");
    std::set<std::string> read_only;
    const Json& items = sections.back().at("layoutColumns").at(0).at("layoutItems");
    for (const Json& item : items) {
        if (string_or(item, "behavior") == "Readonly") {
            read_only.insert(string_or(item, "field"));
        }
    }
    EXPECT_EQ(items.size(), 8U);
    EXPECT_EQ(
        read_only, (std::set<std::string>{"Referral_Identifier__c", "Referral_Link__c", "Audit__c"})
    );
}

TEST_F(SalesforceTools, NameTheMissingPermissionAndDoNothing) {
    without_fields();
    deny({"Customize Application"});
    const Json run = run_of_tool(world(), kSetUp);
    EXPECT_EQ(string_or(run, "outcome"), "refused");
    EXPECT_NE(string_or(run, "outcome_reason").find("Customize Application"), std::string::npos);
    deny(Json::array());
}

TEST_F(SalesforceTools, NameTheRightsThatFlowsLack) {
    deny({"Edit Lead"});
    const auto problems = problems_of(run_of_tool(world(), kPreflight));
    ASSERT_EQ(problems.count("CRM rights"), 1U);
    EXPECT_NE(problems.at("CRM rights").find("Edit Lead"), std::string::npos);
    deny(Json::array());
}

}  // namespace
}  // namespace tideway::tests
