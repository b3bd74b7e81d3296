#include "engine/base/digest.h"
#include "engine/connector/identity/jwt.h"
#include "tests/connectors/salesforce/sandbox_fixture.h"
#include "tests/support/key_pems.h"

namespace tideway::connectors::salesforce {
namespace {

class SalesforceSignIn : public SandboxTest {
  protected:
    http::Response ask(http::QueryFields fields) {
        return send("POST", "/services/oauth2/token", http::print_form(fields));
    }

    http::QueryFields with_app(http::QueryFields fields) {
        fields.emplace_back("client_id", "crm-client");
        fields.emplace_back("client_secret", "secret");
        return fields;
    }

    std::string why(const http::QueryFields& fields) {
        const http::Response response = ask(fields);
        EXPECT_EQ(response.status, 400);
        return string_or(body_of(response), "error_description");
    }

    // Who the token of an answer belongs to.
    std::string user_of(const http::Response& response) {
        EXPECT_EQ(response.status, 200) << response.body;
        const std::string bearer = "Bearer " + string_or(body_of(response), "access_token");
        return string_or(
            body_of(send("GET", "/services/oauth2/userinfo", {}, {{"Authorization", bearer}})),
            "preferred_username"
        );
    }

    http::QueryFields statement(Json changes, const std::string& key) {
        Json claims = {
            {"iss", "key-client"},
            {"sub", Sandbox::kSeller},
            {"aud", "https://login.salesforce.com"},
            {"exp",
             std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch())
                     .count() +
                 180}};
        claims.update(changes);
        return {
            {"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
            {"assertion", connector::sign_jwt(claims, Secret(key)).value()}};
    }
};

TEST_F(SalesforceSignIn, TheAppRunsAsItsUser) {
    const auto answer = ask(with_app({{"grant_type", "client_credentials"}}));
    EXPECT_EQ(user_of(answer), Sandbox::kIntegrationUser);
    const Json body = body_of(answer);
    EXPECT_EQ(body["instance_url"], kBase);
    EXPECT_FALSE(body.contains("expires_in"));
    EXPECT_FALSE(body.contains("refresh_token"));
}

TEST_F(SalesforceSignIn, WrongCredentialsAreNamed) {
    EXPECT_EQ(why({{"grant_type", "client_credentials"}}), "client identifier invalid");
    EXPECT_EQ(
        why({{"grant_type", "client_credentials"}, {"client_id", "crm-client"}}),
        "invalid client credentials"
    );
    sandbox->put_app({"no-user", "secret"});
    EXPECT_EQ(
        why(
            {{"grant_type", "client_credentials"},
             {"client_id", "no-user"},
             {"client_secret", "secret"}}
        ),
        "no client credentials user enabled"
    );
    EXPECT_EQ(why({{"grant_type", "magic"}}), "grant type not supported");
    EXPECT_EQ(
        why(with_app(
            {{"grant_type", "password"}, {"username", Sandbox::kSeller}, {"password", "guess"}}
        )),
        "authentication failure"
    );
}

TEST_F(SalesforceSignIn, ASignedStatementStandsForAUser) {
    const auto keys = test_support::make_rsa_keys();
    sandbox->put_app({"key-client", "", "", keys.public_pem});
    EXPECT_EQ(user_of(ask(statement(Json::object(), keys.private_pem))), Sandbox::kSeller);
    EXPECT_EQ(
        why(statement({{"aud", "https://x.example"}}, keys.private_pem)), "audience is invalid"
    );
    EXPECT_EQ(
        why(statement({{"sub", "nobody"}}, keys.private_pem)), "user hasn't approved this consumer"
    );
    EXPECT_EQ(why(statement({{"exp", 1}}, keys.private_pem)), "invalid assertion");
    const auto other = test_support::make_rsa_keys();
    EXPECT_EQ(why(statement(Json::object(), other.private_pem)), "invalid assertion");
}

TEST_F(SalesforceSignIn, ACodeFromTheBrowserBecomesARefreshToken) {
    const std::string verifier = "a-verifier-of-the-browser";
    const http::Response page = send(
        "GET",
        "/services/oauth2/authorize?" + http::print_query(
                                            {{"response_type", "code"},
                                             {"client_id", "crm-client"},
                                             {"redirect_uri", "http://localhost:1717/"},
                                             {"state", "s1"},
                                             {"login_hint", Sandbox::kSeller},
                                             {"code_challenge", to_base64url(sha256(verifier))}}
                                        )
    );
    ASSERT_EQ(page.status, 302);
    const std::string location(page.headers.get_or("Location", ""));
    const std::string query = location.substr(location.find('?') + 1);
    EXPECT_EQ(http::query_value(query, "state"), "s1");
    const auto exchange = [&](const std::string& proof) {
        return with_app(
            {{"grant_type", "authorization_code"},
             {"code", http::query_value(query, "code")},
             {"redirect_uri", "http://localhost:1717/"},
             {"code_verifier", proof}}
        );
    };
    const auto answer = ask(exchange(verifier));
    EXPECT_EQ(user_of(answer), Sandbox::kSeller);
    EXPECT_EQ(why(exchange(verifier)), "expired authorization code");
    const std::string refresh = string_or(body_of(answer), "refresh_token");
    const auto renew = with_app({{"grant_type", "refresh_token"}, {"refresh_token", refresh}});
    EXPECT_EQ(user_of(ask(renew)), Sandbox::kSeller);
    control("sessions", {{"end", "everything"}});
    EXPECT_EQ(why(renew), "expired access/refresh token");
}

TEST_F(SalesforceSignIn, ASessionEndsWhenItIsNotUsedAndWhenItIsEnded) {
    EXPECT_EQ(api("GET", "sobjects").status, 200);
    clock.advance(std::chrono::minutes(100));
    EXPECT_EQ(api("GET", "sobjects").status, 200);
    clock.advance(std::chrono::minutes(121));
    const http::Response late = api("GET", "sobjects");
    EXPECT_EQ(late.status, 401);
    EXPECT_EQ(code_of(late), "INVALID_SESSION_ID");
    token = sandbox->open_session(Sandbox::kSeller);
    EXPECT_EQ(api("GET", "sobjects").status, 200);
    control("sessions", {{"end", "sessions"}});
    EXPECT_EQ(api("GET", "sobjects").status, 401);
    EXPECT_EQ(send("GET", "/services/data/v62.0/sobjects").status, 401);
}

}  // namespace
}  // namespace tideway::connectors::salesforce
