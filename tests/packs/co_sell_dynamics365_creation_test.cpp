// From Dynamics 365 to Partner Center: how a deal comes to be, and what keeps it from being half
// made.
#include "engine/app/sign_in_flow.h"
#include "tests/packs/co_sell_world.h"

namespace tideway::tests {
namespace {

class CoSellCreation : public CoSellWorld {
  protected:
    // What the Audit column of an opportunity says that Partner Center must not get.
    std::string audit_of_refused(const Json& row) {
        const std::string id = seller_creates(row);
        settle();
        EXPECT_TRUE(halves_of_row(id).empty());
        const std::string audit = audit_of(id);
        const auto dash = audit.find(" - ");
        return dash == std::string::npos ? audit : audit.substr(dash + 3);
    }
};

TEST_F(CoSellCreation, AnOpportunityThatAsksForHelpBecomesTwoReferralsAndStaysOneRow) {
    const std::string id = seller_creates(complete_opportunity("A1 line inspection"));
    settle();
    const auto halves = halves_of_row(id);
    ASSERT_EQ(halves.size(), 2U) << failures();
    EXPECT_EQ(halves[0].at("engagementId"), halves[1].at("engagementId"));
    EXPECT_NE(is_microsofts(halves[0]), is_microsofts(halves[1]));
    const Json own = own_half_of_row(id);
    const Json after = row(id);
    EXPECT_EQ(after.at("msft_referralidentifier"), own.at("id"));
    EXPECT_NE(string_or(after, "msft_referrallink").find(string_or(own, "id")), std::string::npos);
    EXPECT_NE(string_or(after, "msft_audit").find("sync success"), std::string::npos);
    EXPECT_EQ(rows_named("A1 line inspection").size(), 1U);
    EXPECT_EQ(rows_of(string_or(own, "id")).size(), 1U);
    EXPECT_EQ(referral_writes("POST"), 2);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellCreation, AnOpportunityWithoutHelpBecomesOneReferral) {
    const std::string id = synchronized("A1 without help", {{"msft_howcanmicrosofthelp", nullptr}});
    EXPECT_EQ(halves_of_row(id).size(), 1U);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellCreation, WhatIsMissingIsSaidInThreeDistinctAuditSentencesAndNothingIsMade) {
    Json no_solution = complete_opportunity("A2 no solution");
    no_solution.erase("msft_products");
    const std::string german =
        seller_creates({{"name", "A2 Werke"}, {"address1_country", "Germany"}}, "accounts");
    Json bad_country = complete_opportunity("A2 Germany");
    bad_country["parentaccountid@odata.bind"] = "/accounts(" + german + ")";
    Json no_contact = complete_opportunity("A2 no contact");
    no_contact.erase("parentcontactid@odata.bind");

    const std::string first = audit_of_refused(no_solution);
    const std::string second = audit_of_refused(bad_country);
    const std::string third = audit_of_refused(no_contact);
    EXPECT_NE(first.find("Solution ID is required"), std::string::npos) << first;
    EXPECT_NE(second.find("two-letter country code"), std::string::npos) << second;
    EXPECT_NE(second.find("Germany"), std::string::npos) << second;
    EXPECT_NE(third.find("contact"), std::string::npos) << third;
    EXPECT_EQ(std::set({first, second, third}).size(), 3U);
    EXPECT_EQ(referral_writes("POST"), 0);
}

TEST_F(CoSellCreation, AnAccountWithoutCountryOrNoAccountIsNamedAsWhatIsMissing) {
    const std::string nowhere = seller_creates({{"name", "A2 Nowhere"}}, "accounts");
    Json no_country = complete_opportunity("A2 no country");
    no_country["parentaccountid@odata.bind"] = "/accounts(" + nowhere + ")";
    Json no_account = complete_opportunity("A2 no account");
    no_account.erase("parentaccountid@odata.bind");
    const std::string first = audit_of_refused(no_country);
    EXPECT_NE(first.find("two-letter country code"), std::string::npos) << first;
    EXPECT_EQ(first.find("nil"), std::string::npos) << first;
    const std::string second = audit_of_refused(no_account);
    EXPECT_NE(second.find("customer account"), std::string::npos) << second;
    EXPECT_EQ(second.find("nil"), std::string::npos) << second;
}

TEST_F(CoSellCreation, AfterTheMissingFieldIsEnteredTheDealIsMade) {
    Json draft = complete_opportunity("A2 repaired");
    draft.erase("msft_products");
    const std::string id = seller_creates(draft);
    settle();
    ASSERT_TRUE(halves_of_row(id).empty());
    seller_edits(id, {{"msft_products", "SOL-20001-XYZ"}});
    settle();
    EXPECT_EQ(halves_of_row(id).size(), 2U) << failures();
}

TEST_F(CoSellCreation, AnOpportunityWithoutSyncStaysOutOfPartnerCenterUntilItIsSwitchedOn) {
    Json draft = complete_opportunity("B18 not yet");
    draft["msft_syncwithpartnercenter"] = false;
    const std::string id = seller_creates(draft);
    settle();
    EXPECT_TRUE(halves_of_row(id).empty());
    seller_edits(id, {{"msft_syncwithpartnercenter", true}});
    settle();
    EXPECT_EQ(halves_of_row(id).size(), 2U) << failures();
}

TEST_F(CoSellCreation, WhenOnlyMicrosoftsHalfFailsTheResubmittedRunMakesOnlyThat) {
    (void)must(partner_center(
        "POST",
        "/faults",
        {{"method", "POST"},
         {"path", kReferrals},
         {"body_contains", "\"msft\""},
         {"kind", "status"},
         {"status", 400},
         {"body", {{"error", {{"code", "invalidRequest"}, {"message", "Not today."}}}}},
         {"count", 1000}}
    ));
    const std::string id = seller_creates(complete_opportunity("A13 half a deal"));
    settle();
    ASSERT_EQ(halves_of_row(id).size(), 1U);
    const auto failed = runs("dynamics365_opportunity_to_partner_center", "Failed");
    ASSERT_EQ(failed.size(), 1U);
    EXPECT_NE(string_or(failed.front(), "headline").find("Not today."), std::string::npos);

    (void)must(partner_center("DELETE", "/faults"));
    const Json again = resubmit(string_or(failed.front(), "id"));
    EXPECT_EQ(string_or(again, "status"), "Succeeded") << string_or(again, "headline");
    settle();
    EXPECT_EQ(halves_of_row(id).size(), 2U);
    EXPECT_EQ(referral_writes("POST"), 2);
    EXPECT_EQ(row(id).at("msft_referralidentifier"), own_half_of_row(id).at("id"));
}

TEST_F(CoSellCreation, WhenOnlyMicrosoftsHalfFailsTheSellersNextSaveMakesOnlyThat) {
    (void)must(partner_center(
        "POST",
        "/faults",
        {{"method", "POST"},
         {"path", kReferrals},
         {"body_contains", "\"msft\""},
         {"kind", "status"},
         {"status", 400},
         {"count", 1000}}
    ));
    const std::string id = seller_creates(complete_opportunity("A13 saved again"));
    settle();
    ASSERT_EQ(halves_of_row(id).size(), 1U);
    (void)must(partner_center("DELETE", "/faults"));
    seller_edits(id, {{"estimatedvalue", 13000}});
    settle();
    EXPECT_EQ(halves_of_row(id).size(), 2U) << failures();
    EXPECT_EQ(referral_writes("POST"), 2);
}

TEST_F(CoSellCreation, AnAnswerLostAfterThePostMakesNoSecondReferral) {
    (void)must(partner_center(
        "POST",
        "/faults",
        {{"method", "POST"}, {"path", kReferrals}, {"kind", "cut_after"}, {"count", 1}}
    ));
    const std::string id = seller_creates(complete_opportunity("A13 lost answer"));
    settle();
    EXPECT_EQ(halves_of_row(id).size(), 2U) << failures();
    EXPECT_EQ(referral_writes("POST"), 2);
}

TEST_F(CoSellCreation, ThrottledApisOnlyTakeLonger) {
    const Json storm = {{"kind", "throttle"}, {"seconds", 1}, {"count", 3}};
    Json referrals = storm;
    referrals["path"] = std::string(kReferrals) + "*";
    Json rows = storm;
    rows["path"] = "/api/data/*";
    (void)must(partner_center("POST", "/faults", referrals));
    (void)must(dataverse("POST", "/faults", rows));
    const std::string id = seller_creates(complete_opportunity("A12 storm"));
    settle();
    EXPECT_EQ(halves_of_row(id).size(), 2U) << failures();
    EXPECT_EQ(referral_writes("POST"), 2);
    EXPECT_EQ(failures(), "");
}

}  // namespace
}  // namespace tideway::tests
