#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/connectors/partner_center/sandbox_fixture.h"

namespace tideway::connectors::partner_center {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using SandboxAccess = SandboxFixture;

constexpr const char* kForm = "application/x-www-form-urlencoded";
constexpr const char* kLogin =
    "grant_type=password&client_id=sync-app&client_secret=s3cret"
    "&username=kai%40contoso.example&password=tide";

TEST_F(SandboxAccess, E1TakesATokenOnlyForTheApiItIsFor) {
    const Answer granted =
        raw("POST",
            "/contoso/oauth2/token",
            std::string(kLogin) + "&resource=https%3A%2F%2Fapi.partner.microsoft.com",
            {{"Content-Type", kForm}});
    ASSERT_EQ(granted.status, 200) << granted.text;
    const http::Headers headers = {
        {"Authorization", "Bearer " + string_or(granted.body, "access_token")}};
    EXPECT_EQ(raw("GET", kReferrals, "", headers).status, 200);
    const Answer wrong = raw("GET", kRegistration, "", headers);
    EXPECT_EQ(wrong.status, 401);
    EXPECT_EQ(wrong.body["source"], "PartnerFD");
    EXPECT_EQ(raw("GET", kReferrals, "", {}).code(), "unauthenticated");
    EXPECT_EQ(raw("GET", kReferrals, "", {{"Authorization", "Bearer x.y.z"}}).status, 401);
}

TEST_F(SandboxAccess, E1TakesScopesOfTheSecondTokenEndpoint) {
    const Answer granted =
        raw("POST",
            "/contoso/oauth2/v2.0/token",
            std::string(kLogin) + "&scope=http%3A%2F%2F127.0.0.1%3A7001%2F.default+offline_access",
            {{"Content-Type", kForm}});
    ASSERT_EQ(granted.status, 200) << granted.text;
    const http::Headers headers = {
        {"Authorization", "Bearer " + string_or(granted.body, "access_token")}};
    EXPECT_EQ(raw("GET", kReferrals, "", headers).status, 200);
    EXPECT_EQ(raw("GET", kRegistration, "", headers).status, 401);
}

TEST_F(SandboxAccess, E2RefusesPeopleWithoutARoleAndApplicationsWithoutAPerson) {
    const Answer none = call_as("nia@contoso.example", "none", "GET", kReferrals);
    EXPECT_EQ(none.status, 403);
    EXPECT_EQ(none.code(), "accessDenied");
    EXPECT_EQ(call_as("", "admin", "GET", kReferrals).status, 403);
    EXPECT_EQ(call_as("", "admin", "GET", kRegistration, nullptr, {}, kWebhooksUrl).status, 404)
        << "webhooks take app-only tokens";
}

TEST_F(SandboxAccess, E2ShowsAUserOnlyTheDealsOfTheOwnTeam) {
    const std::string hidden = string_or(post_own(), "id");
    const std::string shown = string_or(announce({{"team", team_of("uma@contoso.example")}}), "id");
    const Json change = Json::array({replace_op("/campaignId", "x")});
    const auto as_uma =
        [&](const std::string& method, const std::string& target, const Json& body = nullptr) {
            return call_as("uma@contoso.example", "user", method, target, body);
        };
    EXPECT_THAT(ids(as_uma("GET", kReferrals)), ElementsAre(shown, testing::_));
    EXPECT_EQ(as_uma("GET", item(shown)).status, 200);
    EXPECT_EQ(as_uma("GET", item(hidden)).status, 403);
    EXPECT_EQ(as_uma("PATCH", item(hidden), change).status, 403);
    EXPECT_EQ(as_uma("PATCH", item(shown), change).status, 204);
}

TEST_F(SandboxAccess, E13ThrottlesInTheThirdEnvelope) {
    control(
        "POST",
        "/sandbox/faults",
        {{"kind", "throttle"}, {"path", kReferrals}, {"seconds", 57}, {"count", 2}}
    );
    for (int i = 0; i < 2; ++i) {
        const Answer answer = call("GET", kReferrals);
        EXPECT_EQ(answer.status, 429);
        EXPECT_EQ(answer.headers.get_or("Retry-After", ""), "57");
        EXPECT_EQ(answer.body["statusCode"], 429);
        EXPECT_EQ(answer.body["message"], "Rate limit is exceeded. Try again in 57 seconds.");
    }
    EXPECT_EQ(call("GET", kReferrals).status, 200);
}

TEST_F(SandboxAccess, AFaultCanLoseTheAnswerOfASecondPost) {
    const Json own = post_own();
    control(
        "POST",
        "/sandbox/faults",
        {{"kind", "cut_after"}, {"method", "POST"}, {"body_contains", "msft"}}
    );
    const Answer lost = call("POST", kReferrals, microsoft_deal(own));
    EXPECT_EQ(lost.status, 0);
    EXPECT_TRUE(cut_);
    EXPECT_THAT(
        ids(filtered("engagementId eq '" + string_or(own, "engagementId") + "'")),
        testing::SizeIs(2)
    );
}

TEST_F(SandboxAccess, EveryAnswerCarriesTheIdsToAskSupportWith) {
    const Answer answer = call(
        "GET", kReferrals, nullptr, {{"client-request-id", "c-1"}, {"MS-CorrelationId", "m-1"}}
    );
    EXPECT_EQ(answer.headers.get_or("client-request-id", ""), "c-1");
    EXPECT_EQ(answer.headers.get_or("MS-CorrelationId", ""), "m-1");
    EXPECT_FALSE(answer.headers.get_or("request-id", "").empty());
    EXPECT_THAT(answer.headers.get_or("x-ms-ags-diagnostic", ""), HasSubstr("ServerInfo"));
}

TEST_F(SandboxAccess, ExplainsItselfAndForgetsEverythingOnReset) {
    EXPECT_THAT(control("GET", "/sandbox").text, HasSubstr("/sandbox/deliveries"));
    post_own();
    control("POST", "/sandbox/reset");
    EXPECT_THAT(ids(call("GET", kReferrals)), IsEmpty());
    EXPECT_EQ(control("POST", "/sandbox/nothing").status, 404);
    EXPECT_EQ(raw("POST", "/sandbox/deals", "[1", {}).status, 400);
}

}  // namespace
}  // namespace tideway::connectors::partner_center
