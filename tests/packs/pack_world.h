// One world for a suite: the real server with a co-sell pack turned on and registered, against the
// sandboxes of Partner Center and the CRM. Microsoft acts only when a test says so.
#pragma once

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/app/demo_world.h"
#include "engine/base/log.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

namespace tideway::tests {

// Thread: the test's. Every helper blocks, and ends the test when it cannot do its work.
class PackWorld : public testing::Test {
  protected:
    // For a fixture's SetUpTestSuite. `receiver` is the flow that Partner Center's events start;
    // the pack is that of a folder, as it is delivered unless it is said where.
    static void open(
        const std::string& pack, const std::string& receiver, const std::string& folder = "flows"
    ) {
        pack_ = pack;
        receiver_ = receiver;
        folder_ = std::make_unique<TempFolder>();
        world_ = must(app::DemoWorld::create(folder_->file("data"), folder + "/" + pack, log_));
        (void)must(world_->partner_center("POST", "/robot", {{"mode", "manual"}}));
        const Json answer = must(world_->api().post("/flows-on", {{"preflight", "skip"}}));
        if (!answer.at("failed").empty()) {
            throw std::runtime_error(dump(answer));
        }
        const Json run = register_url(trigger_url(), true);
        if (string_or(run, "status") != "Succeeded") {
            throw std::runtime_error(dump(run));
        }
    }

    static void TearDownTestSuite() {
        world_.reset();
        folder_.reset();
    }

    void SetUp() override {
        settle();
        mark_ = must(newest_run());
        (void)must(partner_center("DELETE", "/writes"));
        (void)must(dataverse("DELETE", "/writes"));
    }

    void TearDown() override {
        (void)must(partner_center("DELETE", "/faults"));
        (void)must(dataverse("DELETE", "/faults"));
        must(world_->set_deliveries({{"paused", false}, {"duplicates", 0}, {"delay_ms", 0}}));
        (void)must(dataverse("POST", "/lag", {{"paused", false}}));
        settle();
    }

    static Result<Json> partner_center(
        const std::string& method, const std::string& path, const Json& body = {}
    ) {
        return world_->partner_center(method, path, body);
    }

    static Result<Json> dataverse(
        const std::string& method, const std::string& path, const Json& body = {}
    ) {
        return world_->dataverse(method, path, body);
    }

    static std::string trigger_url() {
        return string_or(
            must(world_->api().get("/flows/" + pack_ + "/" + receiver_)), "trigger_url"
        );
    }

    static Json register_url(const std::string& url, bool overwrite) {
        return run_registration({{"url", url}, {"overwrite", overwrite}});
    }

    static Json run_registration(const Json& input) {
        return run_by_hand("webhook_registration", input);
    }

    // A flow that a person starts, when it has ended.
    static Json run_by_hand(const std::string& flow, const Json& input) {
        const std::string path = "/flows/" + pack_ + "/" + flow + "/run";
        return finished(must(world_->api().post(path, {{"input", input}})));
    }

    // The same run again, without effects.
    static Json tried(const Json& run) {
        return finished(must(world_->api().post("/runs/" + string_or(run, "id") + "/try")));
    }

    // Nothing is on its way: no notification waits to be delivered and no run is open, but those
    // that wait for a person, twice in a row (a delivery is answered only after its run is stored,
    // so nothing hides in between).
    static void settle() {
        int quiet = 0;
        std::string newest;
        const auto is_over = world_->wait_for<bool>("quiet", [&]() -> Result<std::optional<bool>> {
            TIDEWAY_TRY_ASSIGN(const bool before, deliveries_wait());
            TIDEWAY_TRY_ASSIGN(const auto open, runs_under_way());
            TIDEWAY_TRY_ASSIGN(const std::string id, newest_run());
            TIDEWAY_TRY_ASSIGN(const bool after, deliveries_wait());
            const bool is_quiet = !before && !after && open.empty() && id == newest;
            newest = id;
            quiet = is_quiet ? quiet + 1 : 0;
            return quiet >= 2 ? std::optional<bool>(true) : std::nullopt;
        });
        if (!is_over) {
            throw std::runtime_error(is_over.error().text() + " " + what_is_open());
        }
    }

    // --- what happened since the test began
    std::vector<Json> runs(const std::string& flow = {}, const std::string& status = {}) const {
        std::vector<Json> out;
        for (const Json& run : must(world_->runs(""))) {
            if (string_or(run, "id") == mark_) {
                break;
            }
            const bool is_flow = flow.empty() || string_or(run, "flow") == pack_ + "/" + flow;
            if (is_flow && (status.empty() || string_or(run, "status") == status)) {
                out.push_back(run);
            }
        }
        return out;
    }

    std::string failures() const {
        std::string out;
        for (const Json& run : runs("", "Failed")) {
            out += string_or(run, "flow") + ": " + string_or(run, "headline") + "\n";
        }
        return out;
    }

    std::multiset<std::string> outcomes(const std::string& flow) const {
        std::multiset<std::string> out;
        for (const Json& run : runs(flow)) {
            out.insert(string_or(run, "outcome"));
        }
        return out;
    }

    static Json resubmit(const std::string& id) {
        return finished(must(world_->api().post("/runs/" + id + "/resubmit")));
    }

    static app::DemoWorld& world() { return *world_; }

  private:
    static Json finished(const Json& admitted) {
        return must(world_->finished_run(admitted.at("runs").at(0).get<std::string>()));
    }

    // "none" before the first one.
    static Result<std::string> newest_run() {
        TIDEWAY_TRY_ASSIGN(const Json page, world_->api().get("/runs?limit=1"));
        const Json& runs = page.at("value");
        return runs.empty() ? std::string("none") : string_or(runs.front(), "id");
    }

    static Result<std::vector<Json>> runs_under_way() {
        TIDEWAY_TRY_ASSIGN(auto open, world_->runs("&status=Running,Waiting"));
        if (!open.empty()) {
            TIDEWAY_TRY_ASSIGN(const Json asked, world_->api().get("/decisions"));
            std::erase_if(open, [&asked](const Json& run) {
                const Json& all = asked.at("value");
                return std::any_of(all.begin(), all.end(), [&run](const Json& decision) {
                    return string_or(decision, "run") == string_or(run, "id");
                });
            });
        }
        return open;
    }

    static std::string what_is_open() {
        std::string out;
        for (const Json& run : must(runs_under_way())) {
            out += dump(run) + "\n";
        }
        return out.empty() ? "A notification is not delivered." : out;
    }

    static Result<bool> deliveries_wait() {
        TIDEWAY_TRY_ASSIGN(const Json theirs, partner_center("GET", "/deliveries"));
        for (const Json& delivery : theirs.value("deliveries", Json::array())) {
            if (string_or(delivery, "state") == "waiting") {
                return true;
            }
        }
        TIDEWAY_TRY_ASSIGN(const Json ours, dataverse("GET", "/deliveries"));
        return int_or(ours, "pending", 0) > 0;
    }

    static inline std::string pack_;
    static inline std::string receiver_;
    static inline std::unique_ptr<TempFolder> folder_;
    static inline std::unique_ptr<app::DemoWorld> world_;
    static inline StderrLog log_{LogLevel::kError};
    std::string mark_;
};

}  // namespace tideway::tests
