#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/digest.h"
#include "engine/connector/sandbox.h"
#include "engine/http/url.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_responder.h"

namespace tideway::connector {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kV1 = "/contoso/oauth2/token";
constexpr const char* kV2 = "/contoso/oauth2/v2.0/token";
constexpr const char* kResource = "https://api.partner.microsoft.com";
constexpr const char* kRedirect = "http://127.0.0.1:9/callback";

class SandboxIdentityTest : public testing::Test {
  protected:
    SandboxIdentityTest() {
        identity_.put_user({"kai@contoso.example", "tide & wave", "admin"});
        identity_.put_user({"uma@contoso.example", "tide", "user"});
        identity_.put_app({"sync-app", "s3cret", "user"});
        identity_.put_app({"cli", "", "none"});
    }

    http::Response send(
        const std::string& method, const std::string& target, const std::string& body = {}
    ) {
        const auto responder = std::make_shared<test_support::RecordingResponder>();
        http::Headers headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
        identity_.handler(
        )(test_support::make_request(method, target, body, std::move(headers)), responder);
        return responder->answer.value_or(http::Response());
    }

    static Json json(const http::Response& response) {
        auto out = parse_json(response.body, "the answer");
        return out ? std::move(*out) : Json(nullptr);
    }

    // A token request of the confidential app, besides what is given.
    http::Response ask(const std::string& path, http::QueryFields fields) {
        fields.emplace_back("client_id", "sync-app");
        fields.emplace_back("client_secret", "s3cret");
        return send("POST", path, http::print_form(fields));
    }

    http::QueryFields password_of(const std::string& user, const std::string& password) {
        return {
            {"grant_type", "password"},
            {"username", user},
            {"password", password},
            {"resource", kResource}};
    }

    Json sign_in() { return json(ask(kV1, password_of("kai@contoso.example", "tide & wave"))); }

    Result<TokenClaims> check(const Json& granted, std::string_view audience = kResource) const {
        return identity_.check(
            {{"Authorization", "Bearer " + string_or(granted, "access_token")}}, audience
        );
    }

    void expect_refusal(const http::Response& response, int number, const std::string& error) {
        const Json body = json(response);
        EXPECT_EQ(body["error"], error) << response.body;
        EXPECT_EQ(body["error_codes"], Json::array({number})) << response.body;
        EXPECT_THAT(
            string_or(body, "error_description"), StartsWith("AADSTS" + std::to_string(number))
        );
    }

    // Goes through the sign-in page; the code of the redirect.
    std::string authorize(http::QueryFields extra) {
        http::QueryFields fields = {
            {"client_id", "cli"},
            {"response_type", "code"},
            {"redirect_uri", kRedirect},
            {"state", "s 1"},
            {"scope", std::string(kResource) + "/.default offline_access"}};
        fields.insert(fields.end(), extra.begin(), extra.end());
        const auto page =
            send("GET", "/contoso/oauth2/v2.0/authorize?" + http::print_query(fields));
        EXPECT_EQ(page.status, 302) << page.body;
        const std::string location = page.headers.get_or("Location", "");
        EXPECT_THAT(location, StartsWith(kRedirect));
        const std::string query = location.substr(location.find('?') + 1);
        EXPECT_EQ(http::query_value(query, "state"), "s 1");
        return http::query_value(query, "code");
    }

    http::Response redeem(const std::string& code, const std::string& verifier) {
        return send(
            "POST",
            kV2,
            http::print_form(
                {{"grant_type", "authorization_code"},
                 {"client_id", "cli"},
                 {"code", code},
                 {"redirect_uri", kRedirect},
                 {"code_verifier", verifier}}
            )
        );
    }

