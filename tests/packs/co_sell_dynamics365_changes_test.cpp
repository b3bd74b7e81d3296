// A deal that both sides know: how a change on one side arrives on the other, once.
#include "tests/packs/co_sell_world.h"

namespace tideway::tests {
namespace {

class CoSellChanges : public CoSellWorld {
  protected:
    static std::string repeated(const std::string& text, int times) {
        std::string out;
        for (int i = 0; i < times; ++i) {
            out += text;
        }
        return out;
    }

    // Until the runs that it starts are over, with notifications of the CRM held back.
    void edit_in_portal_and_wait(const std::string& referral, const Json& changes) {
        const auto before = runs("partner_center_to_dynamics365").size();
        (void)must(world().edit_deal(referral, changes));
        (void)must(world().wait_for<bool>("the run", [&]() -> Result<std::optional<bool>> {
            const auto over = runs("partner_center_to_dynamics365");
            const bool done = over.size() > before && over.front().contains("ended");
            return done ? std::optional<bool>(true) : std::nullopt;
        }));
    }

    // A save that changes nothing that is mapped makes both sides compare again.
    void expect_no_difference(const std::string& id) {
        forget_writes();
        seller_edits(id, {{"msft_syncwithpartnercenter", true}});
        settle();
        EXPECT_EQ(referral_writes("PATCH"), 0);
        EXPECT_LE(opportunity_writes().size(), 1U) << dump(opportunity_writes());
    }
};

TEST_F(CoSellChanges, ValuesEditedOnBothSidesWithinASecondConvergeWithoutPingPong) {
    const std::string id = synchronized("A5 both at once");
    const std::string referral = string_or(own_half_of_row(id), "id");
    forget_writes();
    seller_edits(id, {{"estimatedvalue", 71000}});
    (void)must(world().edit_deal(referral, {{"details", {{"dealValue", 72000}}}}));
    settle();
    EXPECT_EQ(row(id).at("estimatedvalue"), deal(referral).at("details").at("dealValue"));
    EXPECT_LE(referral_writes("PATCH"), 2);
    EXPECT_LE(opportunity_writes().size(), 4U) << dump(opportunity_writes());
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellChanges, AnEditInTheCrmIsOneWriteInPartnerCenterAndNoneBack) {
    const std::string id = synchronized("A5 one way");
    forget_writes();
    seller_edits(id, {{"estimatedvalue", 64000.5}, {"estimatedclosedate", "2027-06-30"}});
    settle();
    const Json details = own_half_of_row(id).at("details");
    EXPECT_EQ(details.at("dealValue"), 64000.5);
    EXPECT_EQ(string_or(details, "closingDateTime").substr(0, 10), "2027-06-30");
    EXPECT_EQ(referral_writes("PATCH"), 1);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellChanges, ADealTakenUpInTheCrmIsAcceptedThoughThePortalWasEditedLater) {
    const Json made = announce("H9 taken up");
    const std::string id = string_or(row_of_new_deal(made), "opportunityid");
    (void)must(dataverse("POST", "/lag", {{"paused", true}}));
    seller_edits(id, {{"statuscode", kInProgress}});
    (void)must(partner_center("POST", "/clock", {{"advance_s", 5}}));
    edit_in_portal_and_wait(string_or(made, "id"), {{"details", {{"dealValue", 43000}}}});
    EXPECT_EQ(row(id).at("statuscode"), kInProgress);
    EXPECT_EQ(row(id).at("estimatedvalue"), 43000);
    (void)must(dataverse("POST", "/lag", {{"paused", false}}));
    settle();
    EXPECT_EQ(string_or(deal(string_or(made, "id")), "status"), "Active") << failures();
    EXPECT_EQ(deal(string_or(made, "id")).at("details").at("dealValue"), 43000);
}

TEST_F(CoSellChanges, ADealAcceptedInThePortalIsInProgressThoughTheCrmWasEditedLater) {
    const Json made = announce("H9 accepted");
    const std::string id = string_or(row_of_new_deal(made), "opportunityid");
    must(world().set_deliveries({{"paused", true}}));
    (void)must(
        world().edit_deal(string_or(made, "id"), {{"status", "Active"}, {"substatus", "Accepted"}})
    );
    seller_edits(id, {{"estimatedvalue", 44000}});
    (void)must(world().wait_for<bool>("the run", [this]() -> Result<std::optional<bool>> {
        const auto over = runs("dynamics365_opportunity_to_partner_center");
        const bool done = !over.empty() && over.front().contains("ended");
        return done ? std::optional<bool>(true) : std::nullopt;
    }));
    must(world().set_deliveries({{"paused", false}}));
    settle();
    EXPECT_EQ(row(id).at("statuscode"), kInProgress) << failures();
    EXPECT_EQ(
        row(id).at("estimatedvalue"), deal(string_or(made, "id")).at("details").at("dealValue")
    );
}

TEST_F(CoSellChanges, AnEditInThePortalArrivesAndLeavesTheStateAlone) {
    const std::string id = synchronized("H9 state");
    const Json own = own_half_of_row(id);
    (void)must(world().edit_deal(string_or(own, "id"), {{"details", {{"dealValue", 15000}}}}));
    settle();
    EXPECT_EQ(row(id).at("estimatedvalue"), 15000);
    EXPECT_EQ(row(id).at("statuscode"), kInProgress);
}

TEST_F(CoSellChanges, AWinInTheCrmClosesTheDealAndLaterEditsAreRefused) {
    const std::string id = synchronized("A7 won");
    seller_closes("WinOpportunity", id, 3);
    settle();
    const Json own = own_half_of_row(id);
    EXPECT_EQ(string_or(own, "status"), "Closed") << failures();
    EXPECT_EQ(string_or(own, "substatus"), "Won");
    EXPECT_EQ(row(id).at("statecode"), kWon);

    seller_edits(id, {{"statecode", kOpen}, {"statuscode", kInProgress}});
    settle();
    seller_edits(id, {{"estimatedvalue", 99000}});
    settle();
    EXPECT_EQ(own_half_of_row(id).at("details").at("dealValue"), 12500.25);
    EXPECT_EQ(outcomes("dynamics365_opportunity_to_partner_center").count("refused"), 2U);
    EXPECT_NE(audit_of(id).find("closed in Partner Center as Won"), std::string::npos)
        << audit_of(id);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellChanges, TheEchoOfAWinIsNoRefusal) {
    const std::string id = synchronized("A7 echo");
    seller_closes("WinOpportunity", id, 3);
    settle();
    EXPECT_EQ(outcomes("dynamics365_opportunity_to_partner_center").count("refused"), 0U);
}

TEST_F(CoSellChanges, ALossInTheCrmClosesTheDealAsLost) {
    const std::string id = synchronized("A4 lost");
    seller_closes("LoseOpportunity", id, 4);
    settle();
    EXPECT_EQ(string_or(own_half_of_row(id), "status"), "Closed") << failures();
    EXPECT_EQ(string_or(own_half_of_row(id), "substatus"), "Lost");
}

TEST_F(CoSellChanges, AnEditInThePortalThatMeetsAWonOpportunityIsNoFailure) {
    const std::string id = synchronized("A7 portal edit");
    const std::string referral = string_or(own_half_of_row(id), "id");
    (void)must(dataverse("POST", "/lag", {{"paused", true}}));
    seller_closes("WinOpportunity", id, 3);
    (void)must(partner_center("POST", "/clock", {{"advance_s", 5}}));
    edit_in_portal_and_wait(referral, {{"details", {{"dealValue", 16000}}}});
    (void)must(dataverse("POST", "/lag", {{"paused", false}}));
    settle();
    EXPECT_EQ(failures(), "");
    EXPECT_EQ(string_or(deal(referral), "substatus"), "Won");
    EXPECT_EQ(row(id).at("statecode"), kWon);
}

TEST_F(CoSellChanges, ASolutionThatIsReplacedByAnotherIsReplacedInPartnerCenter) {
    const std::string id = synchronized("A14 solution");
    seller_edits(id, {{"msft_products", "SOL-30002-ABC"}});
    settle();
    const Json solutions = own_half_of_row(id).at("details").at("requirements").at("solutions");
    ASSERT_EQ(solutions.size(), 1U) << dump(solutions);
    EXPECT_EQ(string_or(solutions[0], "id"), "SOL-30002-ABC") << failures();
    expect_no_difference(id);
}

TEST_F(CoSellChanges, TheLastSolutionIsNotTakenAway) {
    const std::string id = synchronized("A14 last solution");
    seller_edits(id, {{"msft_products", nullptr}});
    settle();
    EXPECT_EQ(own_half_of_row(id).at("details").at("requirements").at("solutions").size(), 1U);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellChanges, HelpAskedForLaterMakesMicrosoftsHalf) {
    const std::string id = synchronized("R11 later help", {{"msft_howcanmicrosofthelp", nullptr}});
    ASSERT_EQ(halves_of_row(id).size(), 1U);
    seller_edits(id, {{"msft_howcanmicrosofthelp", kHelpWithQuotes}});
    settle();
    EXPECT_EQ(halves_of_row(id).size(), 2U) << failures();
    seller_edits(id, {{"estimatedvalue", 17000}});
    settle();
    EXPECT_EQ(halves_of_row(id).size(), 2U);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellChanges, NotesWithQuotesLineEndsEmojiAndFiveThousandCharactersSettle) {
    const std::string awkward =
        "Says \"soon\", it's 5 < 6 & {x}\r\nsecond line\n\\ and \xF0\x9F\x9A\x80 ";
    const std::string id = synchronized("A15 notes", {{"description", awkward}});
    expect_no_difference(id);
    const std::string referral = string_or(own_half_of_row(id), "id");
    (void)must(world().edit_deal(
        referral, {{"details", {{"notes", awkward + repeated("\xC3\xA9", 5000)}}}}
    ));
    settle();
    EXPECT_NE(string_or(row(id), "description").find("second line"), std::string::npos);
    EXPECT_NE(string_or(row(id), "description").find("\xC3\xA9\xC3\xA9"), std::string::npos);
    expect_no_difference(id);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellChanges, NotesInTheCrmOfFiveThousandCharactersSettle) {
    const std::string id = synchronized("A15 long in the CRM");
    (void)must(world().edit_deal(
        string_or(own_half_of_row(id), "id"), {{"details", {{"notes", repeated("n", 5000)}}}}
    ));
    settle();
    seller_edits(id, {{"estimatedvalue", 18000}});
    settle();
    EXPECT_EQ(own_half_of_row(id).at("details").at("notes").get<std::string>().size(), 5000U);
}

TEST_F(CoSellChanges, AmountsKeepTheDecimalsOfTheirCurrency) {
    const struct {
        int currency;
        const char* code;
        double amount;
    } kCases[] = {{4, "JPY", 1500000}, {2, "EUR", 12500.25}, {5, "KWD", 1250.125}};

    for (const auto& each : kCases) {
        const std::string id = synchronized(
            std::string("A16 ") + each.code,
            {{"transactioncurrencyid@odata.bind", currency_bind(each.currency)},
             {"estimatedvalue", each.amount}}
        );
        const Json details = own_half_of_row(id).at("details");
        EXPECT_EQ(string_or(details, "currency"), each.code);
        EXPECT_EQ(details.at("dealValue"), each.amount);
        expect_no_difference(id);
    }
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellChanges, AnAmountFinerThanTheCurrencyDoesNotGoBackAndForth) {
    const Json made = announce("A16 finer", {{"currency", "JPY"}, {"dealValue", 1500.75}});
    const Json first = row_of_new_deal(made);
    forget_writes();
    seller_edits(string_or(first, "opportunityid"), {{"description", "A new note."}});
    settle();
    EXPECT_LE(referral_writes("PATCH"), 1);
    expect_no_difference(string_or(first, "opportunityid"));
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellChanges, AClosingTimeLateInTheDayKeepsItsDate) {
    const Json made = announce("A17 late", {{"closingDateTime", "2027-03-31T23:30:00Z"}});
    const Json first = row_of_new_deal(made);
    EXPECT_EQ(string_or(first, "estimatedclosedate"), "2027-03-31");
    seller_edits(string_or(first, "opportunityid"), {{"estimatedvalue", 43000}});
    settle();
    const Json details = deal(string_or(made, "id")).at("details");
    EXPECT_EQ(string_or(details, "closingDateTime").substr(0, 10), "2027-03-31");
    EXPECT_EQ(
        string_or(row(string_or(first, "opportunityid")), "estimatedclosedate"), "2027-03-31"
    );
    EXPECT_EQ(details.at("dealValue"), 43000);
}

TEST_F(CoSellChanges, AnEditBetweenReadAndWriteIsReadAgainAndNothingFails) {
    const std::string id = synchronized("H5 lost update");
    const std::string referral = string_or(own_half_of_row(id), "id");
    // The PATCH of the CRM's new value is held up until a person has edited the notes.
    (void)must(partner_center(
        "POST",
        "/faults",
        {{"method", "PATCH"},
         {"path", std::string(kReferrals) + "*"},
         {"kind", "delay"},
         {"ms", 600},
         {"count", 1}}
    ));
    seller_edits(id, {{"estimatedvalue", 81000}});
    (void)must(world().wait_for<bool>("the held write", []() -> Result<std::optional<bool>> {
        TIDEWAY_TRY_ASSIGN(const Json faults, partner_center("GET", "/faults"));
        const bool taken = dump(faults).find("\"delay\"") == std::string::npos;
        return taken ? std::optional<bool>(true) : std::nullopt;
    }));
    (void)must(world().edit_deal(referral, {{"statusReason", "Called them."}}));
    settle();
    EXPECT_EQ(failures(), "");
    EXPECT_EQ(row(id).at("estimatedvalue"), deal(referral).at("details").at("dealValue"));
    EXPECT_EQ(string_or(deal(referral), "statusReason"), "Called them.");
}

}  // namespace
}  // namespace tideway::tests
