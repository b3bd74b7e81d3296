// From Partner Center to Salesforce: deals and leads that arrive, and what becomes of them there.
#include "tests/packs/salesforce_world.h"

namespace tideway::tests {
namespace {

class SalesforceInbound : public SalesforceWorld {
  protected:
    static void synchronize_leads(bool value) {
        (void)must(world().api().call(
            "PUT", "/variables/co_sell_salesforce/sync_co_sell_only", {{"value", !value}}
        ));
    }

    void TearDown() override {
        synchronize_leads(false);
        SalesforceWorld::TearDown();
    }

    static Json announce_lead(const std::string& name) {
        return must(world().announce_deal({{"kind", "lead"}, {"name", name}}));
    }
};

TEST_F(SalesforceInbound, ADealFromMicrosoftIsOnHoldAndIsAcceptedWhenTheSellerTakesItUp) {
    const Json made = announce("A3 taken up");
    const std::string id = opportunity_of_new_deal(made);
    EXPECT_EQ(opportunity(id).at("StageName"), "On Hold");
    EXPECT_EQ(opportunity(id).at("Sync_with_Partner_Center__c"), true);
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "status"), "New");
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "externalReferenceId"), id);
    seller_edits(id, {{"StageName", "Qualification"}});
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "status"), "Active") << failures();
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "substatus"), "Accepted");
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceInbound, AnEditOfAnOpportunityOnHoldWaitsUntilTheDealIsTakenUp) {
    const Json made = announce("R17 on hold");
    const std::string id = opportunity_of_new_deal(made);
    seller_edits(id, {{"Amount", 43000}});
    EXPECT_EQ(deal(string_or(made, "id")).at("details").at("dealValue"), 42000);
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "status"), "New");
    seller_edits(id, {{"StageName", "Qualification"}});
    EXPECT_EQ(deal(string_or(made, "id")).at("details").at("dealValue"), 43000) << failures();
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceInbound, ADealThatTheSellerLosesBeforeTakingItUpIsDeclined) {
    const Json made = announce("A4 declined");
    seller_edits(opportunity_of_new_deal(made), {{"StageName", "Closed Lost"}});
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "substatus"), "Declined") << failures();
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceInbound, TheSameWebhookTenTimesAtOnceIsOneOpportunity) {
    must(world().set_deliveries({{"duplicates", 9}}));
    const Json made = announce("A6 ten times");
    (void)opportunity_of_new_deal(made);
    EXPECT_EQ(outcomes(kInboundFlow).count("created"), 1U);
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceInbound, ADealOfACrmRecordThatIsNotHereIsIgnored) {
    const std::string elsewhere = "006A00000000001AAA";
    const Json made = must(
        world().announce_deal({{"name", "A8 of another CRM"}, {"externalReferenceId", elsewhere}})
    );
    settle();
    EXPECT_TRUE(opportunities_of(made).empty());
    const auto over = runs(kInboundFlow);
    ASSERT_FALSE(over.empty());
    EXPECT_EQ(string_or(over.front(), "outcome"), "ignored");
    EXPECT_NE(string_or(over.front(), "outcome_reason").find(elsewhere), std::string::npos);
}

TEST_F(SalesforceInbound, ASessionThatEndedIsRenewedAndTheDealArrives) {
    (void)must(salesforce("POST", "/sessions", {{"end", "sessions"}}));
    (void)opportunity_of_new_deal(announce("A9 session"));
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceInbound, ALeadIsIgnoredWhenOnlyCoSellOpportunitiesAreSynchronized) {
    const Json made = announce_lead("A10 a lead");
    settle();
    EXPECT_TRUE(records("Lead", "Referral_Identifier__c", made.at("id")).empty());
    EXPECT_EQ(outcomes(kInboundFlow).count("ignored"), outcomes(kInboundFlow).size());
}

