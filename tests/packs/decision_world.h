// What a person is asked about deals, with either CRM: a pack whose row for Notes leaves them to a
// person.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "engine/app/config.h"
#include "tests/packs/co_sell_world.h"
#include "tests/packs/salesforce_world.h"

namespace tideway::tests {

// A pack and its library beside each other, Notes with the policy `ask`.
inline void write_asking_pack(const std::string& folder, const std::string& pack) {
    const auto all = std::filesystem::copy_options::recursive;
    for (const std::string& name : {pack, std::string("co_sell")}) {
        std::filesystem::copy("flows/" + name, folder + "/" + name, all);
    }
    const std::string file = folder + "/" + pack + "/mapping.json";
    Json mapping = must(parse_json(must(app::read_text_file(file)), "mapping"));
    for (Json& row : mapping.at("fields")) {
        if (row.at("field") == "Notes") {
            row["policy"] = "ask";
        }
    }
    std::ofstream(file) << mapping.dump(2);
}

// The CRM of a scenario: the same words for both.
struct SalesforceSide : SalesforceWorld {
    static constexpr const char* kPack = "co_sell_salesforce";
    static constexpr const char* kReceiver = kInboundFlow;

    void edit_row(const std::string& id, const Json& changes) { seller_edits(id, changes); }

    static Json notes(const std::string& text) { return {{"Description", text}}; }

    static Json value(double amount) { return {{"Amount", amount}}; }

    static std::string notes_of_row(const std::string& id) {
        return string_or(opportunity(id), "Description");
    }

    // Of the name and the value of the deal, not synchronized.
    static std::string old_row(const std::string& name) { return draft(name, {{"Amount", 42000}}); }

    static std::string referral_of_row(const std::string& id) {
        return string_or(opportunity(id), "Referral_Identifier__c");
    }

    static std::size_t row_writes() {
        const Json writes = must(salesforce("GET", "/writes")).at("value");
        return static_cast<std::size_t>(std::count_if(
            writes.begin(),
            writes.end(),
            [](const Json& write) { return string_or(write, "object") == "Opportunity"; }
        ));
    }
};

struct Dynamics365Side : CoSellWorld {
    static constexpr const char* kPack = "co_sell_dynamics365";
    static constexpr const char* kReceiver = "partner_center_to_dynamics365";

    void edit_row(const std::string& id, const Json& changes) {
        seller_edits(id, changes);
        settle();
    }

    static Json notes(const std::string& text) { return {{"description", text}}; }

    static Json value(double amount) { return {{"estimatedvalue", amount}}; }

    static std::string notes_of_row(const std::string& id) {
        return string_or(row(id), "description");
    }

    static std::string old_row(const std::string& name) {
        Json old = complete_opportunity(name);
        old["msft_syncwithpartnercenter"] = false;
        old["estimatedvalue"] = 42000;
        return seller_creates(old);
    }

    static std::string referral_of_row(const std::string& id) {
        return string_or(row(id), "msft_referralidentifier");
    }

    static std::size_t row_writes() { return opportunity_writes().size(); }
};

// Thread: the test's. Every helper blocks, and ends the test when it cannot do its work.
template <typename Side>
class CoSellDecisions : public Side {
  protected:
    static void SetUpTestSuite() {
        packs_ = std::make_unique<TempFolder>();
        write_asking_pack(packs_->file(""), Side::kPack);
        Side::open(Side::kPack, Side::kReceiver, packs_->file(""));
    }

    static void TearDownTestSuite() {
        Side::TearDownTestSuite();
        packs_.reset();
    }

    // What waits for a person and has this in its title.
    static std::vector<Json> asked(const std::string& title) {
        std::vector<Json> out;
        const Json open = must(Side::world().api().get("/decisions")).at("value");
        std::copy_if(open.begin(), open.end(), std::back_inserter(out), [&](const Json& decision) {
            return string_or(decision, "title").find(title) != std::string::npos;
        });
        return out;
    }

    static Json only_question(const std::string& title) {
        const auto found = asked(title);
        EXPECT_EQ(found.size(), 1U) << title;
        return found.empty() ? Json::object() : found.front();
    }

    static Result<Json> answer(const Json& question, const std::string& word) {
        const std::string path = "/decisions/" + string_or(question, "id");
        return Side::world().api().post(path, {{"answer", word}});
    }

    static void decide(const Json& question, const std::string& word) {
        (void)must(answer(question, word));
        Side::settle();
    }

    // While events are held back nothing settles.
    template <typename Condition>
    static void becomes(const std::string& what, Condition is_so) {
        (void
        )must(Side::world().template wait_for<bool>(what, [&]() -> Result<std::optional<bool>> {
            return is_so() ? std::optional<bool>(true) : std::nullopt;
        }));
    }

    static void edit_deal(const std::string& id, const std::string& notes) {
        (void)must(Side::world().edit_deal(id, {{"details", {{"notes", notes}}}}));
        Side::settle();
    }

    static std::string notes_of_deal(const std::string& id) {
        return string_or(Side::deal(id).at("details"), "notes");
    }

    static void miss_events(bool value) { must(Side::world().set_deliveries({{"paused", value}})); }

    // Two sides with different notes, and the question about them.
    struct Conflict {
        std::string row;
        std::string deal;
        Json question;
    };

    Conflict conflict(const std::string& name) {
        Conflict out;
        out.row = this->synchronized(name);
        out.deal = string_or(Side::own_half_of_row(out.row), "id");
        edit_deal(out.deal, "In summer.");
        out.question = only_question(name);
        return out;
    }

    // How the last run of the flow that asks ended.
    std::string decided() const {
        const auto runs = this->runs("decide_value", "Succeeded");
        return runs.empty() ? ""
                            : string_or(runs.front(), "outcome") + ": " +
                                  string_or(runs.front(), "outcome_reason");
    }

  private:
    static inline std::unique_ptr<TempFolder> packs_;
};

}  // namespace tideway::tests
