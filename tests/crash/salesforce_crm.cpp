// Salesforce: the server asks it for change events, in the order of the saves.
#include "engine/http/url.h"
#include "tests/crash/crm.h"

namespace tideway::tests {
namespace {

constexpr const char* kSeller = "avery@contoso.example";
constexpr const char* kOwnClient = "Tideway";  // how the connection's writes are marked

// The flows that hear of opportunities.
constexpr const char* kListening[] = {
    "salesforce_opportunity_to_partner_center", "salesforce_microsoft_solutions_to_partner_center"};

class Salesforce final : public Crm {
  public:
    Salesforce(const app::Sandboxes& sandboxes, SandboxCalls& calls)
        : sandboxes_(sandboxes),
          calls_(calls) {}

    const Pack& pack() const override { return pack_; }

    const CrmRequests& requests() const override { return requests_; }

    Result<Json> control(const std::string& method, const std::string& path, const Json& body)
        override {
        return calls_.send(method, sandboxes_.salesforce_url() + "/sandbox" + path, body);
    }

    Status begin() override {
        last_.clear();
        for (const char* what : {"/faults", "/writes", "/events"}) {
            TIDEWAY_TRY(control("DELETE", what, {}));
        }
        TIDEWAY_TRY(control("POST", "/limits", {{"used", 0}}));  // a day's
        return end_sign_ins_after(std::chrono::hours(2));
    }

    Status end_sign_ins_after(std::chrono::seconds lifetime) override {
        TIDEWAY_TRY(control("POST", "/sessions", {{"lifetime_s", lifetime.count()}}));
        return {};
    }

    Result<std::string> new_opportunity(const std::string& name) override {
        TIDEWAY_TRY_ASSIGN(
            const std::string account,
            create("Account", {{"Name", "Fabrikam"}, {"BillingCountry", "IE"}})
        );
        TIDEWAY_TRY_ASSIGN(
            const std::string contact,
            create(
                "Contact",
                {{"FirstName", "Robin"},
                 {"LastName", "Carter"},
                 {"Email", "robin@fabrikam.example"},
                 {"Phone", "+35310000000"},
                 {"AccountId", account}}
            )
        );
        Json fields = draft(name);
        fields.update(
            {{"Amount", 18000},
             {"Description", "Ten lines in two plants."},
             {"AccountId", account},
             {"Products__c", "SOL-20001-XYZ"},
             {"How_can_Microsoft_help__c", "Quotes or Licensing"}}
        );
        TIDEWAY_TRY_ASSIGN(std::string opportunity, create("Opportunity", fields));
        TIDEWAY_TRY(create(
            "OpportunityContactRole",
            {{"OpportunityId", opportunity}, {"ContactId", contact}, {"IsPrimary", true}}
        ));
        TIDEWAY_TRY(edit(opportunity, {{"Sync_with_Partner_Center__c", true}}));
        return opportunity;
    }

    Status change_value(const std::string& opportunity, double value) override {
        return edit(opportunity, {{"Amount", value}});
    }

    Result<std::vector<SeenOpportunity>> opportunities() override {
        TIDEWAY_TRY_ASSIGN(const Json all, control("GET", "/records/Opportunity", {}));
        std::vector<SeenOpportunity> out;
        for (const Json& record : all.at("value")) {
            out.push_back(
                {string_or(record, "Id"),
                 unmarked(string_or(record, "Name")),
                 string_or(record, "Referral_Identifier__c"),
                 record.value("Amount", Json()),
                 record.value("CloseDate", Json())}
            );
        }
        return out;
    }

    Result<CrmWrites> writes() override {
        TIDEWAY_TRY_ASSIGN(const Json log, control("GET", "/writes", {}));
        CrmWrites out;
        for (const Json& write : log.at("value")) {
            if (string_or(write, "client") != kOwnClient) {
                continue;
            }
            const std::string kind = string_or(write, "kind");
            const std::string object = string_or(write, "object");
            out.opportunities_made += kind == "create" && object == "Opportunity" ? 1 : 0;
            out.opportunities_changed += kind == "update" && object == "Opportunity" ? 1 : 0;
            out.customers_made += kind == "create" && object == "Account" ? 1 : 0;
        }
        return out;
    }

    // One more save, of which every flow has an event: it follows those of all saves before it.
    Status end_of_saves() override {
        TIDEWAY_TRY_ASSIGN(last_, create("Opportunity", draft("Nobody's")));
        return {};
    }

    Result<std::string> told(app::ApiClient& server) override {
        for (const char* flow : kListening) {
            TIDEWAY_TRY_ASSIGN(const bool has, has_heard_of_last(server, flow));
            if (!has) {
                return std::string();
            }
        }
        return "up to " + last_;
    }

  private:
    static Json draft(const std::string& name) {
        return {{"Name", name}, {"StageName", "Qualification"}, {"CloseDate", "2027-06-30"}};
    }

    Result<Json> as_seller(const std::string& method, const std::string& record, const Json& body) {
        return control(
            method, "/as/" + http::encode_component(kSeller) + "/sobjects/" + record, body
        );
    }

    Result<std::string> create(const std::string& object, const Json& fields) {
        TIDEWAY_TRY_ASSIGN(const Json made, as_seller("POST", object, fields));
        return string_or(made, "id");
    }

    Status edit(const std::string& opportunity, const Json& changes) {
        TIDEWAY_TRY(as_seller("PATCH", "Opportunity/" + opportunity, changes));
        return {};
    }

    Result<bool> has_heard_of_last(app::ApiClient& server, const std::string& flow) const {
        if (last_.empty()) {
            return true;
        }
        TIDEWAY_TRY_ASSIGN(
            const Json page, server.get("/events?limit=20&flow=" + pack_.name + "/" + flow)
        );
        for (const Json& event : page.at("value")) {
            if (string_or(event.value("payload", Json()), "id") == last_) {
                return true;
            }
        }
        return false;
    }

    const Pack pack_{
        "co_sell_salesforce", "partner_center_to_salesforce", "salesforce", "salesforce"};
    const CrmRequests requests_{
        {{"method", "PATCH"},
         {"path", "/services/data/v62.0/sobjects/Opportunity/Referral_Identifier__c/*"}},
        {{"method", "PATCH"}, {"path", "/services/data/v62.0/sobjects/Opportunity/006*"}},
        {{"path", "/services/data/*"}}};
    const app::Sandboxes& sandboxes_;
    SandboxCalls& calls_;
    std::string last_;  // record of end_of_saves()
};

}  // namespace

std::unique_ptr<Crm> make_salesforce(const app::Sandboxes& sandboxes, SandboxCalls& calls) {
    return std::make_unique<Salesforce>(sandboxes, calls);
}

}  // namespace tideway::tests
