#include "engine/connector/token_cache.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/connector/connector.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/key_pems.h"
#include "tests/support/manual_clock.h"

namespace tideway::connector {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::FakeHttpClient;
using testing_support::ManualClock;

constexpr const char* kSpec = R"({
  "id":"crm","title":"CRM","auth":["oauth2"],
  "oauth":{"token_url":"{authority}/{tenant}/oauth2/v2.0/token","style":"v2",
           "grants":["client_credentials","refresh_token"]},
  "audiences":{"referrals":"{base_url}","webhooks":"https://hooks.contoso.com/"},
  "settings":{"type":"object","properties":{"authority":{"type":"string",
    "default":"https://login.contoso.com"}}}})";

class SilentConnector final : public Connector {
  public:
    std::unique_ptr<Exchange> start(const Call& /*call*/) const override { return nullptr; }

    http::NetworkPolicy network_policy(const Json& settings) const override {
        http::NetworkPolicy policy = Connector::network_policy(settings);
        policy.allowed_hosts = {"api.contoso.com"};
        return policy;
    }
};

struct Saved {
    std::string refresh_token;
    std::function<void(Status)> done;
};

class TokenCacheTest : public testing::Test {
  protected:
    TokenCacheTest() { restart(kSpec); }

    void restart(std::string spec) {
        std::vector<Registry::Source> sources;
        sources.push_back({"crm", std::move(spec), std::make_unique<SilentConnector>()});
        auto registry = Registry::create(std::move(sources));
        ASSERT_TRUE(registry) << registry.error().text();
        registry_ = std::move(*registry);
        cache_ = make_token_cache(
            loop_,
            client_,
            *registry_,
            connections_,
            clock_,
            [this](const auto& /*connection*/, auto secrets, auto done) {
                saved_.push_back({std::string(secrets["refresh_token"].reveal()), std::move(done)});
                if (saves_at_once_) {
                    saved_.back().done({});
                }
            }
        );
    }

    void connect(const std::string& grant, std::map<std::string, Secret, std::less<>> secrets) {
        model::ConnectionRecord record;
        record.name = "northwind";
        record.connector = "crm";
        record.grant = grant;
        record.settings = Payload(
            R"({"tenant":"contoso","client_id":"app 1","base_url":"https://api.contoso.com/"})"
        );
        record.sealed = box_.seal_all(secrets_purpose(record.name), secrets);
        ASSERT_TRUE(connections_.put(record));
    }

    void connect_as_app() { connect("client_credentials", {{"client_secret", Secret("s1")}}); }

    void connect_as_person(const std::string& refresh_token = "r1") {
        connect("authorization_code", {{"refresh_token", Secret(refresh_token)}});
    }

    void ask(const std::string& audience = "referrals") {
        cache_->get("northwind", audience, loop_, [this](const Result<Secret>& token) {
            answers_.push_back(token ? std::string(token->reveal()) : token.error().code);
            last_error_ = token ? Error() : token.error();
        });
        loop_.poll();
    }

    static std::string token(
        const std::string& access, const std::string& refresh = {}, Json expires_in = 3600
    ) {
        Json body{{"token_type", "Bearer"}, {"access_token", access}, {"expires_in", expires_in}};
        if (!refresh.empty()) {
            body["refresh_token"] = refresh;
        }
        return dump(body);
    }

    static std::string refusal(const std::string& description) {
        return dump(Json{{"error", "invalid_grant"}, {"error_description", description}});
    }

    Loop loop_;
    FakeHttpClient client_{loop_};
    ManualClock clock_;
    SecretBox box_{Secret(std::string(32, 'k'))};
    Connections connections_{box_};
    std::unique_ptr<Registry> registry_;
    std::unique_ptr<TokenCache> cache_;
    std::vector<Saved> saved_;
    bool saves_at_once_ = true;
    std::vector<std::string> answers_;
    Error last_error_;
};

