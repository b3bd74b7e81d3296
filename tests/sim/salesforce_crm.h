// Salesforce in the words of the simulations.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/simulated_crm.h"

namespace tideway::sim {

class SalesforceCrm final : public SimulatedCrm {
  public:
    static constexpr const char* kPack = "co_sell_salesforce";
    static constexpr const char* kReceiver = "partner_center_to_salesforce";

    explicit SalesforceCrm(app::DemoWorld& world)
        : SimulatedCrm(world) {
        account_ = insert("Account", {{"Name", "Fabrikam"}, {"BillingCountry", "IE"}});
        contact_ = insert(
            "Contact",
            {{"FirstName", "Robin"},
             {"LastName", "Carter"},
             {"Email", "robin@fabrikam.example"},
             {"Phone", "+35310000000"},
             {"AccountId", account_}}
        );
    }

    std::string api_path() const override { return "/services/data/"; }

    int port() override { return http::parse_url(world().sandboxes().salesforce_url())->port; }

    std::string create(const std::string& name, const DealFields& fields) override {
        Json record = names_of(fields);
        record.update(
            {{"Name", name},
             {"StageName", kOpen},
             {"CurrencyIsoCode", "EUR"},
             {"AccountId", account_},
             {"Products__c", "SOL-20001-XYZ"},
             {"How_can_Microsoft_help__c", "Quotes or Licensing"}}
        );
        const std::string id = insert("Opportunity", record);
        (void)insert(
            "OpportunityContactRole",
            {{"OpportunityId", id}, {"ContactId", contact_}, {"IsPrimary", true}}
        );
        save(id, {{"Sync_with_Partner_Center__c", true}});
        return id;
    }

    void edit(const std::string& id, const DealFields& fields) override {
        save(id, names_of(fields));
    }

    void move_to(const std::string& id, DealState state) override {
        save(id, {{"StageName", stage_of(state)}});
    }

    std::vector<Opportunity> opportunities() override {
        std::vector<Opportunity> out;
        const Json all = must(world().salesforce("GET", "/records/Opportunity", {}));
        for (const Json& record : all.at("value")) {
            out.push_back(
                {string_or(record, "Id"),
                 string_or(record, "Referral_Identifier__c"),
                 fields_of_record(record)}
            );
        }
        return out;
    }

    DealFields fields_of(const std::string& id) override {
        return fields_of_record(
            must(world().salesforce("GET", std::string(kSeller) + "sobjects/Opportunity/" + id, {}))
        );
    }

    std::vector<SyncWrite> take_writes() override {
        std::vector<SyncWrite> out;
        const Json all = must(world().salesforce("GET", "/writes", {}));
        for (const Json& write : all.at("value")) {
            const bool is_sellers = string_or(write, "client").empty();
            if (string_or(write, "object") == "Opportunity" && !is_sellers) {
                out.push_back(read_write(write));
            }
        }
        (void)must(world().salesforce("DELETE", "/writes", {}));
        return out;
    }

    // Salesforce's events come by long poll, in order, and are kept for days: they are late because
    // a poll fails, doubled when the program dies before it has noted them, and instead of being
    // lost they say less.
    void misbehave(const Mischief& mischief) override {
        (void)must(world().salesforce("POST", "/events", {{"gaps", mischief.lose}}));
        for (int i = 0; i < mischief.duplicates; ++i) {
            add_fault({{"kind", "cut_after"}, {"path", "/cometd/*"}, {"skip", 3 * i}});
        }
        if (mischief.delay > Duration(0)) {
            add_fault(
                {{"kind", "delay"},
                 {"path", "/cometd/*"},
                 {"ms", mischief.delay / std::chrono::milliseconds(1)},
                 {"count", 3}}
            );
        }
    }

    void add_fault(const Json& fault) override {
        (void)must(world().salesforce("POST", "/faults", fault));
    }

    void mend() override { (void)must(world().salesforce("DELETE", "/faults", {})); }

    bool is_telling() override { return false; }

  private:
    static constexpr const char* kSeller = "/as/avery%40contoso.example/";
    static constexpr const char* kHold = "On Hold";
    static constexpr const char* kOpen = "Qualification";
    static constexpr const char* kWon = "Closed Won";
    static constexpr const char* kLost = "Closed Lost";

    std::string insert(const std::string& object, const Json& fields) {
        const std::string path = std::string(kSeller) + "sobjects/" + object;
        return string_or(must(world().salesforce("POST", path, fields)), "id");
    }

    void save(const std::string& id, const Json& changes) {
        const std::string path = std::string(kSeller) + "sobjects/Opportunity/" + id;
        (void)must(world().salesforce("PATCH", path, changes));
    }

    static std::string stage_of(DealState state) {
        switch (state) {
            case DealState::kHold:
                return kHold;
            case DealState::kOpen:
                return kOpen;
            case DealState::kWon:
                return kWon;
            case DealState::kLost:
                return kLost;
        }
        return kOpen;
    }

    static Json names_of(const DealFields& fields) {
        return {
            {"Amount", fields.value},
            {"Description", fields.notes},
            {"CloseDate", fields.closing_day}};
    }

    static DealFields fields_of_record(const Json& record) {
        const std::string stage = string_or(record, "StageName");
        DealFields out;
        out.value = record.value("Amount", 0.0);
        out.notes = string_or(record, "Description");
        out.closing_day = string_or(record, "CloseDate");
        out.state = stage == kWon    ? DealState::kWon
                    : stage == kLost ? DealState::kLost
                    : stage == kHold ? DealState::kHold
                                     : DealState::kOpen;
        return out;
    }

    static SyncWrite read_write(const Json& write) {
        SyncWrite out;
        out.kind = string_or(write, "kind") == "create" ? SyncWrite::Kind::kCreate
                                                        : SyncWrite::Kind::kUpdate;
        out.record = string_or(write, "id");
        for (const auto& [name, value] : write.at("fields").items()) {
            out.changed.push_back(name);
        }
        out.carries =
            changes_any_of(out.changed, {"Amount", "Description", "CloseDate", "StageName"});
        out.at = parse_utc(string_or(write, "at")).value();
        return out;
    }

    std::string account_;
    std::string contact_;
};

}  // namespace tideway::sim
