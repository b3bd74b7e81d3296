// What sellers do in Salesforce, and what a test sees of it there.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/packs/deal_world.h"

namespace tideway::tests {

inline constexpr const char* kInboundFlow = "partner_center_to_salesforce";
inline constexpr const char* kOutboundFlow = "salesforce_opportunity_to_partner_center";
inline constexpr const char* kSolutionsFlow = "salesforce_microsoft_solutions_to_partner_center";
inline constexpr const char* kLeadsFlow = "salesforce_leads_to_partner_center";

// Thread: the test's. Every helper blocks, and ends the test when it cannot do its work.
class SalesforceWorld : public DealWorld {
  protected:
    static constexpr const char* kSeller = "/as/avery%40contoso.example/";

    static void SetUpTestSuite() { open("co_sell_salesforce", kInboundFlow); }

    void TearDown() override {
        (void)must(salesforce("DELETE", "/faults"));
        DealWorld::TearDown();
    }

    static Result<Json> salesforce(
        const std::string& method, const std::string& path, const Json& body = {}
    ) {
        return world().salesforce(method, path, body);
    }

    static std::string create(const std::string& object, const Json& fields) {
        return string_or(
            must(salesforce("POST", kSeller + std::string("sobjects/") + object, fields)), "id"
        );
    }

    static void edit(const std::string& object, const std::string& id, const Json& changes) {
        (void
        )must(salesforce("PATCH", std::string(kSeller) + "sobjects/" + object + "/" + id, changes));
    }

    // A save of which the pack hears: waits for its run, and then for quiet.
    void seller_edits(
        const std::string& id, const Json& changes, const char* flow = kOutboundFlow
    ) {
        const std::size_t before = runs(flow).size();
        edit("Opportunity", id, changes);
        wait_for_run(flow, before);
        settle();
    }

    void wait_for_run(const char* flow, std::size_t before) const {
        (void)must(world().wait_for<bool>(flow, [&]() -> Result<std::optional<bool>> {
            return runs(flow).size() > before ? std::optional<bool>(true) : std::nullopt;
        }));
    }

    // With account and primary contact; Sync is off.
    static std::string draft(const std::string& name, const Json& changes = Json::object()) {
        const std::string account =
            create("Account", {{"Name", "Fabrikam"}, {"BillingCountry", "IE"}});
        Json fields = {
            {"Name", name},
            {"StageName", "Qualification"},
            {"CloseDate", "2027-05-31"},
            {"Amount", 12500.25},
            {"CurrencyIsoCode", "EUR"},
            {"Description", "Wants a pilot."},
            {"AccountId", account},
            {"Products__c", "SOL-20001-XYZ"},
            {"How_can_Microsoft_help__c", "Quotes or Licensing"}};
        fields.update(changes);
        const std::string id = create("Opportunity", fields);
        const std::string contact = create(
            "Contact",
            {{"FirstName", "Robin"},
             {"LastName", "Carter"},
             {"Email", "robin@fabrikam.example"},
             {"Phone", "+35310000000"},
             {"AccountId", account}}
        );
        (void)create(
            "OpportunityContactRole",
            {{"OpportunityId", id}, {"ContactId", contact}, {"IsPrimary", true}}
        );
        return id;
    }

    void switch_on(const std::string& id) {
        seller_edits(id, {{"Sync_with_Partner_Center__c", true}});
    }

    // An opportunity that is in Partner Center, after all its echoes.
    std::string synchronized(const std::string& name, const Json& changes = Json::object()) {
        const std::string id = draft(name, changes);
        switch_on(id);
        if (own_half_of_row(id).is_null()) {
            throw std::runtime_error("no referral was made: " + audit_of(id));
        }
        return id;
    }

    static std::vector<Json> records(
        const std::string& object, const std::string& field, const Json& value
    ) {
        std::vector<Json> out;
        const Json all = must(salesforce("GET", "/records/" + object));
        for (const Json& record : all.at("value")) {
            if (record.value(field, Json()) == value) {
                out.push_back(record);
            }
        }
        return out;
    }

    static Json opportunity(const std::string& id) {
        const auto found = records("Opportunity", "Id", id);
        return found.empty() ? Json() : found.front();
    }

    static std::string audit_of(const std::string& id) {
        return string_or(opportunity(id), "Audit__c");
    }

    static std::vector<Json> opportunities_of(const Json& made) {
        return records("Opportunity", "Referral_Identifier__c", made.at("id"));
    }

    // The opportunity that a deal of the portal became, after all its echoes.
    static std::string opportunity_of_new_deal(const Json& made) {
        settle();
        const auto found = opportunities_of(made);
        if (found.size() != 1) {
            throw std::runtime_error(std::to_string(found.size()) + " opportunities for the deal");
        }
        return string_or(found.front(), "Id");
    }

    static void forget_writes() {
        (void)must(partner_center("DELETE", "/writes"));
        (void)must(salesforce("DELETE", "/writes"));
    }
};

}  // namespace tideway::tests
