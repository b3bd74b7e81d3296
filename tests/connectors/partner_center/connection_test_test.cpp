#include "connectors/partner_center/connection_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/partner_center/partner_center_connector.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::partner_center {
namespace {

using test::answer;
using test::Conversation;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kRegistration =
    "https://api.partnercenter.microsoft.com/webhooks/v1/registration";

class PartnerCenterConnectionTest : public ::testing::Test {
  protected:
    // The checks when the referrals service and the registration answer so.
    Json checks(const http::Response& referrals, const http::Response& registration) {
        Conversation talk(pc_.connector().test(pc_.settings));
        EXPECT_EQ(
            talk.line(),
            "GET https://api.partner.microsoft.com/v1.0/engagements/referrals"
            "?$select=id,team&$top=50"
        );
        talk.hears(referrals);
        EXPECT_EQ(talk.line(), std::string("GET ") + kRegistration);
        EXPECT_FALSE(talk.send().is_effect);
        talk.hears(registration);
        Json out = talk.output()["checks"];
        EXPECT_THAT(out, SizeIs(2));
        return out;
    }

    // What the test says about a user who sees deals with these teams.
    std::string seen(const Json& teams) {
        Json deals = Json::array();
        for (const Json& emails : teams) {
            Json team = Json::array();
            for (const Json& email : emails) {
                team.push_back({{"email", email}});
            }
            deals.push_back({{"id", "r"}, {"team", team}});
        }
        const Json all = checks(answer(200, Json{{"value", deals}}.dump()), answer(404));
        EXPECT_TRUE(all[0]["ok"]);
        return all[0]["message"].get<std::string>();
    }

    test::ConnectorUnderTest pc_{"partner_center", make_connector(), Json::object()};
};

TEST_F(PartnerCenterConnectionTest, TriesBothServicesAndKeepsTheirRefusals) {
    const Json all = checks(
        answer(403, R"({"error":{"code":"accessDenied","message":"Access denied"}})"),
        answer(401, R"({"description":"The token is for another audience."})")
    );
    EXPECT_FALSE(all[0]["ok"]);
    EXPECT_THAT(all[0]["message"].get<std::string>(), HasSubstr("Referrals admin"));
    EXPECT_FALSE(all[1]["ok"]);
    EXPECT_THAT(all[1]["message"].get<std::string>(), HasSubstr("Sign the connection in again"));
}

TEST_F(PartnerCenterConnectionTest, NoRegistrationYetIsNoFault) {
    const Json all = checks(answer(200, R"({"value":[]})"), answer(404));
    EXPECT_TRUE(all[1]["ok"]);
    EXPECT_THAT(all[1]["message"].get<std::string>(), HasSubstr("No webhook is registered yet"));
}

TEST_F(PartnerCenterConnectionTest, AnAddressThatIsNoReferralsServiceIsSaid) {
    const Json all = checks(answer(200, "{}"), answer(404));
    EXPECT_FALSE(all[0]["ok"]);
    EXPECT_THAT(all[0]["message"].get<std::string>(), HasSubstr("check base_url"));
}

TEST_F(PartnerCenterConnectionTest, WhoSeesDealsOfDifferentPeopleIsAnAdministrator) {
    const Json different = {{"kai@contoso.example"}, {"zoe@contoso.example"}};
    EXPECT_THAT(seen(different), HasSubstr("as a Referrals admin does"));
    const Json nobodys = {{"kai@contoso.example"}, Json::array()};
    EXPECT_THAT(seen(nobodys), HasSubstr("as a Referrals admin does"));
}

TEST_F(PartnerCenterConnectionTest, WhoIsInTheTeamOfEveryDealMaySeeOwnDealsOnly) {
    const Json own = {{"Kai@contoso.example", "zoe@contoso.example"}, {"kai@contoso.example"}};
    EXPECT_THAT(seen(own), HasSubstr("names kai@contoso.example"));
    EXPECT_THAT(seen(own), HasSubstr("give the user the role Referrals admin"));
}

TEST_F(PartnerCenterConnectionTest, WhoSeesNothingIsToldWhatThatMayMean) {
    EXPECT_THAT(seen(Json::array()), HasSubstr("give the user the role Referrals admin"));
    EXPECT_THAT(seen(Json::array()), Not(HasSubstr("as a Referrals admin does")));
}

}  // namespace
}  // namespace tideway::connectors::partner_center
