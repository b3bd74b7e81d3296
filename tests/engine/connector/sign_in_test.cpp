#include "engine/connector/identity/sign_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/digest.h"
#include "engine/connector/identity/jwt.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/key_pems.h"
#include "tests/support/manual_clock.h"

namespace tideway::connector {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing_support::FakeHttpClient;
using testing_support::ManualClock;

const Timestamp kNow = from_micros(1'770'000'000'000'000);

model::ConnectorSpec spec_of(const std::string& style = "v2") {
    Json spec = Json::parse(R"({
      "id":"crm","title":"CRM","auth":["oauth2"],
      "oauth":{"authorize_url":"{authority}/{tenant}/authorize","token_url":"{authority}/{tenant}/token",
               "device_url":"{authority}/{tenant}/devicecode",
               "grants":["client_credentials","authorization_code","device_code","refresh_token"]},
      "audiences":{"crm":"{base_url}"},
      "register":["Open the portal of {tenant}.","Add the secret of {client_id} for {owner}."],
      "settings":{"type":"object","properties":{
        "authority":{"type":"string","default":"https://login.contoso.com"}}}})");
    spec["oauth"]["style"] = style;
    auto parsed = model::parse_connector_spec(dump(spec));
    EXPECT_TRUE(parsed) << parsed.error().text();
    return std::move(*parsed);
}

class SignInTest : public testing::Test {
  protected:
    SignInInput input(Secrets secrets = {}) {
        SignInInput out;
        out.spec = &spec_;
        out.settings = Json{
            {"tenant", "contoso"}, {"client_id", "app-1"}, {"base_url", "https://crm.contoso.com"}};
        out.secrets = std::move(secrets);
        return out;
    }

    static FakeHttpClient::Sent asked(const SignInTurn& turn) {
        const auto* ask = std::get_if<Ask>(&turn);
        EXPECT_NE(ask, nullptr);
        return {ask != nullptr ? ask->request : http::Request(), {}};
    }

    static http::Response answer(int status, const Json& body) { return {status, {}, dump(body)}; }

    static const Json& token() {
        static const Json kToken{
            {"access_token", "t1"}, {"refresh_token", "r2"}, {"expires_in", 3600}};
        return kToken;
    }

    model::ConnectorSpec spec_ = spec_of();
};

TEST_F(SignInTest, AsTheAppProvesThatTheSecretWorks) {
    auto machine = sign_in_as_app(input({{"client_secret", Secret("s1")}}));
    ASSERT_TRUE(machine);
    const auto sent = asked((*machine)->begin(kNow));
    EXPECT_EQ(sent.request.url, "https://login.contoso.com/contoso/token");
    EXPECT_EQ(sent.form("grant_type"), "client_credentials");
    EXPECT_EQ(sent.form("scope"), "https://crm.contoso.com/.default");
    const SignInTurn end = (*machine)->on_response(answer(200, token()), kNow);
    const auto* done = std::get_if<SignedIn>(&end);
    ASSERT_NE(done, nullptr);
    EXPECT_EQ(done->grant, "client_credentials");
    EXPECT_EQ(done->secrets.at("client_secret").reveal(), "s1");
    EXPECT_FALSE(done->secrets.contains("refresh_token"));
    EXPECT_EQ(done->refresh_expires, std::nullopt);
}

// A service of nobody in particular: the fields of its provider come from the settings.
class AnyProvider : public SignInTest {
  protected:
    void SetUp() override {
        const Json spec = Json::parse(R"({
          "id":"web","title":"Web","auth":["none","oauth2"],"audiences":{"web":"{base_url}"},
          "oauth":{"token_url":"{token_url}","style":"plain","client_proof":"{client_proof}",
                   "token_fields":{"scope":"{scope}","audience":"{token_audience}"},
                   "grants":["client_credentials"]},
          "settings":{"type":"object","properties":{
            "client_proof":{"type":"string","default":"form"}}}})");
        auto parsed = model::parse_connector_spec(dump(spec));
        ASSERT_TRUE(parsed) << parsed.error().text();
        spec_ = std::move(*parsed);
    }

    // With these settings besides.
    FakeHttpClient::Sent sent(const Json& settings) {
        SignInInput made = input({{"client_secret", Secret("s:1")}});
        made.settings["token_url"] = "https://id.northwind.com/token";
        made.settings.update(settings);
        auto machine = sign_in_as_app(made);
        EXPECT_TRUE(machine) << machine.error().text();
        return asked((*machine)->begin(kNow));
    }
};

