// The solutions of an opportunity in records of the object Microsoft Solution, against the
// sandboxes.
#include <gmock/gmock.h>

#include "tests/packs/salesforce_world.h"
#include "tests/packs/solution_rows.h"
#include "tests/packs/tool_runs.h"

namespace tideway::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr const char* kObject = "Microsoft_Solution__c";

class SolutionRecords : public SalesforceWorld {
  protected:
    static void SetUpTestSuite() {
        copies_ = std::make_unique<TempFolder>();
        copy_with_solution_rows(
            copies_->path().string(),
            "co_sell_salesforce",
            {{"table", kObject}, {"parent", "Opportunity__c"}, {"column", "Name"}}
        );
        open("co_sell_salesforce", kInboundFlow, copies_->path().string());
    }

    static void TearDownTestSuite() {
        SalesforceWorld::TearDownTestSuite();
        copies_.reset();
    }

    std::string seller_adds(const std::string& opportunity, const std::string& solution) {
        const std::size_t before = runs(kSolutionsFlow).size();
        const std::string id =
            create(kObject, {{"Name", solution}, {"Opportunity__c", opportunity}});
        wait_for_run(kSolutionsFlow, before);
        settle();
        return id;
    }

    void seller_deletes(const std::string& record) {
        const std::size_t before = runs(kSolutionsFlow).size();
        (void
        )must(salesforce("DELETE", std::string(kSeller) + "sobjects/" + kObject + "/" + record, {})
        );
        wait_for_run(kSolutionsFlow, before);
        settle();
    }

    static std::vector<std::string> solutions_of_deal(const std::string& opportunity) {
        return ids_of(own_half_of_row(opportunity).at("details").at("requirements").at("solutions")
        );
    }

    // An opportunity with one solution that is in Partner Center, and the record of that.
    std::pair<std::string, std::string> synchronized_with(
        const std::string& name, const std::string& solution
    ) {
        const std::string id = draft(name, {{"Products__c", nullptr}});
        const std::string record = seller_adds(id, solution);
        switch_on(id);
        return {id, record};
    }

  private:
    static std::unique_ptr<TempFolder> copies_;
};

std::unique_ptr<TempFolder> SolutionRecords::copies_;

TEST_F(SolutionRecords, TheFirstOneMakesTheDealAndAuditAsksForItBefore) {
    const std::string id = draft("F7 first", {{"Products__c", nullptr}});
    switch_on(id);
    EXPECT_TRUE(own_half_of_row(id).is_null());
    EXPECT_THAT(audit_of(id), HasSubstr("Solution ID is required"));
    (void)seller_adds(id, "SOL-20001-XYZ");
    ASSERT_FALSE(own_half_of_row(id).is_null()) << audit_of(id);
    EXPECT_THAT(solutions_of_deal(id), ElementsAre("SOL-20001-XYZ"));
}

TEST_F(SolutionRecords, ThatAreAddedAndChangedAreThoseOfTheDeal) {
    const std::string id = synchronized_with("F7 added", "SOL-20001-XYZ").first;
    const std::string second = seller_adds(id, "SOL-30002-ABC");
    EXPECT_THAT(solutions_of_deal(id), UnorderedElementsAre("SOL-20001-XYZ", "SOL-30002-ABC"));
    const std::size_t before = runs(kSolutionsFlow).size();
    edit(kObject, second, {{"Name", "SOL-40003-DEF"}});
    wait_for_run(kSolutionsFlow, before);
    settle();
    EXPECT_THAT(solutions_of_deal(id), UnorderedElementsAre("SOL-20001-XYZ", "SOL-40003-DEF"));
    EXPECT_EQ(failures(), "");
}

TEST_F(SolutionRecords, OneThatIsReplacedByAnotherIsReplacedInPartnerCenter) {
    const auto [id, record] = synchronized_with("A14 records", "SOL-20001-XYZ");
    const std::string other = synchronized_with("A14 other", "SOL-20001-XYZ").first;
    (void)seller_adds(id, "SOL-30002-ABC");
    forget_writes();
    seller_deletes(record);
    EXPECT_THAT(solutions_of_deal(id), ElementsAre("SOL-30002-ABC"));
    EXPECT_THAT(solutions_of_deal(other), ElementsAre("SOL-20001-XYZ"));
    EXPECT_EQ(referral_writes("PATCH"), 1);
    EXPECT_EQ(failures(), "");
}

TEST_F(SolutionRecords, TheLastOneIsNotTakenAwayAndAuditSaysSo) {
    const auto [id, record] = synchronized_with("A14 last record", "SOL-20001-XYZ");
    seller_deletes(record);
    EXPECT_THAT(solutions_of_deal(id), ElementsAre("SOL-20001-XYZ"));
    EXPECT_THAT(audit_of(id), HasSubstr("Solutions are empty in the CRM"));
    EXPECT_EQ(failures(), "");
}

TEST_F(SolutionRecords, ADealOfThePortalGetsItsRecordsAndNothingComesBack) {
    const Json made = announce("F7 inbound");
    const std::string id = opportunity_of_new_deal(made);
    std::vector<std::string> there;
    for (const Json& each : records(kObject, "Opportunity__c", id)) {
        there.push_back(string_or(each, "Name"));
    }
    EXPECT_EQ(there, ids_of(made.at("details").at("requirements").at("solutions")));
    forget_writes();
    seller_edits(id, {{"Sync_with_Partner_Center__c", false}});
    switch_on(id);
    EXPECT_EQ(referral_writes("PATCH"), 0);
    EXPECT_EQ(failures(), "");
}

TEST_F(SolutionRecords, AreWhatThePreflightLooksAtAndTheirObjectIsMadeByHand) {
    EXPECT_EQ(
        problems_of(run_of_tool(world(), "co_sell_salesforce/preflight")),
        (std::map<std::string, std::string>{})
    );
    (void)must(salesforce("POST", "/co_sell", {{"fields", false}}));
    const Json plan = run_of_tool(world(), "co_sell_salesforce/set_up_crm_columns", "muted");
    const Json& row = plan.at("output").at("rows").back();
    EXPECT_EQ(string_or(row, "name"), kObject) << dump(row);
    EXPECT_EQ(string_or(row, "state"), "by hand");
    EXPECT_THAT(string_or(row, "remark"), HasSubstr("the master-detail field Opportunity__c"));
    (void)must(salesforce("POST", "/reset", Json::object()));
}

}  // namespace
}  // namespace tideway::tests