TEST_F(TokenCacheTest, AsksTheTokenAddressForTheAudienceAsTheAppItself) {
    connect_as_app();
    client_.will_answer(200, token("t1"));
    ask();
    EXPECT_THAT(answers_, ElementsAre("t1"));
    ASSERT_EQ(client_.sent.size(), 1U);
    const auto& sent = client_.sent[0];
    EXPECT_EQ(sent.request.method, "POST");
    EXPECT_EQ(sent.request.url, "https://login.contoso.com/contoso/oauth2/v2.0/token");
    EXPECT_EQ(sent.form("grant_type"), "client_credentials");
    EXPECT_EQ(sent.form("scope"), "https://api.contoso.com/.default");
    EXPECT_EQ(sent.form("client_id"), "app 1");
    EXPECT_EQ(sent.form("client_secret"), "s1");
    EXPECT_TRUE(saved_.empty());
}

TEST_F(TokenCacheTest, ReachesTheIdentityProviderThoughTheConnectorMayOnlyReachItsService) {
    connect_as_app();
    client_.will_answer(200, token("t1"));
    ask();
    EXPECT_TRUE(client_.sent.at(0).policy.allowed_hosts.empty());
}

TEST_F(TokenCacheTest, SpeaksTheOlderStyleWithResourceAndNumbersAsTexts) {
    Json spec = Json::parse(kSpec);
    spec["oauth"]["style"] = "v1";
    restart(dump(spec));
    connect_as_person();
    client_.will_answer(200, token("t1", "r1", "3599"));
    ask("webhooks");
    EXPECT_THAT(answers_, ElementsAre("t1"));
    EXPECT_EQ(client_.sent[0].form("resource"), "https://hooks.contoso.com");
    EXPECT_EQ(client_.sent[0].form("scope"), "openid");
    clock_.advance(minutes(54));
    ask("webhooks");
    EXPECT_EQ(client_.sent.size(), 1U);
}

TEST_F(TokenCacheTest, KeepsATokenUntilFiveMinutesBeforeItExpires) {
    connect_as_app();
    client_.will_answer(200, token("t1"));
    ask();
    clock_.advance(minutes(55) - seconds(1));
    ask();
    EXPECT_EQ(client_.sent.size(), 1U);
    clock_.advance(seconds(2));
    client_.will_answer(200, token("t2"));
    ask();
    EXPECT_THAT(answers_, ElementsAre("t1", "t1", "t2"));
}

TEST_F(TokenCacheTest, KeepsATokenOfUnsaidLifeForTenMinutes) {
    connect_as_app();
    client_.will_answer(200, R"({"access_token":"t1"})");
    client_.will_answer(200, R"({"access_token":"t2"})");
    ask();
    clock_.advance(minutes(9));
    ask();
    clock_.advance(minutes(2));
    ask();
    EXPECT_THAT(answers_, ElementsAre("t1", "t1", "t2"));
}

TEST_F(TokenCacheTest, SignsInWithAKeyAnewEachTime) {
    restart(R"({"id":"crm","title":"CRM","auth":["oauth2"],
      "oauth":{"token_url":"{base_url}/token","style":"plain","jwt_audience":"https://login.contoso.com",
               "jwt_subject":"seller@contoso.example","grants":["jwt_bearer"]},
      "audiences":{"crm":"{base_url}"},"settings":{"type":"object","properties":{}}})");
    connect("jwt_bearer", {{"private_key", Secret(test_support::make_rsa_keys().private_pem)}});
    client_.will_answer(200, R"({"access_token":"t1"})");
    client_.will_answer(200, R"({"access_token":"t2"})");
    ask("crm");
    clock_.advance(minutes(11));
    ask("crm");
    EXPECT_THAT(answers_, ElementsAre("t1", "t2"));
    EXPECT_NE(client_.sent[0].form("assertion"), client_.sent[1].form("assertion"));
}

TEST_F(TokenCacheTest, KeepsAShortTokenForHalfItsLife) {
    connect_as_app();
    client_.will_answer(200, token("t1", "", 120));
    ask();
    clock_.advance(seconds(59));
    ask();
    EXPECT_EQ(client_.sent.size(), 1U);
    clock_.advance(seconds(2));
    client_.will_answer(200, token("t2"));
    ask();
    EXPECT_THAT(answers_, ElementsAre("t1", "t1", "t2"));
}

TEST_F(TokenCacheTest, SharesOneRefreshAmongAllWhoAskAtTheSameTime) {
    connect_as_app();
    for (int i = 0; i < 50; ++i) {
        ask();
    }
    ASSERT_EQ(client_.sent.size(), 1U);
    EXPECT_TRUE(answers_.empty());
    client_.reply(200, token("t1"));
    loop_.poll();
    EXPECT_EQ(answers_, std::vector<std::string>(50, "t1"));
    EXPECT_EQ(client_.sent.size(), 1U);
}

