#include "engine/connector/authorizer.h"

#include <optional>

#include <gtest/gtest.h>

#include "engine/base/digest.h"

namespace tideway::connector {
namespace {

class SilentConnector final : public Connector {
  public:
    std::unique_ptr<Exchange> start(const Call& /*call*/) const override { return nullptr; }
};

// Answers with "<connection>/<audience>", or fails when told to.
class FakeTokens final : public TokenCache {
  public:
    void get(
        const std::string& connection,
        const std::string& audience,
        Executor& back,
        std::function<void(Result<Secret>)> done
    ) override {
        Result<Secret> token = Secret(connection + "/" + audience);
        if (fails) {
            token = fail(ErrorKind::kUnauthenticated, "AADSTS50126", "The password is wrong.");
        }
        back.post([done = std::move(done), token] { done(token); });
    }

    void invalidate(const std::string& /*connection*/, const std::string& /*audience*/) override {}

    void forget(const std::string& /*connection*/) override {}

    bool fails = false;
};

class AuthorizerTest : public testing::Test {
  protected:
    void SetUp() override {
        std::vector<Registry::Source> sources;
        sources.push_back(
            {"crm",
             R"({"id":"crm","title":"T","auth":["oauth2","basic","api_key","none"],
                 "oauth":{"token_url":"https://l/","style":"v2","grants":["client_credentials"]},
                 "audiences":{"service":"https://crm.contoso.com"}})",
             std::make_unique<SilentConnector>()}
        );
        auto registry = Registry::create(std::move(sources));
        ASSERT_TRUE(registry) << registry.error().text();
        registry_ = std::move(*registry);
        connection_.record.name = "northwind";
        connection_.record.connector = "crm";
        connection_.settings = Json::object();
    }

    Result<http::Request> authorize(const std::string& audience = "service") {
        std::optional<Result<http::Request>> out;
        http::Request request;
        request.url = "https://crm.contoso.com/";
        Authorizer(tokens_, *registry_)
            .authorize(
                std::make_shared<OpenConnection>(connection_),
                audience,
                request,
                loop_,
                [&](Result<http::Request> result) { out = std::move(result); }
            );
        EXPECT_FALSE(out) << "the answer came before the call returned";
        loop_.poll();
        return out ? *out : fail(ErrorKind::kInternal, "NoAnswer", "no answer");
    }

    std::string header(const std::string& name, const std::string& audience = "service") {
        const auto request = authorize(audience);
        EXPECT_TRUE(request);
        return request ? request->headers.get_or(name, "") : "";
    }

    Loop loop_;
    FakeTokens tokens_;
    std::unique_ptr<Registry> registry_;
    OpenConnection connection_;
};

TEST_F(AuthorizerTest, PutsABearerTokenOfTheAudienceOnARequest) {
    connection_.record.grant = "client_credentials";
    EXPECT_EQ(header("Authorization"), "Bearer northwind/service");
}

TEST_F(AuthorizerTest, PassesTheFailureOfATokenOn) {
    tokens_.fails = true;
    connection_.record.grant = "device_code";
    const auto request = authorize();
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().code, "AADSTS50126");
}

TEST_F(AuthorizerTest, PutsUserNameAndPasswordOnARequest) {
    connection_.record.grant = "basic";
    connection_.settings = Json{{"username", "anna"}};
    connection_.secrets["password"] = Secret("pass:word");
    EXPECT_EQ(header("Authorization"), "Basic " + to_base64("anna:pass:word"));
}

TEST_F(AuthorizerTest, PutsAnApiKeyIntoItsHeader) {
    connection_.secrets["api_key"] = Secret("k1");
    EXPECT_EQ(header("X-API-Key"), "k1");
    connection_.settings = Json{{"api_key_header", "Ocp-Apim-Subscription-Key"}};
    EXPECT_EQ(header("Ocp-Apim-Subscription-Key"), "k1");
}

TEST_F(AuthorizerTest, ShowsCredentialsToNobodyWhenTheRequestHasNoAudience) {
    connection_.record.grant = "client_credentials";
    EXPECT_EQ(header("Authorization", ""), "");
    connection_.record.grant = "basic";
    EXPECT_EQ(header("Authorization", ""), "");
    connection_.record.grant = "none";
    EXPECT_EQ(header("Authorization"), "");
}

TEST_F(AuthorizerTest, NamesTheCredentialThatIsMissingOrUnusable) {
    connection_.record.grant = "basic";
    EXPECT_NE(authorize().error().message.find("'password'"), std::string::npos);
    connection_.secrets["password"] = Secret("p");
    EXPECT_NE(authorize().error().message.find("'username'"), std::string::npos);
    connection_.settings = Json{{"username", "a:b"}};
    EXPECT_FALSE(authorize());
    connection_.record.grant = "api_key";
    connection_.secrets["api_key"] = Secret("k\r\nX-Admin: 1");
    const auto request = authorize();
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().text().find("X-Admin"), std::string::npos);
}

TEST_F(AuthorizerTest, FindsTheWayOutFromTheSecretsWhenTheConnectionDoesNotSay) {
    const model::ConnectorSpec& spec = *registry_->spec("crm");
    EXPECT_EQ(auth_way(spec, connection_), AuthWay::kOauth2);
    connection_.secrets["password"] = Secret("p");
    EXPECT_EQ(auth_way(spec, connection_), AuthWay::kBasic);
    connection_.secrets["api_key"] = Secret("k");
    EXPECT_EQ(auth_way(spec, connection_), AuthWay::kApiKey);
    connection_.record.grant = "refresh_token";
    EXPECT_EQ(auth_way(spec, connection_), AuthWay::kOauth2);
}

TEST_F(AuthorizerTest, SignsInWhereThatIsNotUsualOnlyWithASecret) {
    model::ConnectorSpec spec = *registry_->spec("crm");
    spec.auth = {"none", "oauth2"};
    EXPECT_EQ(auth_way(spec, connection_), AuthWay::kNone);
    connection_.secrets["client_secret"] = Secret("s");
    EXPECT_EQ(auth_way(spec, connection_), AuthWay::kOauth2);
}

}  // namespace
}  // namespace tideway::connector
