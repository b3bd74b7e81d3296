// What an administrator does by hand, with Salesforce: docs/co-sell-operations.md.
#include <gtest/gtest.h>

#include "tests/packs/by_hand_report.h"
#include "tests/packs/salesforce_world.h"

namespace tideway::tests {
namespace {

class SalesforceByHand : public SalesforceWorld {
  protected:
    // Partner Center's events do not come from here on.
    static void miss_events() { must(world().set_deliveries({{"paused", true}})); }
};

TEST_F(SalesforceByHand, ReconcilingNamesWhatNoEventBroughtAndPutsItRightWhenAsked) {
    const std::string id = synchronized("Reconciled");
    const Json half = own_half_of_row(id);
    miss_events();
    const Json edited = {{"details", {{"dealValue", 50000}}}};
    (void)must(world().edit_deal(string_or(half, "id"), edited));

    const Json seen = run_by_hand("reconcile", Json::object());
    EXPECT_EQ(winners(named(seen, "different", id)), "Deal value: partner_center");
    EXPECT_EQ(opportunity(id).at("Amount"), 12500.25);

    const Json healed = run_by_hand("reconcile", {{"heal", true}});
    EXPECT_EQ(named(healed, "different", id).at("healed").at("outcome"), "updated");
    EXPECT_EQ(opportunity(id).at("Amount"), 50000);
}

TEST_F(SalesforceByHand, BackfillLinksBothSidesAndMakesNothing) {
    miss_events();
    const Json half = announce("Backfilled");
    const std::string id = draft("Backfilled");
    (void)must(world().edit_deal(string_or(half, "id"), {{"externalReferenceId", id}}));

    const Json run = run_by_hand("backfill", Json::object());
    EXPECT_EQ(named(run, "linked", id).at("by"), "CRM ID");
    must(world().set_deliveries({{"paused", false}}));
    settle();
    ASSERT_EQ(opportunities_of(half).size(), 1U);
    EXPECT_EQ(string_or(opportunities_of(half).front(), "Id"), id);
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceByHand, SynchronizingNowBringsADealOfWhichNoEventCame) {
    miss_events();
    const Json half = announce("Synchronized now");
    const Json run = run_by_hand("synchronize_now", {{"record", half.at("id")}});
    EXPECT_EQ(string_or(run, "outcome"), "created");
    EXPECT_EQ(opportunities_of(half).size(), 1U);
}

}  // namespace
}  // namespace tideway::tests
