// Leads of Partner Center in Dynamics 365, and what Auto-heal puts back.
#include "tests/packs/co_sell_world.h"

namespace tideway::tests {
namespace {

constexpr const char* kQualify = "/Microsoft.Dynamics.CRM.QualifyLead";
constexpr int kDisqualified = 2;

class CoSellLeads : public CoSellWorld {
  protected:
    void SetUp() override {
        CoSellWorld::SetUp();
        synchronize_leads(true);
    }

    void TearDown() override {
        synchronize_leads(false);
        CoSellWorld::TearDown();
    }

    static void synchronize_leads(bool value) {
        (void)must(world().api().call(
            "PUT", "/variables/co_sell_dynamics365/sync_co_sell_only", {{"value", !value}}
        ));
    }

    static Json announce_lead(const std::string& name) {
        const Json made = must(world().announce_deal({{"kind", "lead"}, {"name", name}}));
        settle();
        return made;
    }

    static std::vector<Json> leads_of(const Json& made) {
        std::vector<Json> out;
        const Json all = must(dataverse("GET", "/rows/lead"));
        for (const Json& lead : all.at("rows")) {
            if (string_or(lead, "msft_referralidentifier") == string_or(made, "id")) {
                out.push_back(lead);
            }
        }
        return out;
    }

    static std::string lead_of(const Json& made) {
        const auto found = leads_of(made);
        if (found.size() != 1) {
            throw std::runtime_error(std::to_string(found.size()) + " leads");
        }
        return string_or(found.front(), "leadid");
    }
};

TEST_F(CoSellLeads, ALeadThatNobodyHasAcceptedIsALead) {
    const Json made = announce_lead("A11 a lead");
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "externalReferenceId"), lead_of(made));
    EXPECT_TRUE(rows_of(string_or(made, "id")).empty());
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellLeads, ThatDoNotArriveDoSoAgainWhenTheWebhookIsRegisteredAgain) {
    register_address(address_of_another_program());
    const Json missed = announce_lead("B44 missed");
    EXPECT_TRUE(leads_of(missed).empty());
    register_address(trigger_url());
    const Json next = announce_lead("B44 next");
    EXPECT_EQ(leads_of(next).size(), 1U);
    (void)must(world().edit_deal(string_or(missed, "id"), {{"details", {{"notes", "Again."}}}}));
    settle();
    EXPECT_EQ(leads_of(missed).size(), 1U) << "the next change of a missed one brings it";
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellLeads, ALeadThatWasAcceptedInPartnerCenterIsAnOpportunity) {
    const Json made = announce_lead("A11 accepted");
    (void)must(
        world().edit_deal(string_or(made, "id"), {{"status", "Active"}, {"substatus", "Accepted"}})
    );
    const Json row = row_of_new_deal(made);
    EXPECT_EQ(row.at("statuscode"), kInProgress);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellLeads, AQualifiedLeadIsAcceptedOnceItsOpportunityHasRevenueAndClosingDate) {
    const Json made = announce_lead("R5 qualified");
    (void)must(world().seller(
        "POST",
        "/leads(" + lead_of(made) + ")" + kQualify,
        {{"CreateAccount", true},
         {"CreateContact", true},
         {"CreateOpportunity", true},
         {"Status", 3}}
    ));
    settle();
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "status"), "New");
    const std::string id = string_or(row_of_new_deal(made), "opportunityid");
    EXPECT_NE(audit_of(id).find("Est. revenue and Est. close date are required"), std::string::npos)
        << audit_of(id);
    seller_edits(
        id,
        {{"estimatedvalue", 5000},
         {"isrevenuesystemcalculated", false},
         {"estimatedclosedate", "2027-01-31"}}
    );
    settle();
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "status"), "Active") << failures();
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "externalReferenceId"), id);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellLeads, ADisqualifiedLeadIsDeclined) {
    const Json made = announce_lead("A11 disqualified");
    (void)must(world().seller(
        "PATCH", "/leads(" + lead_of(made) + ")", {{"statecode", kDisqualified}, {"statuscode", 4}}
    ));
    settle();
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "substatus"), "Declined") << failures();
    EXPECT_EQ(failures(), "");
}

}  // namespace
}  // namespace tideway::tests
