// From Partner Center to Dynamics 365: deals that arrive, and what becomes of Microsoft's answers.
#include "tests/packs/co_sell_world.h"

namespace tideway::tests {
namespace {

constexpr const char* kInbound = "partner_center_to_dynamics365";

class CoSellInbound : public CoSellWorld {
  protected:
    static void microsoft(const std::string& engagement, const std::string& action) {
        (void)must(partner_center(
            "POST",
            "/microsoft",
            {{"engagementId", engagement}, {"action", action}, {"reason", "No budget"}}
        ));
    }
};

TEST_F(CoSellInbound, ADealFromMicrosoftIsOnHoldAndIsAcceptedWhenTheSellerTakesItUp) {
    const Json made = announce("A3 taken up");
    const Json first = row_of_new_deal(made);
    EXPECT_EQ(first.at("statuscode"), kOnHold);
    EXPECT_EQ(first.at("msft_syncwithpartnercenter"), true);
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "status"), "New");
    EXPECT_EQ(
        string_or(deal(string_or(made, "id")), "externalReferenceId"),
        string_or(first, "opportunityid")
    );
    seller_edits(string_or(first, "opportunityid"), {{"statuscode", kInProgress}});
    settle();
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "status"), "Active") << failures();
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "substatus"), "Accepted");
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellInbound, ADealThatTheSellerLosesBeforeTakingItUpIsDeclined) {
    const Json made = announce("A4 declined");
    const Json first = row_of_new_deal(made);
    seller_closes("LoseOpportunity", string_or(first, "opportunityid"), 4);
    settle();
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "substatus"), "Declined") << failures();
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellInbound, TheSameWebhookTenTimesAtOnceIsOneOpportunity) {
    must(world().set_deliveries({{"duplicates", 9}}));
    const Json made = announce("A6 ten times");
    settle();
    EXPECT_EQ(rows_of(string_or(made, "id")).size(), 1U);
    EXPECT_EQ(rows_named("A6 ten times").size(), 1U);
    EXPECT_EQ(outcomes(kInbound).count("created"), 1U);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellInbound, ADealOfACrmRecordThatIsNotHereIsIgnored) {
    const std::string elsewhere = "6f0a8c1e-7d55-4d0f-9b7e-2f1f3c1c9e10";
    const Json made = must(
        world().announce_deal({{"name", "A8 of another CRM"}, {"externalReferenceId", elsewhere}})
    );
    settle();
    EXPECT_TRUE(rows_of(string_or(made, "id")).empty());
    EXPECT_TRUE(rows_named("A8 of another CRM").empty());
    const auto over = runs(kInbound);
    ASSERT_FALSE(over.empty());
    for (const Json& run : over) {
        EXPECT_EQ(string_or(run, "status"), "Succeeded") << string_or(run, "headline");
        EXPECT_EQ(string_or(run, "outcome"), "ignored");
        EXPECT_NE(string_or(run, "outcome_reason").find(elsewhere), std::string::npos);
    }
}

TEST_F(CoSellInbound, ARevokedSignInFailsTheRunAndResubmittingAfterReconnectingMakesOneRow) {
    (void)must(partner_center("POST", "/identity", {{"revoke", "everything"}}));
    const Json made = announce("A9 revoked");
    settle();
    const auto failed = runs(kInbound, "Failed");
    ASSERT_FALSE(failed.empty());
    const std::string headline = string_or(failed.front(), "headline");
    EXPECT_NE(headline.find("refresh token has expired"), std::string::npos) << headline;
    EXPECT_TRUE(rows_of(string_or(made, "id")).empty());

    sign_in_again();
    for (const Json& run : failed) {
        const Json again = resubmit(string_or(run, "id"));
        EXPECT_EQ(string_or(again, "status"), "Succeeded") << string_or(again, "headline");
    }
    settle();
    EXPECT_EQ(rows_of(string_or(made, "id")).size(), 1U);
}

TEST_F(CoSellInbound, ALeadIsIgnoredWhenOnlyCoSellOpportunitiesAreSynchronized) {
    const Json made = must(world().announce_deal({{"kind", "lead"}, {"name", "A10 a lead"}}));
    settle();
    EXPECT_TRUE(rows_of(string_or(made, "id")).empty());
    const auto over = runs(kInbound);
    ASSERT_FALSE(over.empty());
    EXPECT_EQ(string_or(over.front(), "outcome"), "ignored");
    EXPECT_NE(
        string_or(over.front(), "outcome_reason").find("only co-sell opportunities"),
        std::string::npos
    );
}

