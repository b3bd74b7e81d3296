// From Salesforce to Partner Center: how a deal comes to be, and how changes arrive there, once.
#include <algorithm>

#include "tests/packs/salesforce_world.h"

namespace tideway::tests {
namespace {

class SalesforceOutbound : public SalesforceWorld {
  protected:
    // What Audit says of an opportunity that Partner Center must not get.
    std::string audit_of_refused(const std::string& id) {
        switch_on(id);
        EXPECT_TRUE(halves_of_row(id).empty());
        const std::string audit = audit_of(id);
        const auto dash = audit.find(" - ");
        return dash == std::string::npos ? audit : audit.substr(dash + 3);
    }

    // A save that changes nothing that is mapped makes both sides compare again.
    void expect_no_difference(const std::string& id) {
        forget_writes();
        seller_edits(id, {{"Sync_with_Partner_Center__c", false}});
        seller_edits(id, {{"Sync_with_Partner_Center__c", true}});
        EXPECT_EQ(referral_writes("PATCH"), 0);
    }
};

TEST_F(SalesforceOutbound, AnOpportunityThatAsksForHelpBecomesTwoReferralsAndStaysOneRecord) {
    const std::string id = synchronized("A1 line inspection");
    const auto halves = halves_of_row(id);
    ASSERT_EQ(halves.size(), 2U) << failures();
    EXPECT_EQ(halves[0].at("engagementId"), halves[1].at("engagementId"));
    EXPECT_NE(is_microsofts(halves[0]), is_microsofts(halves[1]));
    const Json own = own_half_of_row(id);
    EXPECT_EQ(opportunity(id).at("Referral_Identifier__c"), own.at("id"));
    EXPECT_NE(audit_of(id).find("sync success"), std::string::npos);
    EXPECT_EQ(opportunities_of(own).size(), 1U);
    EXPECT_EQ(referral_writes("POST"), 2);
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceOutbound, WhatIsMissingIsSaidInDistinctAuditSentencesAndNothingIsMade) {
    const std::string first = audit_of_refused(draft("A2 no solution", {{"Products__c", nullptr}}));
    const std::string german =
        create("Account", {{"Name", "A2 Werke"}, {"BillingCountry", "Germany"}});
    const std::string second = audit_of_refused(draft("A2 Germany", {{"AccountId", german}}));
    const std::string without_contact = create(
        "Opportunity",
        {{"Name", "A2 no contact"},
         {"StageName", "Qualification"},
         {"CloseDate", "2027-05-31"},
         {"Amount", 1},
         {"AccountId", create("Account", {{"Name", "A2"}, {"BillingCountry", "IE"}})},
         {"Products__c", "SOL-20001-XYZ"},
         {"How_can_Microsoft_help__c", "Quotes or Licensing"}}
    );
    const std::string third = audit_of_refused(without_contact);
    EXPECT_NE(first.find("Solution ID is required"), std::string::npos) << first;
    EXPECT_NE(second.find("Germany"), std::string::npos) << second;
    EXPECT_NE(third.find("customer contact"), std::string::npos) << third;
    EXPECT_EQ(referral_writes("POST"), 0);
}

TEST_F(SalesforceOutbound, AfterTheMissingSolutionIsEnteredTheDealIsMade) {
    const std::string id = draft("A2 repaired", {{"Products__c", nullptr}});
    switch_on(id);
    ASSERT_TRUE(halves_of_row(id).empty());
    seller_edits(id, {{"Products__c", "SOL-20001-XYZ"}}, kSolutionsFlow);
    EXPECT_EQ(halves_of_row(id).size(), 2U) << failures();
}

TEST_F(SalesforceOutbound, ValuesEditedOnBothSidesWithinASecondConvergeWithoutPingPong) {
    const std::string id = synchronized("A5 both at once");
    const std::string referral = string_or(own_half_of_row(id), "id");
    forget_writes();
    const std::size_t before = runs(kOutboundFlow).size();
    edit("Opportunity", id, {{"Amount", 71000}});
    (void)must(world().edit_deal(referral, {{"details", {{"dealValue", 72000}}}}));
    wait_for_run(kOutboundFlow, before);
    settle();
    EXPECT_EQ(opportunity(id).at("Amount"), deal(referral).at("details").at("dealValue"));
    EXPECT_LE(referral_writes("PATCH"), 2);
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceOutbound, AnEditInTheCrmIsOneWriteInPartnerCenterAndNoneBack) {
    const std::string id = synchronized("A5 one way");
    forget_writes();
    seller_edits(id, {{"Amount", 64000.5}, {"CloseDate", "2027-06-30"}});
    const Json details = own_half_of_row(id).at("details");
    EXPECT_EQ(details.at("dealValue"), 64000.5);
    EXPECT_EQ(string_or(details, "closingDateTime").substr(0, 10), "2027-06-30");
    EXPECT_EQ(referral_writes("PATCH"), 1);
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceOutbound, AWinInTheCrmClosesTheDealAndLaterEditsAreRefused) {
    const std::string id = synchronized("A7 won");
    seller_edits(id, {{"StageName", "Closed Won"}});
    EXPECT_EQ(string_or(own_half_of_row(id), "substatus"), "Won") << failures();
    seller_edits(id, {{"Amount", 99000}});
    EXPECT_EQ(own_half_of_row(id).at("details").at("dealValue"), 12500.25);
    EXPECT_EQ(outcomes(kOutboundFlow).count("refused"), 1U);
    EXPECT_NE(audit_of(id).find("closed in Partner Center as Won"), std::string::npos)
        << audit_of(id);
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceOutbound, WhenOnlyMicrosoftsHalfFailsTheResubmittedRunMakesOnlyThat) {
    fail_posts_of_microsofts_half();
    const std::string id = draft("A13 half a deal");
    switch_on(id);
    ASSERT_EQ(halves_of_row(id).size(), 1U);
    // A poll between the two saves makes a run for each, and both find the switch on.
    const auto failed = runs(kOutboundFlow, "Failed");
    ASSERT_FALSE(failed.empty());
    (void)must(partner_center("DELETE", "/faults"));
    const Json again = resubmit(string_or(failed.front(), "id"));
    EXPECT_EQ(string_or(again, "status"), "Succeeded") << string_or(again, "headline");
    settle();
    EXPECT_EQ(halves_of_row(id).size(), 2U);
    EXPECT_EQ(referral_writes("POST"), 2);
    EXPECT_EQ(opportunity(id).at("Referral_Identifier__c"), own_half_of_row(id).at("id"));
}

TEST_F(SalesforceOutbound, AnAnswerLostAfterThePostMakesNoSecondReferral) {
    (void)must(partner_center(
        "POST",
        "/faults",
        {{"method", "POST"}, {"path", kReferrals}, {"kind", "cut_after"}, {"count", 1}}
    ));
    const std::string id = draft("A13 lost answer");
    switch_on(id);
    EXPECT_EQ(halves_of_row(id).size(), 2U) << failures();
    EXPECT_EQ(referral_writes("POST"), 2);
}

TEST_F(SalesforceOutbound, ThrottledApisOnlyTakeLonger) {
    const std::string id = draft("A12 storm");
    settle();
    const Json storm = {{"kind", "throttle"}, {"seconds", 1}, {"count", 3}};
    Json referrals = storm;
    referrals["path"] = std::string(kReferrals) + "*";
    Json rows = storm;
    rows["path"] = "/services/data/*";
    (void)must(partner_center("POST", "/faults", referrals));
    (void)must(salesforce("POST", "/faults", rows));
    switch_on(id);
    EXPECT_EQ(halves_of_row(id).size(), 2U) << failures();
    EXPECT_EQ(referral_writes("POST"), 2);
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceOutbound, ADayWithoutRequestsLeftOnlyTakesLonger) {
    const std::string id = draft("A12 limit");
    settle();
    const Json limits = must(salesforce("GET", "/limits"));
    (void)must(salesforce("POST", "/limits", {{"used", limits.at("max")}}));
    (void)must(salesforce("DELETE", "/requests"));
    edit("Opportunity", id, {{"Sync_with_Partner_Center__c", true}});
    (void)must(world().wait_for<bool>("a refusal", [&]() -> Result<std::optional<bool>> {
        TIDEWAY_TRY_ASSIGN(const Json asked, salesforce("GET", "/requests"));
        const Json& all = asked.at("value");
        const bool is_refused = std::any_of(all.begin(), all.end(), [](const Json& each) {
            return int_or(each, "status", 0) == 403;
        });
        return is_refused ? std::optional<bool>(true) : std::nullopt;
    }));
    (void)must(salesforce("POST", "/limits", {{"used", 0}}));
    settle();
    EXPECT_EQ(halves_of_row(id).size(), 2U) << failures();
    EXPECT_EQ(referral_writes("POST"), 2);
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceOutbound, ASolutionThatIsReplacedByAnotherIsReplacedInPartnerCenter) {
    const std::string id = synchronized("A14 solution");
    seller_edits(id, {{"Products__c", "SOL-30002-ABC"}}, kSolutionsFlow);
    const Json solutions = own_half_of_row(id).at("details").at("requirements").at("solutions");
    ASSERT_EQ(solutions.size(), 1U) << dump(solutions);
    EXPECT_EQ(string_or(solutions[0], "id"), "SOL-30002-ABC") << failures();
}

TEST_F(SalesforceOutbound, TheLastSolutionIsNotTakenAwayAndAuditSaysSo) {
    const std::string id = synchronized("A14 last solution");
    seller_edits(id, {{"Products__c", nullptr}}, kSolutionsFlow);
    EXPECT_EQ(own_half_of_row(id).at("details").at("requirements").at("solutions").size(), 1U);
    EXPECT_NE(audit_of(id).find("a deal keeps at least one"), std::string::npos) << audit_of(id);
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceOutbound, NotesWithQuotesLineEndsEmojiAndFiveThousandCharactersSettle) {
    std::string awkward =
        "Says \"soon\", it's 5 < 6 & {x}\r\nsecond line\n\\ and \xF0\x9F\x9A\x80 ";
    const std::string id = synchronized("A15 notes", {{"Description", awkward}});
    expect_no_difference(id);
    awkward += std::string(5000, 'n');
    (void)must(
        world().edit_deal(string_or(own_half_of_row(id), "id"), {{"details", {{"notes", awkward}}}})
    );
    settle();
    EXPECT_NE(string_or(opportunity(id), "Description").find("nnnn"), std::string::npos);
    expect_no_difference(id);
    EXPECT_EQ(failures(), "");
}

TEST_F(SalesforceOutbound, AmountsKeepTheDecimalsOfTheirCurrency) {
    const std::pair<const char*, double> kCases[] = {
        {"JPY", 1500000}, {"EUR", 12500.25}, {"KWD", 1250.125}};
    for (const auto& [code, amount] : kCases) {
        const std::string id = synchronized(
            std::string("A16 ") + code, {{"CurrencyIsoCode", code}, {"Amount", amount}}
        );
        const Json details = own_half_of_row(id).at("details");
        EXPECT_EQ(string_or(details, "currency"), code);
        EXPECT_EQ(details.at("dealValue"), amount);
        expect_no_difference(id);
    }
    EXPECT_EQ(failures(), "");
}

}  // namespace
}  // namespace tideway::tests
