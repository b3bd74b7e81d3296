#include "engine/app/demo/salesforce_demo.h"

#include <algorithm>

#include "engine/app/demo/demo_steps.h"

namespace tideway::app::demo {
namespace {

constexpr const char* kSeller = "/as/avery%40contoso.example/sobjects/";
constexpr const char* kSellersAddress = "avery@contoso.example";

class SalesforceDemo {
  public:
    explicit SalesforceDemo(DemoWorld& world)
        : world_(world) {}

    Status run() {
        return play({
            {"all flows are on, children before parents", [this] { return turn_on_all(world_); }},
            {"Webhook Registration ran with the copied URL; the test event was delivered",
             [this] {
                 return register_webhook(world_, kSalesforcePack, "partner_center_to_salesforce");
             }},
            {"a deal announced in Partner Center is one opportunity, on hold, of the deal's seller",
             [this] { return announce(); }},
            {"leaving the on-hold stage accepts the deal", [this] { return take_up(); }},
            {"a deal value edited in Partner Center arrives in Salesforce",
             [this] { return edit_in_portal(); }},
            {"a deal value edited in Salesforce arrives in Partner Center",
             [this] { return edit_in_crm(); }},
            {"an opportunity with Sync and Microsoft's help has both halves of a referral",
             [this] { return create_in_crm(); }},
            {"other solutions in Salesforce arrive in Partner Center",
             [this] { return change_solutions(); }},
            {"each webhook ten times at once: one opportunity", [this] { return ten_times(); }},
            {"a deal won in Salesforce is won in Partner Center", [this] { return win(); }},
        });
    }

  private:
    Result<Json> seller(const std::string& method, const std::string& record, const Json& body) {
        return world_.salesforce(method, kSeller + record, body);
    }

    Result<std::string> create(const std::string& object, const Json& fields) {
        TIDEWAY_TRY_ASSIGN(const Json made, seller("POST", object, fields));
        return string_or(made, "id");
    }

    Result<std::vector<Json>> opportunities(const std::string& field, const Json& value) {
        TIDEWAY_TRY_ASSIGN(const Json all, world_.salesforce("GET", "/records/Opportunity", {}));
        std::vector<Json> out;
        for (const Json& record : all.at("value")) {
            if (record.value(field, Json()) == value) {
                out.push_back(record);
            }
        }
        return out;
    }

    Result<std::vector<Json>> halves_of(const std::string& opportunity) {
        TIDEWAY_TRY_ASSIGN(const Json all, world_.deals());
        std::vector<Json> out;
        for (const Json& deal : all.at("deals")) {
            if (string_or(deal, "externalReferenceId") == opportunity) {
                out.push_back(deal);
            }
        }
        return out;
    }

    // Waits until a half of the opportunity's deal holds the value, then for quiet.
    Status expect_in_deal(
        const std::string& opportunity, const char* pointer, const std::string& value
    ) {
        TIDEWAY_TRY(world_.wait_for<bool>(
            value + " in Partner Center",
            [&]() -> Result<std::optional<bool>> {
                TIDEWAY_TRY_ASSIGN(const auto halves, halves_of(opportunity));
                const bool holds = std::ranges::any_of(halves, [&](const Json& half) {
                    return text_at(half, pointer) == value;
                });
                return holds ? std::optional<bool>(true) : std::nullopt;
            }
        ));
        return world_.settle();
    }

    Result<Json> new_deal(const std::string& name) {
        return world_.announce_deal(
            {{"name", name},
             {"team", Json::array({{{"firstName", "Avery"}, {"email", kSellersAddress}}})},
             {"details",
              {{"dealValue", 42000},
               {"currency", "EUR"},
               {"closingDateTime", "2027-03-31T23:30:00Z"},
               {"notes", "Wants a pilot in spring."}}}}
        );
    }

    Result<Json> one_opportunity(const std::string& referral) {
        TIDEWAY_TRY_ASSIGN(
            const Json found,
            world_.wait_for<Json>(
                "the opportunity of the deal",
                [&]() -> Result<std::optional<Json>> {
                    TIDEWAY_TRY_ASSIGN(
                        auto records, opportunities("Referral_Identifier__c", referral)
                    );
                    return records.empty() ? std::nullopt : std::optional<Json>(records.front());
                }
            )
        );
        TIDEWAY_TRY(world_.settle());
        return found;
    }

    Status announce() {
        TIDEWAY_TRY_ASSIGN(const Json deal, new_deal("Northwind line inspection"));
        TIDEWAY_TRY_ASSIGN(const Json record, one_opportunity(string_or(deal, "id")));
        deal_ = string_or(deal, "id");
        opportunity_ = string_or(record, "Id");
        TIDEWAY_TRY(expect(record.at("Amount") == 42000, "Amount " + text_at(record, "/Amount")));
        TIDEWAY_TRY(expect(
            text_at(record, "/CloseDate") == "2027-03-31",
            "Close Date " + text_at(record, "/CloseDate")
        ));
        TIDEWAY_TRY(expect(
            text_at(record, "/StageName") == "On Hold", "Stage " + text_at(record, "/StageName")
        ));
        TIDEWAY_TRY_ASSIGN(const auto halves, halves_of(opportunity_));
        return expect(!halves.empty(), "the deal does not carry the CRM ID");
    }