TEST_F(SalesforceInbound, ALeadThatNobodyHasAcceptedIsALead) {
    synchronize_leads(true);
    const Json made = announce_lead("A11 a lead");
    settle();
    const auto found = records("Lead", "Referral_Identifier__c", made.at("id"));
    ASSERT_EQ(found.size(), 1U) << failures();
    EXPECT_EQ(found.front().at("Status"), "Open - Not Contacted");
    EXPECT_EQ(
        string_or(deal(string_or(made, "id")), "externalReferenceId"),
        string_or(found.front(), "Id")
    );
    EXPECT_TRUE(opportunities_of(made).empty());
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceInbound, LeadsThatDoNotArriveDoSoAgainWhenTheWebhookIsRegisteredAgain) {
    synchronize_leads(true);
    const auto leads_of = [](const Json& made) {
        settle();
        return records("Lead", "Referral_Identifier__c", made.at("id")).size();
    };
    register_address(address_of_another_program());
    const Json missed = announce_lead("B44 missed");
    EXPECT_EQ(leads_of(missed), 0U);
    register_address(trigger_url());
    EXPECT_EQ(leads_of(announce_lead("B44 next")), 1U);
    (void)must(world().edit_deal(string_or(missed, "id"), {{"details", {{"notes", "Again."}}}}));
    EXPECT_EQ(leads_of(missed), 1U) << "the next change of a missed one brings it";
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceInbound, ALeadThatTheSellerDeclinesIsDeclined) {
    synchronize_leads(true);
    const Json made = announce_lead("A11 declined");
    settle();
    const auto found = records("Lead", "Referral_Identifier__c", made.at("id"));
    ASSERT_EQ(found.size(), 1U) << failures();
    edit("Lead", string_or(found.front(), "Id"), {{"Status", "Closed - Not Converted"}});
    wait_for_run(kLeadsFlow, 0);
    settle();
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "substatus"), "Declined") << failures();
}

TEST_F(SalesforceInbound, ALeadThatWasAcceptedInPartnerCenterIsAnOpportunity) {
    synchronize_leads(true);
    const Json made = announce_lead("A11 accepted");
    settle();
    (void)must(
        world().edit_deal(string_or(made, "id"), {{"status", "Active"}, {"substatus", "Accepted"}})
    );
    const std::string id = opportunity_of_new_deal(made);
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "externalReferenceId"), id);
    EXPECT_EQ(opportunity(id).at("StageName"), "Qualification");
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceInbound, ThrottledApisOnlyTakeLonger) {
    const Json storm = {{"kind", "throttle"}, {"seconds", 1}, {"count", 3}};
    Json referrals = storm;
    referrals["path"] = std::string(kReferrals) + "*";
    Json rows = storm;
    rows["path"] = "/services/data/*";
    (void)must(partner_center("POST", "/faults", referrals));
    (void)must(salesforce("POST", "/faults", rows));
    (void)opportunity_of_new_deal(announce("A12 storm"));
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceInbound, ARevokedSignInFailsTheRunAndResubmittingAfterReconnectingMakesOneRecord) {
    (void)must(partner_center("POST", "/identity", {{"revoke", "everything"}}));
    const Json made = announce("A9 revoked");
    settle();
    const auto failed = runs(kInboundFlow, "Failed");
    ASSERT_FALSE(failed.empty());
    const std::string headline = string_or(failed.front(), "headline");
    EXPECT_NE(headline.find("refresh token has expired"), std::string::npos) << headline;
    EXPECT_TRUE(opportunities_of(made).empty());

    sign_in_again();
    for (const Json& run : failed) {
        const Json again = resubmit(string_or(run, "id"));
        EXPECT_EQ(string_or(again, "status"), "Succeeded") << string_or(again, "headline");
    }
    settle();
    EXPECT_EQ(opportunities_of(made).size(), 1U);
}

TEST_F(SalesforceInbound, AClosingTimeLateInTheDayKeepsItsDate) {
    const Json made = announce("A17 late", {{"closingDateTime", "2027-03-31T23:30:00Z"}});
    const std::string id = opportunity_of_new_deal(made);
    EXPECT_EQ(opportunity(id).at("CloseDate"), "2027-03-31");
    seller_edits(id, {{"StageName", "Qualification"}, {"Amount", 43000}});
    const Json details = deal(string_or(made, "id")).at("details");
    EXPECT_EQ(string_or(details, "closingDateTime").substr(0, 10), "2027-03-31");
    EXPECT_EQ(details.at("dealValue"), 43000);
}

TEST_F(SalesforceInbound, WhatMicrosoftDeclinesIsInTheAuditWithItsReason) {
    const std::string id = synchronized("F3 declined");
    must(world().set_deliveries({{"duplicates", 3}}));
    (void)must(partner_center(
        "POST",
        "/microsoft",
        {{"engagementId", own_half_of_row(id).at("engagementId")},
         {"action", "decline"},
         {"reason", "No budget"}}
    ));
    settle();
    const std::string audit = audit_of(id);
    const auto at = audit.find("Microsoft closed its half as Declined: No budget");
    ASSERT_NE(at, std::string::npos) << audit;
    EXPECT_EQ(audit.find("Microsoft closed", at + 1), std::string::npos) << audit;
    EXPECT_EQ(failures(), "");
}

}  // namespace
}  // namespace tideway::tests