TEST_F(TokenCacheTest, MayBeAskedFromManyThreads) {
    connect_as_app();
    client_.will_answer(200, token("t1"));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([this] {
            for (int j = 0; j < 25; ++j) {
                cache_->get("northwind", "referrals", loop_, [this](const Result<Secret>& token) {
                    answers_.push_back(token ? std::string(token->reveal()) : "error");
                });
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    loop_.poll();
    EXPECT_EQ(answers_, std::vector<std::string>(100, "t1"));
    EXPECT_EQ(client_.sent.size(), 1U);
}

TEST_F(TokenCacheTest, StoresARotatedRefreshTokenBeforeTheAccessTokenIsHandedOut) {
    saves_at_once_ = false;
    connect_as_person("r1");
    client_.will_answer(200, token("t1", "r2"));
    ask();
    ASSERT_EQ(saved_.size(), 1U);
    EXPECT_EQ(saved_[0].refresh_token, "r2");
    EXPECT_TRUE(answers_.empty()) << "the token was handed out before the save";
    std::thread writer([this] { saved_[0].done({}); });
    writer.join();
    EXPECT_TRUE(answers_.empty());
    loop_.poll();
    EXPECT_THAT(answers_, ElementsAre("t1"));
}

TEST_F(TokenCacheTest, DoesNotStoreARefreshTokenThatStayedTheSame) {
    connect_as_person("r1");
    client_.will_answer(200, token("t1", "r1"));
    ask();
    EXPECT_THAT(answers_, ElementsAre("t1"));
    EXPECT_TRUE(saved_.empty());
}

TEST_F(TokenCacheTest, RefreshesAudiencesOneAfterTheOtherWithTheNewestRefreshToken) {
    connect_as_person("r1");
    ask("referrals");
    ask("webhooks");
    ASSERT_EQ(client_.sent.size(), 1U) << "two refreshes ran at once";
    client_.reply(200, token("t1", "r2"));
    loop_.poll();
    ASSERT_EQ(client_.sent.size(), 2U);
    EXPECT_EQ(client_.sent[0].form("refresh_token"), "r1");
    EXPECT_EQ(client_.sent[1].form("refresh_token"), "r2");
    EXPECT_EQ(client_.sent[1].form("scope"), "https://hooks.contoso.com/.default offline_access");
    client_.reply(200, token("t2", "r3"));
    loop_.poll();
    EXPECT_THAT(answers_, ElementsAre("t1", "t2"));
    EXPECT_EQ(saved_.size(), 2U);
}

TEST_F(TokenCacheTest, HandsNoTokenOutWhenTheNewRefreshTokenCannotBeStoredAndKeepsItForTheNextTry) {
    saves_at_once_ = false;
    connect_as_person("r1");
    client_.will_answer(200, token("t1", "r2"));
    ask();
    saved_[0].done(fail(ErrorKind::kStorage, "StoreDiskFull", "The disk is full."));
    loop_.poll();
    EXPECT_THAT(answers_, ElementsAre("RefreshTokenNotSaved"));
    EXPECT_THAT(last_error_.message, HasSubstr("The disk is full."));
    clock_.advance(seconds(2));
    client_.will_answer(200, token("t2", "r2"));
    ask();
    EXPECT_EQ(client_.sent[1].form("refresh_token"), "r2");
    ASSERT_EQ(saved_.size(), 2U) << "an unsaved refresh token must be saved even if it came again";
    saved_[1].done({});
    loop_.poll();
    EXPECT_EQ(answers_.back(), "t2");
}

TEST_F(TokenCacheTest, KeepsItsTokensWhenTheSaveItselfReplacesTheConnection) {
    saves_at_once_ = false;
    connect_as_person("r1");
    client_.will_answer(200, token("t1", "r2"));
    ask();
    connect_as_person("r2");
    cache_->forget("northwind");
    saved_[0].done({});
    loop_.poll();
    cache_->forget("northwind");
    ask();
    EXPECT_THAT(answers_, ElementsAre("t1", "t1"));
    EXPECT_EQ(client_.sent.size(), 1U);
}

TEST_F(TokenCacheTest, AsksAgainAfterTheConnectionWasReplaced) {
    connect_as_person("r1");
    client_.will_answer(200, token("t1"));
    ask();
    connect_as_person("other");
    cache_->forget("northwind");
    client_.will_answer(200, token("t2"));
    ask();
    EXPECT_THAT(answers_, ElementsAre("t1", "t2"));
    EXPECT_EQ(client_.sent[1].form("refresh_token"), "other");
}

TEST_F(TokenCacheTest, DoesNotStoreOrUseWhatCameForAConnectionThatWasReplacedMeanwhile) {
    connect_as_person("r1");
    ask();
    connect_as_person("other");
    cache_->forget("northwind");
    loop_.poll();
    client_.reply(200, token("t1", "r2"));
    client_.will_answer(200, token("t2", "other"));
    loop_.poll();
    EXPECT_TRUE(saved_.empty());
    EXPECT_THAT(answers_, ElementsAre("t2"));
    EXPECT_EQ(client_.sent[1].form("refresh_token"), "other");
}

TEST_F(TokenCacheTest, FetchesAnotherTokenAfterAServiceRefusedThisOne) {
    connect_as_app();
    client_.will_answer(200, token("t1"));
    ask();
    cache_->invalidate("northwind", "referrals");
    cache_->invalidate("nobody", "referrals");
    client_.will_answer(200, token("t2"));
    ask();
    EXPECT_THAT(answers_, ElementsAre("t1", "t2"));
}

struct Advice {
    int code;
    const char* message;
    const char* remedy;
};

class TokenRefusals : public TokenCacheTest, public testing::WithParamInterface<Advice> {};

TEST_P(TokenRefusals, SayInWordsWhatAPersonMustDo) {
    connect_as_person();
    const std::string code = "AADSTS" + std::to_string(GetParam().code);
    client_.will_answer(400, refusal(code + ": Technical words.\r\nTrace ID: 1\r\nTimestamp: 2"));
    ask();
    EXPECT_EQ(last_error_.kind, ErrorKind::kUnauthenticated);
    EXPECT_EQ(last_error_.code, code);
    EXPECT_THAT(last_error_.message, HasSubstr(GetParam().message));
    EXPECT_THAT(last_error_.message, HasSubstr(code));
    EXPECT_THAT(last_error_.remedy, HasSubstr(GetParam().remedy));
}

INSTANTIATE_TEST_SUITE_P(
    AzureAd,
    TokenRefusals,
    testing::Values(
        Advice{50126, "password is wrong", "right password"},
        Advice{50055, "password of the account has expired", "new password"},
        Advice{50076, "multi-factor authentication", "in a browser"},
        Advice{50079, "registered for multi-factor", "aka.ms/mfasetup"},
        Advice{700082, "90 days", "Sign the connection in again"},
        Advice{7000215, "client secret is wrong", "not its id"},
        Advice{7000222, "client secret has expired", "new client secret"},
        Advice{65001, "consented", "admin consent"},
        Advice{50034, "does not exist in this tenant", "user name"},
        Advice{90002, "tenant does not exist", "'tenant' setting"},
        Advice{700016, "not known in this tenant", "'client_id'"},
        Advice{50011, "redirect address", "app registration"}
    )
);

TEST_F(TokenCacheTest, ShowsTheProvidersOwnWordsForACodeItDoesNotKnow) {
    connect_as_person();
    client_.will_answer(400, refusal("AADSTS99999: A new policy applies. Trace ID: 7\r\nmore"));
    ask();
    EXPECT_EQ(last_error_.code, "AADSTS99999");
    EXPECT_THAT(last_error_.message, HasSubstr("A new policy applies."));
    EXPECT_THAT(last_error_.message, testing::Not(HasSubstr("Trace")));
}

TEST_F(TokenCacheTest, DoesNotAskAgainForAMinuteAfterARefusalSoThatNoAccountIsLocked) {
    connect_as_person();
    client_.will_answer(400, refusal("AADSTS50126: wrong"));
    ask();
    ask();
    EXPECT_THAT(answers_, ElementsAre("AADSTS50126", "AADSTS50126"));
    EXPECT_EQ(client_.sent.size(), 1U);
    clock_.advance(seconds(61));
    client_.will_answer(200, token("t1"));
    ask();
    EXPECT_EQ(answers_.back(), "t1");
}

TEST_F(TokenCacheTest, AsksAtOnceAfterARefusalWhenThePersonHasActed) {
    connect_as_person();
    client_.will_answer(400, refusal("AADSTS65001: no consent"));
    ask();
    cache_->forget("northwind");
    client_.will_answer(200, token("t1"));
    ask();
    EXPECT_EQ(answers_.back(), "t1");
}

TEST_F(TokenCacheTest, TreatsNetworkTroubleAsUnavailableAndWaitsLongerEachTime) {
    connect_as_app();
    std::vector<int> waits;
    for (int i = 0; i < 7; ++i) {
        client_.will_answer(FakeHttpClient::trouble(ErrorKind::kTimeout, "No answer in time."));
        ask();
        EXPECT_EQ(last_error_.kind, ErrorKind::kUnavailable);
        ASSERT_TRUE(last_error_.retry_after);
        waits.push_back(static_cast<int>(last_error_.retry_after->count() / 1000));
        const std::size_t sent = client_.sent.size();
        ask();
        EXPECT_EQ(client_.sent.size(), sent) << "it asked again during the back-off";
        clock_.advance(*last_error_.retry_after);
    }
    EXPECT_THAT(waits, ElementsAre(1, 2, 4, 8, 16, 30, 30));
    client_.will_answer(200, token("t1"));
    ask();
    EXPECT_EQ(answers_.back(), "t1");
}

TEST_F(TokenCacheTest, TreatsServerErrorsAsUnavailableAndHonoursRetryAfter) {
    connect_as_app();
    client_.will_answer(503, "<html>busy</html>", {{"Retry-After", "17"}});
    ask();
    EXPECT_EQ(last_error_.kind, ErrorKind::kUnavailable);
    EXPECT_EQ(last_error_.http_status, 503);
    EXPECT_EQ(last_error_.retry_after, std::chrono::milliseconds(17'000));
    clock_.advance(seconds(17));
    client_.will_answer(429, "{}", {{"Retry-After", "5"}});
    ask();
    EXPECT_EQ(last_error_.kind, ErrorKind::kUnavailable);
    EXPECT_EQ(last_error_.retry_after, std::chrono::milliseconds(5'000));
}

TEST_F(TokenCacheTest, SaysSoWhenTheAnswerIsNoToken) {
    connect_as_app();
    for (const char* body :
         {"<html>Welcome to the guest network</html>",
          "[]",
          "{}",
          R"({"access_token":7})",
          R"({"access_token":"a\r\nX: y","expires_in":1})"}) {
        client_.will_answer(200, body);
        ask();
        EXPECT_EQ(last_error_.code, "TokenAnswerUnreadable") << body;
        EXPECT_EQ(last_error_.kind, ErrorKind::kUnavailable);
        clock_.advance(minutes(1));
    }
    client_.will_answer(404, "not here");
    ask();
    EXPECT_EQ(last_error_.kind, ErrorKind::kUnauthenticated);
    EXPECT_THAT(last_error_.remedy, HasSubstr("'authority'"));
}

TEST_F(TokenCacheTest, NamesWhatTheConnectionLacks) {
    ask();
    EXPECT_EQ(last_error_.code, "ConnectionNotFound");
    connect("client_credentials", {});
    ask();
    EXPECT_EQ(last_error_.code, "ConnectionNotSignedIn");
    EXPECT_THAT(last_error_.message, HasSubstr("no client secret"));
    connect("device_code", {});
    cache_->forget("northwind");
    ask();
    EXPECT_THAT(last_error_.message, HasSubstr("no refresh token"));
    connect_as_app();
    cache_->forget("northwind");
    ask("payroll");
    EXPECT_EQ(last_error_.code, "AudienceUnknown");
    EXPECT_TRUE(client_.sent.empty());
}

TEST_F(TokenCacheTest, ForgetsQuietlyWhatIsUnderWayWhenItIsDestroyed) {
    connect_as_app();
    ask();
    cache_.reset();
    client_.reply(200, token("t1"));
    loop_.poll();
    EXPECT_TRUE(answers_.empty());
}

}  // namespace
}  // namespace tideway::connector
