// Dynamics 365: it tells the server of every save by a callback.
#include "engine/http/url.h"
#include "tests/crash/crm.h"

namespace tideway::tests {
namespace {

constexpr const char* kSeller = "jamie.reding@contoso.com";
constexpr const char* kAccount = "a0000000-0000-4000-8000-000000000001";  // Fabrikam, of the seed
constexpr const char* kContact = "d0000000-0000-4000-8000-000000000001";
constexpr const char* kDollar = "c0000000-0000-4000-8000-000000000001";
constexpr int kHelpWithQuotes = 861980003;

class Dynamics365 final : public Crm {
  public:
    Dynamics365(const app::Sandboxes& sandboxes, SandboxCalls& calls)
        : sandboxes_(sandboxes),
          calls_(calls) {}

    const Pack& pack() const override { return pack_; }

    const CrmRequests& requests() const override { return requests_; }

    Result<Json> control(const std::string& method, const std::string& path, const Json& body)
        override {
        return calls_.send(method, sandboxes_.dataverse_url() + "/sandbox" + path, body);
    }

    Status begin() override {
        for (const char* what : {"/faults", "/writes", "/deliveries", "/rows/opportunity"}) {
            TIDEWAY_TRY(control("DELETE", what, {}));
        }
        return {};
    }

    Status end_sign_ins_after(std::chrono::seconds lifetime) override {
        const std::string identity = sandboxes_.partner_center_url() + "/sandbox/identity";
        TIDEWAY_TRY(calls_.send("POST", identity, {{"token_lifetime_s", lifetime.count()}}));
        return {};
    }

    Result<std::string> new_opportunity(const std::string& name) override {
        TIDEWAY_TRY_ASSIGN(
            const Json made,
            as_seller(
                "POST",
                "opportunities",
                {{"name", name},
                 {"estimatedvalue", 18000},
                 {"isrevenuesystemcalculated", false},
                 {"estimatedclosedate", "2027-06-30"},
                 {"description", "Ten lines in two plants."},
                 {"transactioncurrencyid@odata.bind",
                  std::string("/transactioncurrencies(") + kDollar + ")"},
                 {"parentaccountid@odata.bind", std::string("/accounts(") + kAccount + ")"},
                 {"parentcontactid@odata.bind", std::string("/contacts(") + kContact + ")"},
                 {"msft_products", "SOL-20001-XYZ"},
                 {"msft_howcanmicrosofthelp", kHelpWithQuotes},
                 {"msft_syncwithpartnercenter", true}}
            )
        );
        const std::string entity = string_or(made, "entity");
        const auto open = entity.rfind('(');
        return open == std::string::npos ? string_or(made, "opportunityid")
                                         : entity.substr(open + 1, 36);
    }

    Status change_value(const std::string& opportunity, double value) override {
        TIDEWAY_TRY(
            as_seller("PATCH", "opportunities(" + opportunity + ")", {{"estimatedvalue", value}})
        );
        return {};
    }

    Result<std::vector<SeenOpportunity>> opportunities() override {
        TIDEWAY_TRY_ASSIGN(const Json all, control("GET", "/rows/opportunity", {}));
        std::vector<SeenOpportunity> out;
        for (const Json& row : all.at("rows")) {
            out.push_back(
                {string_or(row, "opportunityid"),
                 unmarked(string_or(row, "name")),
                 string_or(row, "msft_referralidentifier"),
                 row.value("estimatedvalue", Json()),
                 row.value("estimatedclosedate", Json())}
            );
        }
        return out;
    }

    Result<CrmWrites> writes() override {
        TIDEWAY_TRY_ASSIGN(const Json log, control("GET", "/writes", {}));
        CrmWrites out;
        for (const Json& write : log.at("writes")) {
            const std::string kind = string_or(write, "kind");
            const std::string table = string_or(write, "table");
            out.opportunities_made += kind == "create" && table == "opportunity" ? 1 : 0;
            out.opportunities_changed += kind == "update" && table == "opportunity" ? 1 : 0;
            out.customers_made += kind == "create" && table == "account" ? 1 : 0;
        }
        return out;
    }

    Status end_of_saves() override { return {}; }  // what is not delivered yet is known

    Result<std::string> told(app::ApiClient& /*server*/) override {
        TIDEWAY_TRY_ASSIGN(const Json log, control("GET", "/deliveries", {}));
        for (const Json& delivery : log.at("deliveries")) {
            if (string_or(delivery, "state") == "waiting") {
                return std::string();
            }
        }
        return "deliveries " + std::to_string(log.at("deliveries").size());
    }

  private:
    Result<Json> as_seller(const std::string& method, const std::string& path, const Json& body) {
        return control(method, "/as/" + http::encode_component(kSeller) + "/" + path, body);
    }

    const Pack pack_{
        "co_sell_dynamics365", "partner_center_to_dynamics365", "dataverse", "dynamics365"};
    const CrmRequests requests_{
        {{"method", "POST"}, {"path", "/api/data/v9.2/opportunities"}},
        {{"method", "PATCH"}, {"path", "/api/data/*"}},
        {{"path", "/api/data/*"}}};
    const app::Sandboxes& sandboxes_;
    SandboxCalls& calls_;
};

}  // namespace

std::unique_ptr<Crm> make_dynamics365(const app::Sandboxes& sandboxes, SandboxCalls& calls) {
    return std::make_unique<Dynamics365>(sandboxes, calls);
}

}  // namespace tideway::tests
