// Who works on a deal: its team in Partner Center, its owner and sales team in the CRM.
#include "tests/packs/co_sell_world.h"

namespace tideway::tests {
namespace {

constexpr const char* kJamie = "e0000000-0000-4000-8000-000000000002";
constexpr const char* kKelly = "e0000000-0000-4000-8000-000000000003";
constexpr const char* kJamiesAddress = "jamie.reding@contoso.com";
constexpr const char* kKellysAddress = "kelly.krout@contoso.com";
constexpr const char* kStranger = "max@partner.example";
constexpr const char* kAccountManager = "90000000-0000-4000-8000-000000000001";

class CoSellPeople : public CoSellWorld {
  protected:
    static Json members(const std::vector<std::string>& addresses) {
        Json out = Json::array();
        for (const std::string& each : addresses) {
            out.push_back({{"firstName", "A"}, {"lastName", "B"}, {"email", each}});
        }
        return out;
    }

    static Json announce_with_team(
        const std::string& name, const std::vector<std::string>& addresses
    ) {
        const Json details = {
            {"dealValue", 42000},
            {"currency", "EUR"},
            {"closingDateTime", "2027-03-31T00:00:00Z"},
            {"notes", "Wants a pilot in spring."}};
        return must(world().announce_deal(
            {{"name", name}, {"details", details}, {"team", members(addresses)}}
        ));
    }

    static std::string id_of(const Json& row) { return string_or(row, "opportunityid"); }

    static std::string owner_of(const Json& row) { return string_or(row.at("ownerid"), "id"); }

    static std::set<std::string> team_of(const Json& half) {
        std::set<std::string> out;
        for (const Json& member : half.at("team")) {
            out.insert(string_or(member, "email"));
        }
        return out;
    }

    static std::vector<std::string> sales_team(const std::string& opportunity) {
        std::vector<std::string> out;
        const Json all = must(dataverse("GET", "/rows/connection"));
        for (const Json& link : all.at("rows")) {
            if (string_or(link.at("record1id"), "id") == opportunity) {
                out.push_back(string_or(link.at("record2id"), "id"));
            }
        }
        return out;
    }

    static void assign(const std::string& opportunity, const std::string& user) {
        seller_edits(opportunity, {{"ownerid@odata.bind", "/systemusers(" + user + ")"}});
    }

