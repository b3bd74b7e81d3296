// What sellers do in Dynamics 365, and what a test sees of it there.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/packs/deal_world.h"

namespace tideway::tests {

inline constexpr const char* kFabrikam = "a0000000-0000-4000-8000-000000000001";
inline constexpr const char* kRobin = "d0000000-0000-4000-8000-000000000001";
inline constexpr int kHelpWithQuotes = 861980003;
inline constexpr int kInProgress = 1;
inline constexpr int kOnHold = 2;
inline constexpr int kOpen = 0;
inline constexpr int kWon = 1;
inline constexpr int kLost = 2;

inline std::string currency_bind(int number) {
    return "/transactioncurrencies(c0000000-0000-4000-8000-00000000000" + std::to_string(number) +
           ")";
}

// Thread: the test's. Every helper blocks, and ends the test when it cannot do its work.
class CoSellWorld : public DealWorld {
  protected:
    static void SetUpTestSuite() { open("co_sell_dynamics365", "partner_center_to_dynamics365"); }

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
        const Json made = must(world().seller("POST", "/" + set, row));
        const std::string entity = string_or(made, "entity");
        return entity.substr(entity.rfind('(') + 1, 36);
    }

    static void seller_edits(const std::string& id, const Json& changes) {
        (void)must(world().seller("PATCH", "/opportunities(" + id + ")", changes));
    }

    static void seller_closes(const std::string& action, const std::string& id, int status) {
        const std::string close = "Microsoft.Dynamics.CRM.opportunityclose";
        (void)must(world().seller(
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
        const auto rows = must(world().opportunities("opportunityid", id));
        return rows.empty() ? Json() : rows.front();
    }

    static std::vector<Json> rows_of(const std::string& referral) {
        return must(world().opportunities("msft_referralidentifier", referral));
    }

    static std::vector<Json> rows_named(const std::string& name) {
        return must(world().opportunities("name", name));
    }

    static std::string audit_of(const std::string& id) { return string_or(row(id), "msft_audit"); }

    // --- deals
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

    static void forget_writes() {
        (void)must(partner_center("DELETE", "/writes"));
        (void)must(dataverse("DELETE", "/writes"));
    }

    static Json opportunity_writes() {
        Json out = Json::array();
        const Json seen = must(dataverse("GET", "/writes"));
        for (const Json& write : seen.at("writes")) {
            if (string_or(write, "table") == "opportunity") {
                out.push_back(write);
            }
        }
        return out;
    }
};

}  // namespace tideway::tests