TEST_F(AnyProvider, SendsTheFieldsThatTheSettingsSayAndNoEmptyOnes) {
    const auto scoped = sent({{"scope", "https://api.contoso.com/.default"}});
    EXPECT_EQ(scoped.request.url, "https://id.northwind.com/token");
    EXPECT_EQ(scoped.form("scope"), "https://api.contoso.com/.default");
    EXPECT_EQ(scoped.request.body.find("audience"), std::string::npos);
    const auto named = sent({{"token_audience", "orders"}});
    EXPECT_EQ(named.form("audience"), "orders");
    EXPECT_EQ(named.request.body.find("scope"), std::string::npos);
}

TEST_F(AnyProvider, ShowsTheSecretInTheBodyOrInAHeader) {
    const auto form = sent(Json::object());
    EXPECT_EQ(form.form("client_id"), "app-1");
    EXPECT_EQ(form.form("client_secret"), "s:1");
    EXPECT_FALSE(form.request.headers.get("Authorization"));
    const auto header = sent({{"client_proof", "header"}});
    // Both encoded, so that a colon is no end of the name.
    EXPECT_EQ(header.request.headers.get("Authorization"), "Basic " + to_base64("app-1:s%3A1"));
    EXPECT_EQ(header.request.body, "grant_type=client_credentials");
}

TEST_F(SignInTest, AsTheAppNeedsASecret) {
    const auto machine = sign_in_as_app(input());
    ASSERT_FALSE(machine);
    EXPECT_EQ(machine.error().code, "SecretMissing");
}

TEST_F(SignInTest, InABrowserSendsThePersonWithAChallengeAndRedeemsTheCodeWithItsVerifier) {
    const std::string redirect = "http://localhost:8400/";
    const auto started = start_authorization(input(), redirect);
    ASSERT_TRUE(started);
    const auto url = http::parse_url(started->url);
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "login.contoso.com");
    EXPECT_EQ(url->path, "/contoso/authorize");
    const auto field = [&](std::string_view name) { return http::query_value(url->query, name); };
    EXPECT_EQ(field("response_type"), "code");
    EXPECT_EQ(field("redirect_uri"), redirect);
    EXPECT_EQ(field("state"), started->state);
    EXPECT_EQ(field("scope"), "https://crm.contoso.com/.default offline_access");
    EXPECT_EQ(field("code_challenge_method"), "S256");
    EXPECT_EQ(field("code_challenge"), to_base64url(sha256(started->verifier.reveal())));

    const auto code = read_redirect("code=c%2F1&state=" + started->state, started->state);
    ASSERT_TRUE(code);
    auto machine = sign_in_with_code(input(), redirect, *code, started->verifier);
    ASSERT_TRUE(machine);
    const auto sent = asked((*machine)->begin(kNow));
    EXPECT_EQ(sent.form("grant_type"), "authorization_code");
    EXPECT_EQ(sent.form("code"), "c/1");
    EXPECT_EQ(sent.form("redirect_uri"), redirect);
    EXPECT_EQ(sent.form("code_verifier"), started->verifier.reveal());
    const SignInTurn end = (*machine)->on_response(answer(200, token()), kNow);
    const auto* done = std::get_if<SignedIn>(&end);
    ASSERT_NE(done, nullptr);
    EXPECT_EQ(done->secrets.at("refresh_token").reveal(), "r2");
    EXPECT_EQ(done->refresh_expires, kNow + kRefreshTokenLifetime);
}

TEST_F(SignInTest, InABrowserIsDifferentEachTime) {
    const auto one = start_authorization(input(), "http://localhost:1/");
    const auto two = start_authorization(input(), "http://localhost:1/");
    ASSERT_TRUE(one && two);
    EXPECT_NE(one->state, two->state);
    EXPECT_NE(one->verifier.reveal(), two->verifier.reveal());
    EXPECT_GE(one->verifier.reveal().size(), 43U);
}

