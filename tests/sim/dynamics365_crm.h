// Dynamics 365 in the words of the simulations.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/simulated_crm.h"

namespace tideway::sim {

class Dynamics365Crm final : public SimulatedCrm {
  public:
    static constexpr const char* kPack = "co_sell_dynamics365";
    static constexpr const char* kReceiver = "partner_center_to_dynamics365";

    using SimulatedCrm::SimulatedCrm;

    std::string api_path() const override { return "/api/data/"; }

    int port() override { return http::parse_url(world().sandboxes().dataverse_url())->port; }

    std::string create(const std::string& name, const DealFields& fields) override {
        Json row = columns_of(fields);
        row.update(
            {{"name", name},
             {"isrevenuesystemcalculated", false},
             {"transactioncurrencyid@odata.bind",
              "/transactioncurrencies(c0000000-0000-4000-8000-000000000001)"},
             {"parentaccountid@odata.bind", "/accounts(a0000000-0000-4000-8000-000000000001)"},
             {"parentcontactid@odata.bind", "/contacts(d0000000-0000-4000-8000-000000000001)"},
             {"msft_products", "SOL-20001-XYZ"},
             {"msft_howcanmicrosofthelp", 861980003},
             {"msft_syncwithpartnercenter", true}}
        );
        const std::string entity =
            string_or(must(world().seller("POST", "/opportunities", row)), "entity");
        return entity.substr(entity.rfind('(') + 1, 36);
    }

    void edit(const std::string& id, const DealFields& fields) override {
        save(id, columns_of(fields));
    }

    void move_to(const std::string& id, DealState state) override {
        if (!is_closed(state)) {
            save(id, {{"statuscode", state == DealState::kHold ? kOnHold : kInProgress}});
            return;
        }
        const bool is_won = state == DealState::kWon;
        (void)must(world().seller(
            "POST",
            is_won ? "/WinOpportunity" : "/LoseOpportunity",
            {{"Status", is_won ? 3 : 4},
             {"OpportunityClose",
              {{"@odata.type", "Microsoft.Dynamics.CRM.opportunityclose"},
               {"subject", "Closed by the seller"},
               {"opportunityid@odata.bind", "/opportunities(" + id + ")"}}}}
        ));
    }

    std::vector<Opportunity> opportunities() override {
        std::vector<Opportunity> out;
        const Json all = must(world().dataverse("GET", "/rows/opportunity", {}));
        for (const Json& row : all.at("rows")) {
            out.push_back(
                {string_or(row, "opportunityid"),
                 string_or(row, "msft_referralidentifier"),
                 fields_of_row(row)}
            );
        }
        return out;
    }

    DealFields fields_of(const std::string& id) override {
        return fields_of_row(must(world().seller("GET", "/opportunities(" + id + ")", {})));
    }

    std::vector<SyncWrite> take_writes() override {
        std::vector<SyncWrite> out;
        const Json all = must(world().dataverse("GET", "/writes", {}));
        for (const Json& write : all.at("writes")) {
            if (string_or(write, "table") == "opportunity") {
                out.push_back(read_write(write));
            }
        }
        (void)must(world().dataverse("DELETE", "/writes", {}));
        return out;
    }

    void misbehave(const Mischief& mischief) override {
        (void)must(world().dataverse(
            "POST",
            "/lag",
            {{"delay_ms", mischief.delay / std::chrono::milliseconds(1)},
             {"duplicates", mischief.duplicates},
             {"lose", mischief.lose},
             {"reorder", mischief.reorder ? 3 : 0}}
        ));
    }

    void add_fault(const Json& fault) override {
        (void)must(world().dataverse("POST", "/faults", fault));
    }

    void mend() override { (void)must(world().dataverse("DELETE", "/faults", {})); }

    bool is_telling() override {
        return int_or(must(world().dataverse("GET", "/deliveries", {})), "pending", 0) > 0;
    }

  private:
    static constexpr int kInProgress = 1;
    static constexpr int kOnHold = 2;

    void save(const std::string& id, const Json& changes) {
        (void)must(world().seller("PATCH", "/opportunities(" + id + ")", changes));
    }

    static Json columns_of(const DealFields& fields) {
        return {
            {"estimatedvalue", fields.value},
            {"description", fields.notes},
            {"estimatedclosedate", fields.closing_day}};
    }

    static DealFields fields_of_row(const Json& row) {
        const std::int64_t state = int_or(row, "statecode", 0);
        DealFields out;
        out.value = row.value("estimatedvalue", 0.0);
        out.notes = string_or(row, "description");
        out.closing_day = string_or(row, "estimatedclosedate").substr(0, 10);
        out.state = state == 1                                ? DealState::kWon
                    : state == 2                              ? DealState::kLost
                    : int_or(row, "statuscode", 0) == kOnHold ? DealState::kHold
                                                              : DealState::kOpen;
        return out;
    }

    static SyncWrite read_write(const Json& write) {
        SyncWrite out;
        out.kind = string_or(write, "kind") == "create" ? SyncWrite::Kind::kCreate
                                                        : SyncWrite::Kind::kUpdate;
        out.record = string_or(write, "id");
        out.changed = write.at("changed").get<std::vector<std::string>>();
        out.carries = changes_any_of(
            out.changed,
            {"estimatedvalue", "description", "estimatedclosedate", "statecode", "statuscode"}
        );
        out.at = parse_utc(string_or(write, "at")).value();
        return out;
    }
};

}  // namespace tideway::sim
