// The whole program with the co-sell pack in simulated time: server, flows and both sandboxes, as
// the demo has them. Nothing happens but between two calls of go_on().
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

#include "engine/app/demo_world.h"
#include "tests/sim/simulated_host.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

namespace tideway::sim {

using tests::must;

// Thread: the test's.
class CoSellSimulation : public ::testing::Test {
  protected:
    CoSellSimulation() {
        world_ = must(
            app::DemoWorld::create(folder_.file("data"), "flows/co_sell_dynamics365", log_, host_)
        );
        partner_center("POST", "/robot", {{"mode", "manual"}});
        const Json answer = must(world_->api().post("/flows-on", {{"preflight", "skip"}}));
        if (!answer.at("failed").empty()) {
            throw std::runtime_error(dump(answer));
        }
        register_webhook();
        crm_port_ = http::parse_url(world_->sandboxes().dataverse_url())->port;
        host_->network().set_latency(crm_port_, std::chrono::milliseconds(80));
        host_->network().set_latency(
            http::parse_url(world_->sandboxes().partner_center_url())->port,
            std::chrono::milliseconds(120)
        );
    }

    Json partner_center(const std::string& method, const std::string& path, const Json& body = {}) {
        return must(world_->partner_center(method, path, body));
    }

    Json dataverse(const std::string& method, const std::string& path, const Json& body = {}) {
        return must(world_->dataverse(method, path, body));
    }

    Timestamp now() const { return host_->time().now(); }

    void go_on_until(Timestamp at) { host_->time().go_on({}, at); }

    void go_on(Duration by) { go_on_until(now() + by); }

    // Until no run is open and no notification is on its way.
    void settle(Duration at_most) {
        const Timestamp end = now() + at_most;
        while (!is_settled()) {
            if (now() >= end) {
                throw std::runtime_error("not settled after " + format_duration(at_most));
            }
            go_on(std::chrono::minutes(1));
        }
    }

    std::map<std::string, Json> rows_by_referral() {
        std::map<std::string, Json> out;
        const Json all = dataverse("GET", "/rows/opportunity");
        for (const Json& row : all.at("rows")) {
            out[string_or(row, "msft_referralidentifier")] = row;
        }
        return out;
    }

    // How many of these deals have a row that does not say what the deal says.
    int unequal(const std::vector<std::string>& deals) {
        const auto rows = rows_by_referral();
        const std::set<std::string> ours(deals.begin(), deals.end());
        int out = 0;
        const Json all = partner_center("GET", "/deals");
        for (const Json& deal : all.at("deals")) {
            if (!ours.contains(string_or(deal, "id"))) {
                continue;  // Microsoft's half
            }
            const auto row = rows.find(string_or(deal, "id"));
            const Json& details = deal.at("details");
            const bool is_equal =
                row != rows.end() &&
                row->second.value("estimatedvalue", Json()) == details.value("dealValue", Json()) &&
                row->second.value("description", Json()) == details.value("notes", Json());
            out += is_equal ? 0 : 1;
        }
        return out;
    }

    std::size_t runs_that_are(const std::string& statuses) {
        return must(world_->runs("&status=" + statuses)).size();
    }

    app::DemoWorld& world() { return *world_; }

    SimulatedNetwork& network() { return host_->network(); }

    int crm_port() const { return crm_port_; }

  private:
    static Timestamp monday() { return parse_utc("2026-03-02T06:00:00Z").value(); }

    void register_webhook() {
        const std::string flows = "/flows/co_sell_dynamics365/";
        const Json inbound = must(world_->api().get(flows + "partner_center_to_dynamics365"));
        const Json input = {{"url", string_or(inbound, "trigger_url")}, {"overwrite", true}};
        const Json admitted =
            must(world_->api().post(flows + "webhook_registration/run", {{"input", input}}));
        go_on(std::chrono::minutes(2));
        const std::string id = admitted.at("runs").at(0).get<std::string>();
        const Json run = must(world_->api().get("/runs/" + id));
        if (string_or(run, "status") != "Succeeded") {
            throw std::runtime_error(dump(run));
        }
    }

    bool is_settled() {
        const Json sent = partner_center("GET", "/deliveries");
        for (const Json& each : sent.at("deliveries")) {
            if (string_or(each, "state") == "waiting") {
                return false;
            }
        }
        return int_or(dataverse("GET", "/deliveries"), "pending", 0) == 0 &&
               runs_that_are("Running,Waiting") == 0;
    }

    tests::TempFolder folder_;
    StderrLog log_{LogLevel::kError};
    std::shared_ptr<SimulatedHost> host_ = std::make_shared<SimulatedHost>(monday());
    std::unique_ptr<app::DemoWorld> world_;
    int crm_port_ = 0;
};

}  // namespace tideway::sim