TEST_F(SignInTest, InABrowserRefusesARedirectThatItDidNotAskFor) {
    EXPECT_EQ(read_redirect("code=c&state=other", "mine").error().code, "SignInStateMismatch");
    EXPECT_EQ(read_redirect("code=c", "").error().code, "SignInStateMismatch");
    const auto declined =
        read_redirect("error=access_denied&error_description=AADSTS65001%3A+no&state=mine", "mine");
    ASSERT_FALSE(declined);
    EXPECT_EQ(declined.error().code, "AADSTS65001");
    EXPECT_FALSE(read_redirect("state=mine", "mine"));
}

TEST_F(SignInTest, SaysHowToAllowARefreshTokenWhenNoneCame) {
    auto machine = sign_in_with_code(input(), "http://localhost/", "c", Secret("v"));
    ASSERT_TRUE(machine);
    (*machine)->begin(kNow);
    const SignInTurn end =
        (*machine)->on_response(answer(200, Json{{"access_token", "t"}, {"expires_in", 60}}), kNow);
    const auto* error = std::get_if<Error>(&end);
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->code, "NoRefreshToken");
    EXPECT_THAT(error->remedy, HasSubstr("offline_access"));
}

TEST_F(SignInTest, ExchangesAGivenRefreshTokenForItsSuccessor) {
    auto machine = sign_in_with_refresh_token(input({{"refresh_token", Secret("r1")}}));
    ASSERT_TRUE(machine);
    EXPECT_EQ(asked((*machine)->begin(kNow)).form("refresh_token"), "r1");
    Json body = token();
    body["refresh_token_expires_in"] = "86400";
    const SignInTurn end = (*machine)->on_response(answer(200, body), kNow);
    const auto* done = std::get_if<SignedIn>(&end);
    ASSERT_NE(done, nullptr);
    EXPECT_EQ(done->secrets.at("refresh_token").reveal(), "r2");
    EXPECT_EQ(done->refresh_expires, kNow + seconds(86'400));
}

TEST_F(SignInTest, RefusesAGrantThatTheConnectorDoesNotHave) {
    spec_.oauth["grants"] = Json::array({"client_credentials"});
    const auto machine = sign_in_with_device_code(input(), [](const DevicePrompt&) {});
    ASSERT_FALSE(machine);
    EXPECT_EQ(machine.error().code, "GrantNotSupported");
    EXPECT_THAT(machine.error().remedy, HasSubstr("client_credentials"));
}

class DeviceSignInTest : public SignInTest {
  protected:
    void start() {
        auto machine = sign_in_with_device_code(input(), [this](const DevicePrompt& p) {
            prompts_.push_back(p);
        });
        ASSERT_TRUE(machine);
        machine_ = std::move(*machine);
        first_ = asked(machine_->begin(kNow));
        turn_ = machine_->on_response(
            answer(
                200,
                Json{
                    {"device_code", "d1"},
                    {"user_code", "ABCD-EFGH"},
                    {"verification_uri", "https://contoso.com/device"},
                    {"interval", 5},
                    {"expires_in", 900}}
            ),
            kNow
        );
    }

    void answer_poll(const char* error) {
        turn_ = machine_->on_response(answer(400, Json{{"error", error}}), kNow);
    }

    Duration wait() const {
        const auto* ask = std::get_if<Ask>(&turn_);
        return ask != nullptr ? ask->wait : Duration(-1);
    }

    std::unique_ptr<SignIn> machine_;
    FakeHttpClient::Sent first_;
    SignInTurn turn_;
    std::vector<DevicePrompt> prompts_;
};

TEST_F(DeviceSignInTest, ShowsTheCodeOnceAndAsksUntilThePersonIsDone) {
    start();
    EXPECT_EQ(first_.request.url, "https://login.contoso.com/contoso/devicecode");
    ASSERT_EQ(prompts_.size(), 1U);
    EXPECT_EQ(prompts_[0].user_code, "ABCD-EFGH");
    EXPECT_THAT(prompts_[0].message, HasSubstr("https://contoso.com/device"));
    EXPECT_EQ(prompts_[0].expires, kNow + seconds(900));
    EXPECT_EQ(wait(), seconds(5));
    answer_poll("authorization_pending");
    EXPECT_EQ(wait(), seconds(5));
    EXPECT_EQ(asked(turn_).form("device_code"), "d1");
    turn_ = machine_->on_response(answer(200, token()), kNow);
    const auto* done = std::get_if<SignedIn>(&turn_);
    ASSERT_NE(done, nullptr);
    EXPECT_EQ(done->grant, "device_code");
    EXPECT_EQ(done->secrets.at("refresh_token").reveal(), "r2");
    EXPECT_EQ(prompts_.size(), 1U);
}

TEST_F(DeviceSignInTest, AsksMoreSlowlyWhenItIsToldTo) {
    start();
    answer_poll("slow_down");
    EXPECT_EQ(wait(), seconds(10));
    answer_poll("authorization_pending");
    EXPECT_EQ(wait(), seconds(10));
}

TEST_F(DeviceSignInTest, GoesOnAfterNetworkTroubleAndServerErrors) {
    start();
    turn_ = machine_->on_trouble(Error(), kNow);
    EXPECT_EQ(wait(), seconds(10));
    turn_ = machine_->on_response(answer(503, Json::object()), kNow);
    EXPECT_EQ(wait(), seconds(20));
}

TEST_F(DeviceSignInTest, EndsWhenThePersonDeclinesOrTakesTooLong) {
    start();
    answer_poll("authorization_declined");
    ASSERT_TRUE(std::holds_alternative<Error>(turn_));
    EXPECT_THAT(std::get<Error>(turn_).message, HasSubstr("declined"));
    start();
    turn_ = machine_->on_response(
        answer(400, Json{{"error", "authorization_pending"}}), kNow + seconds(899)
    );
    ASSERT_TRUE(std::holds_alternative<Error>(turn_));
    EXPECT_THAT(std::get<Error>(turn_).message, HasSubstr("not finished in time"));
}

TEST_F(DeviceSignInTest, SpeaksTheOlderStyle) {
    spec_ = spec_of("v1");
    start();
    EXPECT_EQ(first_.form("resource"), "https://crm.contoso.com");
    EXPECT_EQ(asked(turn_).form("grant_type"), "device_code");
    EXPECT_EQ(asked(turn_).form("code"), "d1");
}

TEST_F(SignInTest, RunsOverAClient) {
    Loop loop;
    FakeHttpClient client(loop);
    const ManualClock clock(kNow);
    client.will_answer(200, dump(token()));
    auto machine = sign_in_with_code(input(), "http://localhost/", "c", Secret("v"));
    ASSERT_TRUE(machine);
    std::optional<Result<SignedIn>> result;
    const auto run =
        run_sign_in(std::move(*machine), client, {}, loop, clock, [&](Result<SignedIn> r) {
            result = std::move(r);
        });
    loop.poll();
    ASSERT_TRUE(result);
    ASSERT_TRUE(*result);
    EXPECT_EQ((**result).grant, "authorization_code");
}

TEST_F(SignInTest, EndsQuietlyWhenItsHandleIsGone) {
    Loop loop;
    FakeHttpClient client(loop);
    const ManualClock clock(kNow);
    auto machine = sign_in_with_code(input(), "http://localhost/", "c", Secret("v"));
    ASSERT_TRUE(machine);
    bool called = false;
    auto run = run_sign_in(std::move(*machine), client, {}, loop, clock, [&](const auto&) {
        called = true;
    });
    loop.poll();
    run.reset();
    client.reply(200, dump(token()));
    loop.poll();
    EXPECT_FALSE(called);
}

TEST_F(SignInTest, PrintsTheStepsOnTheOtherSideWithTheSettingsFilledIn) {
    EXPECT_EQ(
        register_text(spec_, input().settings),
        "1. Open the portal of contoso.\n2. Add the secret of app-1 for <owner>.\n"
    );
}

// --- services that are named by their tokens ---

model::ConnectorSpec plain_spec() {
    auto parsed = model::parse_connector_spec(R"({
      "id":"crm","title":"CRM","auth":["oauth2"],
      "oauth":{"token_url":"{base_url}/token","authorize_url":"{base_url}/authorize",
               "style":"plain","jwt_audience":"{jwt_audience}","jwt_subject":"{username}",
               "grants":["client_credentials","authorization_code","jwt_bearer"]},
      "audiences":{"crm":"{base_url}"},
      "settings":{"type":"object","properties":{
        "jwt_audience":{"type":"string","default":"https://login.contoso.com"}}}})");
    EXPECT_TRUE(parsed) << parsed.error().text();
    return std::move(*parsed);
}

class PlainSignIn : public SignInTest {
  protected:
    PlainSignIn() { spec_ = plain_spec(); }

    SignInInput for_person(const std::string& private_pem) {
        SignInInput out = input({{"private_key", Secret(private_pem)}});
        out.settings["username"] = "seller@contoso.example";
        return out;
    }
};

TEST_F(PlainSignIn, NamesNeitherResourceNorScope) {
    auto machine = sign_in_as_app(input({{"client_secret", Secret("s1")}}));
    ASSERT_TRUE(machine);
    const auto sent = asked((*machine)->begin(kNow));
    EXPECT_EQ(sent.request.url, "https://crm.contoso.com/token");
    EXPECT_EQ(sent.form("resource") + sent.form("scope"), "");
    EXPECT_EQ(sent.form("client_secret"), "s1");
}

TEST_F(PlainSignIn, WithAKeySendsASignedStatementThatIsValidForMinutes) {
    const auto keys = test_support::make_rsa_keys();
    auto machine = sign_in_with_key(for_person(keys.private_pem), kNow);
    ASSERT_TRUE(machine) << machine.error().text();
    const auto sent = asked((*machine)->begin(kNow));
    EXPECT_EQ(sent.form("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    const Json expected = {
        {"iss", "app-1"},
        {"sub", "seller@contoso.example"},
        {"aud", "https://login.contoso.com"},
        {"exp", 1'770'000'180}};
    EXPECT_EQ(verify_jwt(sent.form("assertion"), keys.public_pem).value(), expected);
    const SignInTurn end = (*machine)->on_response(answer(200, Json{{"access_token", "t1"}}), kNow);
    const auto* done = std::get_if<SignedIn>(&end);
    ASSERT_NE(done, nullptr);
    EXPECT_EQ(done->grant, "jwt_bearer");
    EXPECT_TRUE(done->secrets.contains("private_key"));
}

TEST_F(PlainSignIn, WithAKeyNeedsTheKeyAndThePerson) {
    const auto keyless = sign_in_with_key(for_person(""), kNow);
    ASSERT_FALSE(keyless);
    EXPECT_EQ(keyless.error().code, "PrivateKeyMissing");
    SignInInput nobody = for_person(test_support::make_rsa_keys().private_pem);
    nobody.settings.erase("username");
    const auto nameless = sign_in_with_key(nobody, kNow);
    ASSERT_FALSE(nameless);
    EXPECT_EQ(nameless.error().code, "SettingMissing");
}

TEST_F(PlainSignIn, AnAccountOfAnotherServiceIsRefusedWithItsAddress) {
    auto machine = sign_in_as_app(input({{"client_secret", Secret("s1")}}));
    ASSERT_TRUE(machine);
    (void)(*machine)->begin(kNow);
    const Json elsewhere = {
        {"access_token", "t1"}, {"instance_url", "https://fabrikam.contoso.com"}};
    const SignInTurn end = (*machine)->on_response(answer(200, elsewhere), kNow);
    const auto* error = std::get_if<Error>(&end);
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->code, "InstanceMismatch");
    EXPECT_THAT(error->remedy, HasSubstr("https://fabrikam.contoso.com"));
}

TEST_F(PlainSignIn, DoesNotGuessHowLongARefreshTokenLives) {
    auto machine = sign_in_with_code(
        input({{"client_secret", Secret("s1")}}), "http://localhost/", "code", Secret("verifier")
    );
    ASSERT_TRUE(machine);
    (void)(*machine)->begin(kNow);
    const Json granted = {{"access_token", "t1"}, {"refresh_token", "r1"}};
    const SignInTurn end = (*machine)->on_response(answer(200, granted), kNow);
    const auto* done = std::get_if<SignedIn>(&end);
    ASSERT_NE(done, nullptr);
    EXPECT_EQ(done->secrets.at("refresh_token").reveal(), "r1");
    EXPECT_EQ(done->refresh_expires, std::nullopt);
}

TEST_F(PlainSignIn, SaysWhatToDoAboutAnAppThatIsNotApproved) {
    const Error error = identity_error("invalid_grant", "user hasn't approved this consumer");
    EXPECT_EQ(error.kind, ErrorKind::kUnauthenticated);
    EXPECT_THAT(error.remedy, HasSubstr("pre-authorized"));
}

}  // namespace
}  // namespace tideway::connector