TEST_F(CoSellInbound, ADealThatIsClosedAlreadyIsNotMadeAnOpportunity) {
    must(world().set_deliveries({{"paused", true}}));
    const Json made = announce("B31 closed");
    const std::string id = string_or(made, "id");
    (void)must(world().edit_deal(id, {{"status", "Closed"}, {"substatus", "Lost"}}));
    must(world().set_deliveries({{"paused", false}}));
    settle();
    EXPECT_TRUE(rows_of(id).empty());
    const auto over = runs(kInbound);
    ASSERT_FALSE(over.empty());
    EXPECT_EQ(string_or(over.front(), "outcome_reason"), "closed as Lost");
}

TEST_F(CoSellInbound, ADealThatIsWonInThePortalIsWonInTheCrm) {
    const Json made = announce("B31 won in the portal");
    const Json first = row_of_new_deal(made);
    (void
    )must(world().edit_deal(string_or(made, "id"), {{"status", "Closed"}, {"substatus", "Won"}}));
    settle();
    EXPECT_EQ(row(string_or(first, "opportunityid")).at("statecode"), kWon) << failures();
    EXPECT_EQ(outcomes("dynamics365_opportunity_to_partner_center").count("refused"), 0U);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellInbound, WhatMicrosoftAnswersIsInTheAuditOnce) {
    const std::string accepted = synchronized("F3 accepted");
    microsoft(string_or(own_half_of_row(accepted), "engagementId"), "accept");
    settle();
    EXPECT_NE(audit_of(accepted).find("Microsoft accepted the deal."), std::string::npos);
    EXPECT_NE(string_or(row(accepted), "msft_microsoftcrmidentifier"), "");
    microsoft(string_or(own_half_of_row(accepted), "engagementId"), "win");
    settle();
    EXPECT_NE(audit_of(accepted).find("Microsoft closed its half as Won"), std::string::npos)
        << audit_of(accepted);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellInbound, WhatMicrosoftDeclinesIsInTheAuditWithItsReason) {
    const std::string id = synchronized("F3 declined");
    must(world().set_deliveries({{"duplicates", 3}}));
    microsoft(string_or(own_half_of_row(id), "engagementId"), "decline");
    settle();
    const std::string audit = audit_of(id);
    const auto at = audit.find("Microsoft closed its half as Declined: No budget");
    ASSERT_NE(at, std::string::npos) << audit;
    EXPECT_EQ(audit.find("Microsoft closed", at + 1), std::string::npos) << audit;
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellInbound, MicrosoftsAnswerArrivesThoughListsDoNotShowTheDealYet) {
    (void)must(partner_center("POST", "/settings", {{"list_lag_ms", 60000}}));
    const std::string id = synchronized("F3 list lag");
    microsoft(string_or(own_half_of_row(id), "engagementId"), "accept");
    settle();
    (void)must(partner_center("POST", "/settings", {{"list_lag_ms", 0}}));
    EXPECT_NE(audit_of(id).find("Microsoft accepted the deal."), std::string::npos) << audit_of(id);
}

TEST_F(CoSellInbound, ThrottledApisOnlyTakeLonger) {
    const Json storm = {{"kind", "throttle"}, {"seconds", 1}, {"count", 3}};
    Json referrals = storm;
    referrals["path"] = std::string(kReferrals) + "*";
    Json rows = storm;
    rows["path"] = "/api/data/*";
    (void)must(partner_center("POST", "/faults", referrals));
    (void)must(dataverse("POST", "/faults", rows));
    const Json made = announce("A12 storm inbound");
    settle();
    EXPECT_EQ(rows_of(string_or(made, "id")).size(), 1U);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellInbound, AnAccountWithoutPostalCodeIsFoundAgain) {
    seller_creates({{"name", "Northwind O'Brien"}, {"address1_country", "IE"}}, "accounts");
    const Json made = must(world().announce_deal(
        {{"name", "Account without postal code"},
         {"customerProfile",
          {{"name", "Northwind O'Brien"},
           {"address", {{"city", "Cork"}, {"postalCode", ""}, {"country", "IE"}}}}}}
    ));
    (void)row_of_new_deal(made);
    const Json accounts = must(dataverse("GET", "/rows/account")).at("rows");
    EXPECT_EQ(
        std::count_if(
            accounts.begin(),
            accounts.end(),
            [](const Json& each) { return string_or(each, "name") == "Northwind O'Brien"; }
        ),
        1
    );
    EXPECT_EQ(failures(), "");
}

}  // namespace
}  // namespace tideway::tests
