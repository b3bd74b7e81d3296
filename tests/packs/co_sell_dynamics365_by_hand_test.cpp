// What an administrator does by hand, with Dynamics 365: docs/co-sell-operations.md.
#include <gtest/gtest.h>

#include "tests/packs/by_hand_report.h"
#include "tests/packs/co_sell_world.h"

namespace tideway::tests {
namespace {

class CoSellByHand : public CoSellWorld {
  protected:
    // Partner Center's events do not come from here on.
    static void miss_events() { must(world().set_deliveries({{"paused", true}})); }

    static void revalue(const Json& half, int value) {
        (void)must(world().edit_deal(string_or(half, "id"), {{"details", {{"dealValue", value}}}}));
    }
};

TEST_F(CoSellByHand, ReconcilingNamesWhatNoEventBroughtAndPutsItRightWhenAsked) {
    const std::string id = synchronized("Reconciled");
    const Json half = own_half_of_row(id);
    miss_events();
    revalue(half, 50000);

    const Json seen = run_by_hand("reconcile", Json::object());
    EXPECT_EQ(string_or(seen, "outcome"), "different");
    EXPECT_EQ(winners(named(seen, "different", id)), "Deal value: partner_center");
    EXPECT_EQ(row(id).at("estimatedvalue"), 12500.25);

    const Json healed = run_by_hand("reconcile", {{"heal", true}});
    EXPECT_EQ(string_or(healed, "outcome"), "updated");
    EXPECT_EQ(named(healed, "different", id).at("healed").at("outcome"), "updated");
    EXPECT_EQ(row(id).at("estimatedvalue"), 50000);

    revalue(half, 60000);
    const Json plan = tried(healed);
    EXPECT_EQ(winners(named(plan, "different", id)), "Deal value: partner_center");
    EXPECT_EQ(row(id).at("estimatedvalue"), 50000) << "a muted run has changed something";
}

TEST_F(CoSellByHand, BackfillLinksBothSidesAndMakesNothing) {
    miss_events();
    const Json half = announce("Backfilled");
    Json old = complete_opportunity("Backfilled");
    old["msft_syncwithpartnercenter"] = false;
    const std::string id = seller_creates(old);
    (void)must(world().edit_deal(string_or(half, "id"), {{"externalReferenceId", id}}));

    const Json run = run_by_hand("backfill", Json::object());
    EXPECT_EQ(named(run, "linked", id).at("by"), "CRM ID");
    EXPECT_EQ(string_or(row(id), "msft_referralidentifier"), string_or(half, "id"));
    must(world().set_deliveries({{"paused", false}}));
    settle();
    EXPECT_EQ(rows_named("Backfilled").size(), 1U);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellByHand, SynchronizingNowBringsADealOfWhichNoEventCame) {
    miss_events();
    const Json half = announce("Synchronized now");
    const Json run = run_by_hand("synchronize_now", {{"record", half.at("id")}});
    EXPECT_EQ(string_or(run, "outcome"), "created");
    EXPECT_EQ(rows_of(string_or(half, "id")).size(), 1U);
}

TEST_F(CoSellByHand, ApplyingAMappingBringsOverOneFieldOfLinkedRecordsOnly) {
    const std::string id = synchronized("Mapping applied");
    const Json half = own_half_of_row(id);
    miss_events();
    revalue(half, 50000);
    const Json edited = {{"details", {{"notes", "In summer."}}}};
    (void)must(world().edit_deal(string_or(half, "id"), edited));

    const Json run = run_by_hand("apply_mapping", {{"fields", {"Notes"}}});
    EXPECT_EQ(string_or(run, "outcome"), "updated") << run;
    EXPECT_EQ(string_or(row(id), "description"), "In summer.");
    EXPECT_EQ(row(id).at("estimatedvalue"), 12500.25);
}

}  // namespace
}  // namespace tideway::tests