    Status take_up() {
        TIDEWAY_TRY(seller("PATCH", "Opportunity/" + opportunity_, {{"StageName", "Qualification"}})
        );
        return expect_in_deal(opportunity_, "/status", "Active");
    }

    Status edit_in_portal() {
        TIDEWAY_TRY(world_.edit_deal(deal_, {{"details", {{"dealValue", 55000}}}}));
        TIDEWAY_TRY(world_.wait_for<bool>(
            "the new value in Salesforce",
            [this]() -> Result<std::optional<bool>> {
                TIDEWAY_TRY_ASSIGN(const auto records, opportunities("Id", opportunity_));
                const bool arrived = !records.empty() && records.front().at("Amount") == 55000;
                return arrived ? std::optional<bool>(true) : std::nullopt;
            }
        ));
        return world_.settle();
    }

    Status edit_in_crm() {
        TIDEWAY_TRY(seller("PATCH", "Opportunity/" + opportunity_, {{"Amount", 61000.5}}));
        TIDEWAY_TRY(expect_in_deal(opportunity_, "/details/dealValue", "61000.5"));
        TIDEWAY_TRY_ASSIGN(const auto records, opportunities("Id", opportunity_));
        return expect(records.front().at("Amount") == 61000.5, "the value went back");
    }

    // An account, its contact, an opportunity with the contact as primary, and then Sync.
    Status create_in_crm() {
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
        TIDEWAY_TRY_ASSIGN(
            opportunity_,
            create(
                "Opportunity",
                {{"Name", "Fabrikam cold chain"},
                 {"StageName", "Qualification"},
                 {"CloseDate", "2027-06-30"},
                 {"Amount", 18000},
                 {"AccountId", account},
                 {"Products__c", "SOL-20001-XYZ"},
                 {"How_can_Microsoft_help__c", "Quotes or Licensing"}}
            )
        );
        TIDEWAY_TRY(create(
            "OpportunityContactRole",
            {{"OpportunityId", opportunity_}, {"ContactId", contact}, {"IsPrimary", true}}
        ));
        TIDEWAY_TRY(
            seller("PATCH", "Opportunity/" + opportunity_, {{"Sync_with_Partner_Center__c", true}})
        );
        TIDEWAY_TRY(world_.wait_for<bool>(
            "the referral of the opportunity",
            [this]() -> Result<std::optional<bool>> {
                TIDEWAY_TRY_ASSIGN(const auto records, opportunities("Id", opportunity_));
                const bool has = text_at(records.at(0), "/Referral_Link__c").starts_with("https:");
                return has ? std::optional<bool>(true) : std::nullopt;
            }
        ));
        TIDEWAY_TRY(world_.settle());
        TIDEWAY_TRY_ASSIGN(const auto halves, halves_of(opportunity_));
        TIDEWAY_TRY(expect(halves.size() == 2, std::to_string(halves.size()) + " halves"));
        return expect(
            halves[0].at("engagementId") == halves[1].at("engagementId"), "a second pair was made"
        );
    }

    Status change_solutions() {
        TIDEWAY_TRY(
            seller("PATCH", "Opportunity/" + opportunity_, {{"Products__c", "SOL-30002-ABC"}})
        );
        return expect_in_deal(
            opportunity_, "/details/requirements/solutions/0/id", "SOL-30002-ABC"
        );
    }

    Status ten_times() {
        TIDEWAY_TRY(world_.set_deliveries({{"duplicates", 9}}));
        TIDEWAY_TRY_ASSIGN(const Json deal, new_deal("Contoso shelf cameras"));
        TIDEWAY_TRY(one_opportunity(string_or(deal, "id")));
        TIDEWAY_TRY(world_.set_deliveries({{"duplicates", 0}}));
        TIDEWAY_TRY_ASSIGN(
            const auto records, opportunities("Referral_Identifier__c", deal.at("id"))
        );
        return expect(records.size() == 1, std::to_string(records.size()) + " opportunities");
    }

    Status win() {
        TIDEWAY_TRY(seller("PATCH", "Opportunity/" + opportunity_, {{"StageName", "Closed Won"}}));
        return expect_in_deal(opportunity_, "/substatus", "Won");
    }

    DemoWorld& world_;
    std::string deal_;
    std::string opportunity_;
};

}  // namespace

Status play_salesforce(DemoWorld& world) {
    return SalesforceDemo(world).run();
}

}  // namespace tideway::app::demo
