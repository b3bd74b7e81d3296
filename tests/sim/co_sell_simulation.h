// The whole program with a co-sell pack in simulated time: server, flows and sandboxes, as the demo
// has them. Nothing happens but between two calls of go_on().
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/dynamics365_crm.h"
#include "tests/sim/salesforce_crm.h"
#include "tests/sim/simulated_process.h"
#include "tests/support/temp_folder.h"

namespace tideway::sim {

enum class CrmKind { kDynamics365, kSalesforce };

inline std::string crm_name(const ::testing::TestParamInfo<CrmKind>& info) {
    return info.param == CrmKind::kDynamics365 ? "Dynamics365" : "Salesforce";
}

// Thread: the test's.
class CoSellSimulation : public ::testing::TestWithParam<CrmKind> {
  protected:
    CoSellSimulation() {
        world_ = must(app::DemoWorld::create(folder_.file("data"), "flows/" + pack(), log_, host_));
        crm_ = make_crm();
        partner_center("POST", "/robot", {{"mode", "manual"}});
        const Json answer = must(world_->api().post("/flows-on", {{"preflight", "skip"}}));
        if (!answer.at("failed").empty()) {
            throw std::runtime_error(dump(answer));
        }
        register_webhook();
        host_->network().set_latency(crm_->port(), std::chrono::milliseconds(80));
        host_->network().set_latency(
            http::parse_url(world_->sandboxes().partner_center_url())->port,
            std::chrono::milliseconds(120)
        );
    }

    Json partner_center(const std::string& method, const std::string& path, const Json& body = {}) {
        return must(world_->partner_center(method, path, body));
    }

    Timestamp now() const { return host_->time().now(); }

    void go_on_until(Timestamp at) { host_->time().go_on({}, at); }

    void go_on(Duration by) { go_on_until(now() + by); }

    // Until no run is open and no notification is on its way.
    void settle(Duration at_most) {
        const Timestamp end = now() + at_most;
        while (!is_settled()) {
            if (now() >= end) {
                throw std::runtime_error(
                    "not settled after " + format_duration(at_most) + ": " + what_is_open()
                );
            }
            go_on(std::chrono::minutes(1));
        }
    }

    // Our halves of all deals, by id.
    std::map<std::string, Json> deals() {
        std::map<std::string, Json> out;
        const Json all = partner_center("GET", "/deals");
        for (const Json& deal : all.at("deals")) {
            if (!is_microsofts(deal)) {
                out[string_or(deal, "id")] = deal;
            }
        }
        return out;
    }

    static DealFields fields_of(const Json& deal) {
        const Json& details = deal.at("details");
        const std::string status = string_or(deal, "status");
        DealFields out;
        out.value = amount(details.at("dealValue"));
        out.notes = string_or(details, "notes");
        out.closing_day = string_or(details, "closingDateTime").substr(0, 10);
        out.state = status == "Active"                      ? DealState::kOpen
                    : status != "Closed"                    ? DealState::kHold
                    : string_or(deal, "substatus") == "Won" ? DealState::kWon
                                                            : DealState::kLost;
        return out;
    }

    std::map<std::string, Opportunity> opportunities_by_referral() {
        std::map<std::string, Opportunity> out;
        for (Opportunity& each : crm().opportunities()) {
            out[each.referral] = std::move(each);
        }
        return out;
    }

    // How many of these deals have no opportunity that says the same.
    int unequal(const std::vector<std::string>& ids) {
        const auto rows = opportunities_by_referral();
        const auto all = deals();
        int out = 0;
        for (const std::string& id : ids) {
            const auto row = rows.find(id);
            const bool is_equal = row != rows.end() && row->second.fields == fields_of(all.at(id));
            out += is_equal ? 0 : 1;
        }
        return out;
    }

    std::size_t runs_that_are(const std::string& statuses) {
        return must(world_->runs("&status=" + statuses)).size();
    }

    // A flow that a person starts, when it has ended.
    Json run_by_hand(const std::string& flow, const Json& input) {
        const std::string path = "/flows/" + pack() + "/" + flow;
        const Json admitted = must(world_->api().post(path + "/run", {{"input", input}}));
        go_on(std::chrono::minutes(2));
        const std::string id = admitted.at("runs").at(0).get<std::string>();
        Json run = must(world_->api().get("/runs/" + id));
        if (string_or(run, "status") != "Succeeded") {
            throw std::runtime_error(dump(run));
        }
        return run;
    }

    static std::string pack() {
        return GetParam() == CrmKind::kDynamics365 ? Dynamics365Crm::kPack : SalesforceCrm::kPack;
    }

    app::DemoWorld& world() { return *world_; }

    SimulatedCrm& crm() { return *crm_; }

    const std::shared_ptr<SimulatedHost>& host() { return host_; }

    SimulatedNetwork& network() { return host_->network(); }

    std::string what_is_open() {
        std::string out;
        for (const Json& run : must(world_->runs("&status=Running,Waiting"))) {
            out += dump(run) + "\n";
        }
        return out.empty() ? "a notification is on its way" : out;
    }

  private:
    static Timestamp monday() { return parse_utc("2026-03-02T06:00:00Z").value(); }

    static std::string receiver() {
        return GetParam() == CrmKind::kDynamics365 ? Dynamics365Crm::kReceiver
                                                   : SalesforceCrm::kReceiver;
    }

    std::unique_ptr<SimulatedCrm> make_crm() {
        if (GetParam() == CrmKind::kDynamics365) {
            return std::make_unique<Dynamics365Crm>(*world_);
        }
        return std::make_unique<SalesforceCrm>(*world_);
    }

    static bool is_microsofts(const Json& deal) {
        const Json& target = deal.at("target");
        return std::ranges::any_of(target, [](const Json& each) {
            return string_or(each, "id") == "msft";
        });
    }

    // Partner Center takes a number, or a text of one.
    static double amount(const Json& value) {
        return value.is_string() ? std::stod(value.get<std::string>()) : value.get<double>();
    }

    void register_webhook() {
        const Json inbound = must(world_->api().get("/flows/" + pack() + "/" + receiver()));
        const Json input = {{"url", string_or(inbound, "trigger_url")}, {"overwrite", true}};
        (void)run_by_hand("webhook_registration", input);
    }

    bool is_settled() {
        const Json sent = partner_center("GET", "/deliveries");
        for (const Json& each : sent.at("deliveries")) {
            if (string_or(each, "state") == "waiting") {
                return false;
            }
        }
        return !crm_->is_telling() && runs_that_are("Running,Waiting") == 0;
    }

    tests::TempFolder folder_;
    LivingLog log_;
    std::shared_ptr<SimulatedHost> host_ = std::make_shared<SimulatedHost>(monday());
    std::unique_ptr<app::DemoWorld> world_;
    std::unique_ptr<SimulatedCrm> crm_;
};

}  // namespace tideway::sim
