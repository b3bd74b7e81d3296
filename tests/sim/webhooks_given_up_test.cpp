// Six hours without the server: notifications are given up, and nobody does anything about it.
#include "tests/sim/co_sell_simulation.h"

namespace tideway::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr int kDeals = 8;

class SixHoursWithoutTheServer : public CoSellSimulation {
  protected:
    void announce(int from, int to) {
        for (int i = from; i < to; ++i) {
            const Json made = must(world().announce_deal({{"name", "Deal " + std::to_string(i)}}));
            deals_.push_back(string_or(made, "id"));
            go_on(minutes(1));
        }
    }

    void edit_in_partner_center(std::size_t deal) {
        const Json details = {{"dealValue", 1000 + deal}, {"notes", "Changed in the portal."}};
        must(world().edit_deal(deals_[deal], {{"details", details}}));
    }

    void edit_in_crm(std::size_t deal) {
        const Opportunity row = opportunities_by_referral()[deals_[deal]];
        DealFields changed = row.fields;
        changed.value = 2000.0 + static_cast<double>(deal);
        changed.notes = "Changed by the seller.";
        crm().edit(row.id, changed);
        if (row.fields.state == DealState::kHold) {
            crm().move_to(row.id, DealState::kOpen);  // Salesforce waits for that
        }
    }

    std::size_t given_up() {
        std::size_t out = 0;
        const Json sent = partner_center("GET", "/deliveries");
        for (const Json& delivery : sent.at("deliveries")) {
            out += string_or(delivery, "state") == "parked" ? 1U : 0U;
        }
        return out;
    }

    std::size_t caught_up() {
        std::size_t out = 0;
        const Json events = must(world().api().get("/events?limit=500"));
        for (const Json& event : events.at("value")) {
            out += string_or(event, "origin") == "catch-up" ? 1U : 0U;
        }
        return out;
    }

    std::vector<std::string> deals_;
};

TEST_P(SixHoursWithoutTheServer, LeaveAllEqualAfterwardsWithoutACommand) {
    announce(0, kDeals);
    settle(hours(1));
    go_on(minutes(20));
    ASSERT_EQ(unequal(deals_), 0);
    ASSERT_EQ(caught_up(), 0U) << "everything was brought until now";

    world().stop_server();
    announce(kDeals, kDeals + 2);
    for (std::size_t i = 0; i < kDeals; ++i) {
        if (i % 2 == 0) {
            edit_in_partner_center(i);
        } else {
            edit_in_crm(i);
        }
        go_on(minutes(10));
    }
    go_on(hours(6));
    ASSERT_GE(given_up(), kDeals / 2U);
    EXPECT_EQ(unequal(deals_), kDeals + 2);

    must(world().start_server());
    go_on(minutes(15));
    settle(hours(1));
    EXPECT_EQ(unequal(deals_), 0);
    EXPECT_GT(caught_up(), 0U);
    EXPECT_EQ(runs_that_are("Failed,TimedOut,Cancelled,Paused"), 0U);

    // What was found leaves nothing to find.
    const std::size_t found = caught_up();
    go_on(hours(1));
    EXPECT_EQ(caught_up(), found);
}

INSTANTIATE_TEST_SUITE_P(
    CoSell,
    SixHoursWithoutTheServer,
    ::testing::Values(CrmKind::kDynamics365, CrmKind::kSalesforce),
    crm_name
);

}  // namespace
}  // namespace tideway::sim
