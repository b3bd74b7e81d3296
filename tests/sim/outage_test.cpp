// Six hours without the CRM, while the portal goes on changing deals.
#include <algorithm>
#include <iostream>
#include <map>

#include "tests/sim/co_sell_simulation.h"

namespace tideway::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kOutage = hours(6);

// Five failures open the outage; then probes after 5 s, 10 s .. 160 s and every 5 minutes: 80. Each
// trigger that catches up asks every ten minutes and counts as a probe, or waits with the others.
constexpr int kRequestsInOutageMax = 120;

// Two runs a record are left (one that had begun, one with the latest event), each with three
// requests: find the row, who are we, write it.
constexpr int requests_at_release_max(int records) {
    return records * 2 * 3 + 20;
}

// 64 runs are let go in a second, and make their three requests within it.
constexpr int kRequestsInASecondMax = 64 * 3 + 20;

class SixHourOutage : public CoSellSimulation {
  protected:
    SixHourOutage()
        : crm_port_(crm().port()) {
        network().watch([this](int port, const http::ServerRequest& request, int status) {
            if (port == crm_port_ && request.path.starts_with(crm().api_path())) {
                note(request, status);
            }
        });
    }

    ~SixHourOutage() override { network().watch({}); }  // answers end with the world

    struct Traffic {
        int requests = 0;
        int in_a_second = 0;  // the most
        Timestamp last_write;
    };

    Traffic take_traffic() { return std::exchange(traffic_, {}); }

    void make_deals() {
        for (int i = 0; i < records_; ++i) {
            const Json made = must(world().announce_deal({{"name", "Deal " + std::to_string(i)}}));
            deals_.push_back(string_or(made, "id"));
            go_on(seconds(2));
        }
        settle(hours(1));
    }

    // One change of a deal after the other, each with its notification.
    void edit_deals(Duration within) {
        const Timestamp begin = now();
        for (int i = 0; i < events_; ++i) {
            const Json details = {
                {"dealValue", 1000 + i}, {"notes", "Change " + std::to_string(i)}};
            must(world().edit_deal(
                deals_[static_cast<std::size_t>(i % records_)], {{"details", details}}
            ));
            go_on_until(begin + within * (i + 1) / events_);
        }
    }

    void break_crm() {
        crm().add_fault(
            {{"kind", "status"},
             {"status", 503},
             {"path", crm().api_path() + "*"},
             {"count", 1'000'000}}
        );
    }

    // The numbers with Dynamics 365 are those of docs/decisions/0024.
    const int records_ = GetParam() == CrmKind::kDynamics365 ? 300 : 60;
    const int events_ = GetParam() == CrmKind::kDynamics365 ? 10'000 : 2'000;

    int unequal() { return CoSellSimulation::unequal(deals_); }

    std::map<std::string, int> writes_by_row() {
        std::map<std::string, int> out;
        for (const SyncWrite& write : crm().take_writes()) {
            ++out[write.record];
        }
        return out;
    }

  private:
    void note(const http::ServerRequest& request, int status) {
        ++traffic_.requests;
        const auto second = std::chrono::floor<seconds>(now());
        in_this_second_ = second == second_ ? in_this_second_ + 1 : 1;
        second_ = second;
        traffic_.in_a_second = std::max(traffic_.in_a_second, in_this_second_);
        if (request.method == "PATCH" && status < 300) {
            traffic_.last_write = now();
        }
    }

    int crm_port_;
    std::vector<std::string> deals_;
    Traffic traffic_;
    Timestamp second_;
    int in_this_second_ = 0;
};

TEST_P(SixHourOutage, FailsNoRunMakesNoStormAndLosesNoChange) {
    make_deals();
    ASSERT_EQ(unequal(), 0);
    (void)crm().take_writes();
    (void)take_traffic();

    break_crm();
    edit_deals(kOutage);
    const Traffic during = take_traffic();
    EXPECT_LE(during.requests, kRequestsInOutageMax);
    EXPECT_EQ(unequal(), records_);

    crm().mend();
    const Timestamp recovered = now();
    settle(hours(2));
    const Traffic after = take_traffic();
    EXPECT_EQ(unequal(), 0);
    EXPECT_EQ(runs_that_are("Failed,TimedOut,Cancelled,Paused"), 0U);
    EXPECT_LE(after.requests, requests_at_release_max(records_));
    EXPECT_LE(after.in_a_second, kRequestsInASecondMax);
    for (const auto& [row, writes] : writes_by_row()) {
        EXPECT_LE(writes, 2) << row << ": once for what had begun, once for the latest change";
    }
    std::cout << events_ << " events for " << records_ << " records in " << format_duration(kOutage)
              << " without the CRM: " << during.requests << " requests meanwhile, "
              << after.requests << " afterwards, at most " << after.in_a_second
              << " in a second; all equal " << format_duration(after.last_write - recovered)
              << " after it was back\n";
}

INSTANTIATE_TEST_SUITE_P(
    CoSell, SixHourOutage, ::testing::Values(CrmKind::kDynamics365, CrmKind::kSalesforce), crm_name
);

}  // namespace
}  // namespace tideway::sim