    std::string reason_of_creation() const {
        for (const Json& run : runs("partner_center_to_dynamics365")) {
            if (string_or(run, "outcome") == "created") {
                return string_or(run, "outcome_reason");
            }
        }
        return "no run made it";
    }
};

using Team = std::set<std::string>;

TEST_F(CoSellPeople, ANewDealBelongsToTheFirstCrmUserOfItsTeamAndTheNextJoinTheSalesTeam) {
    const Json made = announce_with_team("People new", {kStranger, kJamiesAddress, kKellysAddress});
    const Json row = row_of_new_deal(made);
    EXPECT_EQ(owner_of(row), kJamie) << failures();
    EXPECT_EQ(sales_team(id_of(row)), std::vector<std::string>{kKelly});
    EXPECT_NE(reason_of_creation().find(kStranger), std::string::npos) << reason_of_creation();
    EXPECT_EQ(
        team_of(deal(string_or(made, "id"))), (Team{kStranger, kJamiesAddress, kKellysAddress})
    );
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellPeople, AnEditOfAnImportedDealLeavesItsTeamAlone) {
    const Json made =
        announce_with_team("People edit", {kStranger, kJamiesAddress, kKellysAddress});
    const std::string id = id_of(row_of_new_deal(made));
    seller_edits(id, {{"estimatedvalue", 43000}});
    settle();
    const Json after = deal(string_or(made, "id"));
    EXPECT_EQ(after.at("details").at("dealValue"), 43000);
    EXPECT_EQ(team_of(after), (Team{kStranger, kJamiesAddress, kKellysAddress}));
}

TEST_F(CoSellPeople, ADealWithoutAKnownPersonStaysWithTheConnectionsUser) {
    const Json made = announce_with_team("People unknown", {kStranger});
    const Json row = row_of_new_deal(made);
    EXPECT_EQ(row.at("ownerid"), row.at("createdby"));
    EXPECT_EQ(failures(), "");
    EXPECT_EQ(team_of(deal(string_or(made, "id"))), Team{kStranger});
}

TEST_F(CoSellPeople, AUserWhoMayNotOwnTheOpportunityCostsTheOwnerOnly) {
    (void)must(dataverse(
        "POST", "/privileges", {{"name", kJamiesAddress}, {"deny", {"prvReadOpportunity"}}}
    ));
    const Json made = announce_with_team("People refused", {kJamiesAddress});
    const Json row = row_of_new_deal(made);
    (void)must(dataverse("POST", "/privileges", {{"name", kJamiesAddress}, {"deny", Json::array()}})
    );
    EXPECT_EQ(row.at("ownerid"), row.at("createdby"));
    EXPECT_NE(reason_of_creation().find("may not own it"), std::string::npos);
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellPeople, ANewOwnerInTheCrmIsOneWriteInPartnerCenterAndNoneBack) {
    const Json made = announce_with_team("People owner", {kStranger, kJamiesAddress});
    const std::string id = id_of(row_of_new_deal(made));
    forget_writes();
    assign(id, kKelly);
    settle();
    EXPECT_EQ(team_of(deal(string_or(made, "id"))), (Team{kStranger, kKellysAddress}));
    EXPECT_EQ(owner_of(row(id)), kKelly);
    EXPECT_EQ(referral_writes("PATCH"), 1);
    EXPECT_LE(opportunity_writes().size(), 1U) << dump(opportunity_writes());
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellPeople, ATeamEditedInThePortalDoesNotTakeTheOpportunityFromItsOwner) {
    const Json made = announce_with_team("People portal", {kJamiesAddress});
    const std::string id = id_of(row_of_new_deal(made));
    (void
    )must(world().edit_deal(string_or(made, "id"), {{"team", members({kKellysAddress, kStranger})}})
    );
    settle();
    EXPECT_EQ(owner_of(row(id)), kJamie);
    seller_edits(id, {{"estimatedvalue", 44000}});
    settle();
    EXPECT_EQ(team_of(deal(string_or(made, "id"))), (Team{kJamiesAddress, kStranger}));
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellPeople, TheSalesTeamGoesIntoTheDealWithTheNextSave) {
    const std::string id = synchronized("People sales team");
    EXPECT_EQ(team_of(own_half_of_row(id)), Team{kJamiesAddress});
    (void)seller_creates(
        {{"record1id_opportunity@odata.bind", "/opportunities(" + id + ")"},
         {"record2id_systemuser@odata.bind", std::string("/systemusers(") + kKelly + ")"},
         {"record2roleid@odata.bind", std::string("/connectionroles(") + kAccountManager + ")"}},
        "connections"
    );
    seller_edits(id, {{"estimatedvalue", 45000}});
    settle();
    EXPECT_EQ(team_of(own_half_of_row(id)), (Team{kJamiesAddress, kKellysAddress}));
    EXPECT_EQ(failures(), "");
}

TEST_F(CoSellPeople, AnotherContactOfTheCustomerIsToldToPartnerCenter) {
    const std::string id = synchronized("People contact");
    seller_edits(
        id, {{"parentcontactid@odata.bind", "/contacts(d0000000-0000-4000-8000-000000000002)"}}
    );
    settle();
    const Json contacts = own_half_of_row(id).at("customerProfile").at("team");
    ASSERT_EQ(contacts.size(), 2U) << dump(contacts);
    EXPECT_EQ(string_or(contacts[0], "firstName"), "Paul");
    EXPECT_EQ(failures(), "");
}

}  // namespace
}  // namespace tideway::tests
