// The solutions of an opportunity in rows of the table Microsoft Solutions, against the sandboxes.
#include <gmock/gmock.h>

#include "tests/packs/co_sell_world.h"
#include "tests/packs/solution_rows.h"
#include "tests/packs/tool_runs.h"

namespace tideway::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr const char* kTable = "msft_microsoftsolutions";
constexpr const char* kSetUp = "co_sell_dynamics365/set_up_crm_columns";
constexpr const char* kSolutionFlow = "dynamics365_microsoft_solution_to_partner_center";

class SolutionRows : public CoSellWorld {
  protected:
    static void SetUpTestSuite() {
        copies_ = std::make_unique<TempFolder>();
        copy_with_solution_rows(
            copies_->path().string(),
            "co_sell_dynamics365",
            {{"table", "msft_microsoftsolution"},
             {"parent", "msft_opportunityid"},
             {"column", "msft_name"}}
        );
        open("co_sell_dynamics365", "partner_center_to_dynamics365", copies_->path().string());
    }

    static void TearDownTestSuite() {
        CoSellWorld::TearDownTestSuite();
        copies_.reset();
    }

    static std::string seller_adds(const std::string& opportunity, const std::string& solution) {
        const std::string id = seller_creates(
            {{"msft_name", solution},
             {"msft_opportunityid@odata.bind", "/opportunities(" + opportunity + ")"}},
            kTable
        );
        settle();
        return id;
    }

    static void seller_deletes(const std::string& row) {
        (void)must(world().seller("DELETE", std::string("/") + kTable + "(" + row + ")", {}));
        settle();
    }

    // Without the column of the delivered mapping.
    static Json opportunity(const std::string& name, bool is_synchronized) {
        Json row = complete_opportunity(name);
        row.erase("msft_products");
        row["msft_syncwithpartnercenter"] = is_synchronized;
        return row;
    }

    // An opportunity with one solution that is in Partner Center, and the row of that.
    static std::pair<std::string, std::string> synchronized_with(
        const std::string& name, const std::string& solution
    ) {
        const std::string id = seller_creates(opportunity(name, false));
        const std::string row = seller_adds(id, solution);
        seller_edits(id, {{"msft_syncwithpartnercenter", true}});
        settle();
        return {id, row};
    }

    static std::vector<std::string> solutions_of_deal(const std::string& opportunity) {
        return ids_of(own_half_of_row(opportunity).at("details").at("requirements").at("solutions")
        );
    }

    static std::vector<std::string> rows_in_crm(const std::string& opportunity) {
        const Json all = must(dataverse("GET", "/rows/msft_microsoftsolution"));
        std::vector<std::string> out;
        for (const Json& each : all.at("rows")) {
            if (string_or(each.at("msft_opportunityid"), "id") == opportunity) {
                out.push_back(string_or(each, "msft_name"));
            }
        }
        return out;
    }

  private:
    static std::unique_ptr<TempFolder> copies_;
};

std::unique_ptr<TempFolder> SolutionRows::copies_;

TEST_F(SolutionRows, TheFirstOneMakesTheDealAndAuditAsksForItBefore) {
    const std::string id = seller_creates(opportunity("F7 first", true));
    settle();
    EXPECT_TRUE(own_half_of_row(id).is_null());
    EXPECT_THAT(audit_of(id), HasSubstr("Solution ID is required"));
    (void)seller_adds(id, "SOL-20001-XYZ");
    ASSERT_FALSE(own_half_of_row(id).is_null()) << audit_of(id);
    EXPECT_THAT(solutions_of_deal(id), ElementsAre("SOL-20001-XYZ"));
}

TEST_F(SolutionRows, ThatAreAddedAndChangedAreThoseOfTheDeal) {
    const std::string id = synchronized_with("F7 added", "SOL-20001-XYZ").first;
    const std::string second = seller_adds(id, "SOL-30002-ABC");
    EXPECT_THAT(solutions_of_deal(id), UnorderedElementsAre("SOL-20001-XYZ", "SOL-30002-ABC"));
    (void)must(world().seller(
        "PATCH", std::string("/") + kTable + "(" + second + ")", {{"msft_name", "SOL-40003-DEF"}}
    ));
    settle();
    EXPECT_THAT(solutions_of_deal(id), UnorderedElementsAre("SOL-20001-XYZ", "SOL-40003-DEF"));
    EXPECT_EQ(failures(), "");
}

TEST_F(SolutionRows, OneThatIsReplacedByAnotherIsReplacedInPartnerCenter) {
    const auto [id, row] = synchronized_with("A14 rows", "SOL-20001-XYZ");
    const std::string other = synchronized_with("A14 other", "SOL-20001-XYZ").first;
    (void)seller_adds(id, "SOL-30002-ABC");
    forget_writes();
    seller_deletes(row);
    EXPECT_THAT(solutions_of_deal(id), ElementsAre("SOL-30002-ABC"));
    EXPECT_THAT(solutions_of_deal(other), ElementsAre("SOL-20001-XYZ"));
    EXPECT_EQ(referral_writes("PATCH"), 1);
    EXPECT_EQ(outcomes(kSolutionFlow).count("updated"), 2U);
    EXPECT_EQ(failures(), "");
}

TEST_F(SolutionRows, TheLastOneIsNotTakenAwayAndAuditSaysSo) {
    const auto [id, row] = synchronized_with("A14 last row", "SOL-20001-XYZ");
    seller_deletes(row);
    EXPECT_THAT(solutions_of_deal(id), ElementsAre("SOL-20001-XYZ"));
    EXPECT_THAT(audit_of(id), HasSubstr("Solutions are empty in the CRM"));
    EXPECT_EQ(failures(), "");
    (void)seller_adds(id, "SOL-30002-ABC");
    EXPECT_THAT(solutions_of_deal(id), ElementsAre("SOL-30002-ABC"));
}

TEST_F(SolutionRows, ADealOfThePortalGetsItsRowsAndNothingComesBack) {
    const Json made = announce("F7 inbound");
    const std::string id = string_or(row_of_new_deal(made), "opportunityid");
    const Json solutions = made.at("details").at("requirements").at("solutions");
    EXPECT_EQ(rows_in_crm(id), ids_of(solutions));
    forget_writes();
    seller_edits(id, {{"msft_syncwithpartnercenter", true}});
    settle();
    EXPECT_EQ(referral_writes("PATCH"), 0);
    EXPECT_EQ(outcomes(kSolutionFlow).count("updated"), 0U);
    EXPECT_EQ(failures(), "");
}

TEST_F(SolutionRows, HaveTheirTableMadeOnceByTheSetUp) {
    (void)must(dataverse("POST", "/solution", {{"installed", false}}));
    const Json plan = run_of_tool(world(), kSetUp, "muted");
    // 7 columns of two tables, a key of each, the section, the view; the table and its lookup.
    EXPECT_EQ(states_of(plan), (std::map<std::string, int>{{"made", 20}}))
        << dump(plan.at("output"));
    const Json first = run_of_tool(world(), kSetUp);
    EXPECT_EQ(states_of(first), (std::map<std::string, int>{{"made", 20}}))
        << string_or(first, "headline");
    const Json second = run_of_tool(world(), kSetUp);
    EXPECT_EQ(string_or(second, "outcome"), "no change") << dump(second.at("output"));
    const auto problems = problems_of(run_of_tool(world(), "co_sell_dynamics365/preflight"));
    EXPECT_EQ(problems.count("Field Solutions"), 0U);
    (void)must(dataverse("POST", "/solution", {{"installed", true}}));
}

}  // namespace
}  // namespace tideway::tests