    testing_support::ManualClock clock_;
    SandboxIdentity identity_{clock_};
};

TEST_F(SandboxIdentityTest, GrantsAPersonsPasswordInTheFirstFormWithNumbersAsTexts) {
    const Json granted = sign_in();
    EXPECT_EQ(granted["token_type"], "Bearer");
    EXPECT_EQ(granted["expires_in"], "3599");
    EXPECT_EQ(granted["resource"], kResource);
    EXPECT_TRUE(granted["expires_on"].is_string());
    EXPECT_FALSE(string_or(granted, "refresh_token").empty());
    const auto claims = check(granted);
    ASSERT_TRUE(claims.has_value()) << claims.error().text();
    EXPECT_EQ(claims->user, "kai@contoso.example");
    EXPECT_EQ(claims->role, "admin");
    EXPECT_EQ(claims->tenant, "contoso");
    EXPECT_EQ(claims->client_id, "sync-app");
}

TEST_F(SandboxIdentityTest, GrantsClientCredentialsInTheSecondFormWithTheAppsRole) {
    const Json granted = json(
        ask(kV2,
            {{"grant_type", "client_credentials"},
             {"scope", "https://contoso.crm.dynamics.example/.default"}})
    );
    EXPECT_EQ(granted["expires_in"], 3599);
    EXPECT_FALSE(granted.contains("refresh_token"));
    const auto claims = check(granted, "https://contoso.crm.dynamics.example/");
    ASSERT_TRUE(claims.has_value()) << claims.error().text();
    EXPECT_EQ(claims->user, "");
    EXPECT_EQ(claims->role, "user");
}

TEST_F(SandboxIdentityTest, NamesWhatIsWrongWithACredential) {
    expect_refusal(ask(kV1, password_of("kai@contoso.example", "x")), 50126, "invalid_grant");
    expect_refusal(ask(kV1, password_of("who@contoso.example", "x")), 50034, "invalid_grant");
    const std::string grant = "grant_type=client_credentials&resource=x";
    const auto wrong = send("POST", kV1, grant + "&client_id=sync-app&client_secret=no");
    EXPECT_EQ(wrong.status, 401);
    expect_refusal(wrong, 7000215, "invalid_client");
    expect_refusal(send("POST", kV1, grant + "&client_id=sync-app"), 7000218, "invalid_client");
    expect_refusal(send("POST", kV1, grant + "&client_id=none"), 700016, "unauthorized_client");
    expect_refusal(send("POST", kV1, grant), 900144, "invalid_request");
    expect_refusal(ask(kV1, {{"grant_type", "magic"}}), 70003, "unsupported_grant_type");
    expect_refusal(send("GET", kV1), 900561, "invalid_request");
}

TEST_F(SandboxIdentityTest, OneRefreshTokenServesSeveralAudiences) {
    const std::string refresh = string_or(sign_in(), "refresh_token");
    const Json other = json(
        ask(kV1,
            {{"grant_type", "refresh_token"},
             {"refresh_token", refresh},
             {"resource", "https://api.partnercenter.microsoft.com"}})
    );
    EXPECT_TRUE(check(other, "https://api.partnercenter.microsoft.com").has_value());
    EXPECT_FALSE(check(other, kResource).has_value());
    EXPECT_NE(string_or(other, "refresh_token"), refresh);
}

TEST_F(SandboxIdentityTest, RefreshTokensStopAfterRevocationAndNinetyIdleDays) {
    const auto refresh = [&](const std::string& token) {
        return ask(kV1, {{"grant_type", "refresh_token"}, {"refresh_token", token}});
    };
    const Json first = sign_in();
    identity_.revoke(SandboxIdentity::Revoke::kRefreshTokens);
    expect_refusal(refresh(string_or(first, "refresh_token")), 700082, "invalid_grant");
    EXPECT_TRUE(check(first).has_value());
    const Json second = sign_in();
    clock_.advance(hours(24 * 91));
    expect_refusal(refresh(string_or(second, "refresh_token")), 700082, "invalid_grant");
    expect_refusal(refresh("not a token"), 9002313, "invalid_grant");
}

TEST_F(SandboxIdentityTest, AccessTokensExpireAndCanBeRevokedAndCannotBeForged) {
    identity_.set_token_lifetime(minutes(5));
    const Json granted = sign_in();
    EXPECT_EQ(granted["expires_in"], "300");
    std::string forged = string_or(granted, "access_token");
    forged[forged.find('.') + 3] ^= 1;
    EXPECT_FALSE(check({{"access_token", forged}}).has_value());
    EXPECT_FALSE(check({{"access_token", string_or(granted, "refresh_token")}}).has_value());
    EXPECT_FALSE(identity_.check({}, kResource).has_value());
    EXPECT_TRUE(check(granted, "").has_value()) << "an empty audience accepts any";
    clock_.advance(minutes(5));
    const auto late = check(granted);
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(late.error().kind, ErrorKind::kUnauthenticated);
    EXPECT_THAT(late.error().message, HasSubstr("expired"));
    const Json again = sign_in();
    identity_.revoke(SandboxIdentity::Revoke::kEverything);
    EXPECT_FALSE(check(again).has_value());
}

TEST_F(SandboxIdentityTest, RedeemsACodeOnceAndOnlyWithItsVerifier) {
    const std::string verifier = "a-verifier-of-at-least-forty-three-characters-x";
    const http::QueryFields pkce = {
        {"code_challenge", to_base64url(sha256(verifier))}, {"code_challenge_method", "S256"}};
    const std::string code = authorize(pkce);
    expect_refusal(redeem(code, "another"), 501481, "invalid_grant");
    const Json granted = json(redeem(code, verifier));
    const auto claims = check(granted);
    ASSERT_TRUE(claims.has_value()) << claims.error().text();
    EXPECT_EQ(claims->user, "kai@contoso.example");
    EXPECT_TRUE(granted.contains("refresh_token"));
    expect_refusal(redeem(code, verifier), 54005, "invalid_grant");
    expect_refusal(redeem("no-code", verifier), 9002313, "invalid_grant");
}

TEST_F(SandboxIdentityTest, SignsTheHintedUserInAndLetsCodesExpire) {
    const std::string code = authorize({{"login_hint", "uma@contoso.example"}});
    const Json granted = json(redeem(code, ""));
    EXPECT_EQ(check(granted)->role, "user");
    const std::string old = authorize({});
    clock_.advance(minutes(10));
    expect_refusal(redeem(old, ""), 70008, "invalid_grant");
}

TEST_F(SandboxIdentityTest, TheSignInPageRefusesUnknownAppsWithoutRedirecting) {
    const auto page = send(
        "GET", "/contoso/oauth2/v2.0/authorize?client_id=%3Cb%3E&redirect_uri=x&response_type=code"
    );
    EXPECT_EQ(page.status, 400);
    EXPECT_THAT(page.body, HasSubstr("AADSTS700016"));
    EXPECT_THAT(page.body, HasSubstr("&lt;b>"));
}

TEST_F(SandboxIdentityTest, GrantsADeviceOnceAPersonHasEnteredItsCode) {
    const Json device = json(send(
        "POST",
        "/contoso/oauth2/v2.0/devicecode",
        "client_id=cli&scope=https%3A%2F%2Fapi.partner.microsoft.com%2F.default+offline_access"
    ));
    const std::string form =
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=cli"
        "&device_code=" +
        string_or(device, "device_code");
    expect_refusal(send("POST", kV2, form), 70016, "authorization_pending");
    EXPECT_EQ(send("GET", "/sandbox/device?user_code=WRONG").status, 400);
    const std::string page = "/sandbox/device?user=uma%40contoso.example&user_code=";
    EXPECT_EQ(send("GET", page + string_or(device, "user_code")).status, 200);
    const Json granted = json(send("POST", kV2, form));
    const auto claims = check(granted);
    ASSERT_TRUE(claims.has_value()) << claims.error().text();
    EXPECT_EQ(claims->user, "uma@contoso.example");
    expect_refusal(send("POST", kV2, form), 70000, "bad_verification_code");
}

TEST_F(SandboxIdentityTest, TokensOutliveARestartWithTheSameKey) {
    SandboxIdentity first(clock_, "a key");
    const std::string token = first.issue(
        {"contoso", "cli", "kai@contoso.example", "admin", kResource, clock_.now() + hours(1)}
    );
    const http::Headers headers = {{"Authorization", "Bearer " + token}};
    EXPECT_TRUE(SandboxIdentity(clock_, "a key").check(headers, kResource).has_value());
    EXPECT_FALSE(SandboxIdentity(clock_, "another").check(headers, kResource).has_value());
}

TEST_F(SandboxIdentityTest, IsControlledOverHttp) {
    EXPECT_EQ(
        send(
            "POST",
            "/sandbox/identity",
            R"({"users":[{"name":"new@contoso.example","password":"p","role":"none"}],
                "token_lifetime_s":60})"
        )
            .status,
        200
    );
    const Json granted = json(ask(kV1, password_of("new@contoso.example", "p")));
    EXPECT_EQ(granted["expires_in"], "60");
    EXPECT_EQ(check(granted)->role, "none");
    EXPECT_EQ(send("POST", "/sandbox/identity", R"({"revoke":"everything"})").status, 200);
    EXPECT_FALSE(check(granted).has_value());
    EXPECT_EQ(send("POST", "/sandbox/identity", "nonsense").status, 400);
}

TEST_F(SandboxIdentityTest, OwnsItsPathsAndNoOthers) {
    for (const char* path : {"/t/oauth2/token", "/t/oauth2/v2.0/authorize", "/sandbox/device"}) {
        EXPECT_TRUE(SandboxIdentity::owns(path)) << path;
    }
    for (const char* path :
         {"/",
          "/oauth2/token",
          "/v1.0/engagements/referrals",
          "/sandbox/deals",
          "/t/oauth2/other",
          "/webhooks/v1/registration"}) {
        EXPECT_FALSE(SandboxIdentity::owns(path)) << path;
    }
}

}  // namespace
}  // namespace tideway::connector
