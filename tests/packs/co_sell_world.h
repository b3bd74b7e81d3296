// One world for a suite: the real server with the co-sell pack turned on and registered, against
// the sandboxes of Partner Center and Dynamics 365. Microsoft acts only when a test says so.
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
#include "tests/support/temp_folder.h"

namespace tideway::tests {

inline constexpr const char* kFabrikam = "a0000000-0000-4000-8000-000000000001";
inline constexpr const char* kRobin = "d0000000-0000-4000-8000-000000000001";
inline constexpr const char* kPackPath = "/flows/co_sell_dynamics365/";
inline constexpr const char* kReferrals = "/v1.0/engagements/referrals";
inline constexpr int kHelpWithQuotes = 861980003;
inline constexpr int kInProgress = 1;
inline constexpr int kOnHold = 2;
inline constexpr int kOpen = 0;
inline constexpr int kWon = 1;
inline constexpr int kLost = 2;

// The value, or the end of the test with the error's text.
template <typename Value>
Value must(Result<Value> result) {
    if (!result) {
        throw std::runtime_error(result.error().code + ": " + result.error().text());
    }
    return std::move(*result);
}

inline void must(const Status& status) {
    if (!status) {
        throw std::runtime_error(status.error().code + ": " + status.error().text());
    }
}

inline std::string currency_bind(int number) {
    return "/transactioncurrencies(c0000000-0000-4000-8000-00000000000" + std::to_string(number) +
           ")";
}

// Thread: the test's. Every helper blocks, and ends the test when it cannot do its work.
class CoSellWorld : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        folder_ = std::make_unique<TempFolder>();
        world_ = must(app::DemoWorld::create(folder_->file("data"), kPackFolder, log_));
        (void)must(world_->partner_center("POST", "/robot", {{"mode", "manual"}}));
        const Json answer = must(world_->api().post("/flows-on"));
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
            must(world_->api().get(std::string(kPackPath) + "partner_center_to_dynamics365")),
            "trigger_url"
        );
    }

    static Json register_url(const std::string& url, bool overwrite) {
        return run_registration({{"url", url}, {"overwrite", overwrite}});
    }

    static Json run_registration(const Json& input) {
        const Json admitted = must(world_->api().post(
            std::string(kPackPath) + "webhook_registration/run", {{"input", input}}
        ));
        return must(world_->finished_run(admitted.at("runs").at(0).get<std::string>()));
    }

    // Nothing is on its way: no notification waits to be delivered and no run is open, twice in a
    // row (a delivery is answered only after its run is stored, so nothing hides in between).
    static void settle() {
        int quiet = 0;
        std::string newest;
        const auto is_over = world_->wait_for<bool>("quiet", [&]() -> Result<std::optional<bool>> {
            TIDEWAY_TRY_ASSIGN(const bool before, deliveries_wait());
            TIDEWAY_TRY_ASSIGN(const auto open, world_->runs("&status=Running,Waiting"));
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

    // --- Dynamics 365
    static Json complete_opportunity(const std::string& name) {
        return {
            {"name", name},
            {"estimatedvalue", 12500.25},
            {"estimatedclosedate", "2027-05-31"},
            {"description", "Wants a pilot."},
            {"isrevenuesystemcalculated", false},
            {"transactioncurrencyid@odata.bind", currency_bind(1)},
            {"parentaccountid@odata.bind", std::string("/accounts(") + kFabrikam + ")"},
            {"parentcontactid@odata.bind", std::string("/contacts(") + kRobin + ")"},
            {"msft_products", "SOL-20001-XYZ"},
            {"msft_howcanmicrosofthelp", kHelpWithQuotes},
            {"msft_syncwithpartnercenter", true}};
    }

    static std::string seller_creates(const Json& row, const std::string& set = "opportunities") {
        const Json made = must(world_->seller("POST", "/" + set, row));
        const std::string entity = string_or(made, "entity");
        return entity.substr(entity.rfind('(') + 1, 36);
    }

    static void seller_edits(const std::string& id, const Json& changes) {
        (void)must(world_->seller("PATCH", "/opportunities(" + id + ")", changes));
    }

    static void seller_closes(const std::string& action, const std::string& id, int status) {
        const std::string close = "Microsoft.Dynamics.CRM.opportunityclose";
        (void)must(world_->seller(
            "POST",
            "/" + action,
            {{"Status", status},
             {"OpportunityClose",
              {{"@odata.type", close},
               {"subject", "Closed by the seller"},
               {"opportunityid@odata.bind", "/opportunities(" + id + ")"}}}}
        ));
    }

    static Json row(const std::string& id) {
        const auto rows = must(world_->opportunities("opportunityid", id));
        return rows.empty() ? Json() : rows.front();
    }

    static std::vector<Json> rows_of(const std::string& referral) {
        return must(world_->opportunities("msft_referralidentifier", referral));
    }

    static std::vector<Json> rows_named(const std::string& name) {
        return must(world_->opportunities("name", name));
    }

    static std::string audit_of(const std::string& id) { return string_or(row(id), "msft_audit"); }

    // --- Partner Center
    static Json deal(const std::string& id) { return must(partner_center("GET", "/deals/" + id)); }

    static std::vector<Json> halves_of_row(const std::string& opportunity) {
        std::vector<Json> out;
        const Json all = must(world_->deals());
        for (const Json& each : all.at("deals")) {
            if (string_or(each, "externalReferenceId") == opportunity) {
                out.push_back(each);
            }
        }
        return out;
    }

    static bool is_microsofts(const Json& half) {
        const Json& target = half.at("target");
        return std::any_of(target.begin(), target.end(), [](const Json& each) {
            return string_or(each, "id") == "msft";
        });
    }

    static Json own_half_of_row(const std::string& opportunity) {
        for (const Json& each : halves_of_row(opportunity)) {
            if (!is_microsofts(each)) {
                return each;
            }
        }
        return Json();
    }

    static Json announce(const std::string& name, const Json& details = Json::object()) {
        Json all = {
            {"dealValue", 42000},
            {"currency", "EUR"},
            {"closingDateTime", "2027-03-31T00:00:00Z"},
            {"notes", "Wants a pilot in spring."}};
        all.update(details);
        return must(world_->announce_deal({{"name", name}, {"details", all}}));
    }

    // The row that a deal of the portal became, after all its echoes.
    static Json row_of_new_deal(const Json& made) {
        settle();
        const auto rows = rows_of(string_or(made, "id"));
        if (rows.size() != 1) {
            throw std::runtime_error(std::to_string(rows.size()) + " opportunities for the deal");
        }
        return rows.front();
    }

    // An opportunity that is in Partner Center, after all its echoes.
    static std::string synchronized(const std::string& name, const Json& changes = Json::object()) {
        Json row = complete_opportunity(name);
        row.update(changes);
        const std::string id = seller_creates(row);
        settle();
        if (own_half_of_row(id).is_null()) {
            throw std::runtime_error("no referral was made: " + audit_of(id));
        }
        return id;
    }

    // --- what happened since the test began
    std::vector<Json> runs(const std::string& flow = {}, const std::string& status = {}) const {
        std::vector<Json> out;
        for (const Json& run : must(world_->runs(""))) {
            if (string_or(run, "id") == mark_) {
                break;
            }
            const bool is_flow =
                flow.empty() || string_or(run, "flow") == "co_sell_dynamics365/" + flow;
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
        const Json admitted = must(world_->api().post("/runs/" + id + "/resubmit"));
        return must(world_->finished_run(admitted.at("runs").at(0).get<std::string>()));
    }

    // Writes to referrals that Partner Center accepted, by method.
    static int referral_writes(const std::string& method) {
        const Json writes = must(partner_center("GET", "/writes")).at("writes");
        return static_cast<int>(std::count_if(writes.begin(), writes.end(), [&](const Json& w) {
            return string_or(w, "method") == method && int_or(w, "status", 0) < 300 &&
                   string_or(w, "path").starts_with(kReferrals);
        }));
    }

    static void forget_writes() {
        (void)must(partner_center("DELETE", "/writes"));
        (void)must(dataverse("DELETE", "/writes"));
    }

    static Json opportunity_writes() {
        Json out = Json::array();
        for (const Json& write : must(dataverse("GET", "/writes")).at("writes")) {
            if (string_or(write, "table") == "opportunity") {
                out.push_back(write);
            }
        }
        return out;
    }

    static app::DemoWorld& world() { return *world_; }

  private:
    static constexpr const char* kPackFolder = "flows/co_sell_dynamics365";

    // "none" before the first one.
    static Result<std::string> newest_run() {
        TIDEWAY_TRY_ASSIGN(const Json page, world_->api().get("/runs?limit=1"));
        const Json& runs = page.at("value");
        return runs.empty() ? std::string("none") : string_or(runs.front(), "id");
    }

    static std::string what_is_open() {
        std::string out;
        for (const Json& run : must(world_->runs("&status=Running,Waiting"))) {
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

    static inline std::unique_ptr<TempFolder> folder_;
    static inline std::unique_ptr<app::DemoWorld> world_;
    static inline StderrLog log_{LogLevel::kError};
    std::string mark_;
};

}  // namespace tideway::tests
