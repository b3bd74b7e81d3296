#include <gtest/gtest.h>

#include "connectors/partner_center/partner_center_connector.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::partner_center {
namespace {

using model::AttemptClass;
using test::answer;
using test::Conversation;

constexpr const char* kRegistration =
    "https://api.partnercenter.microsoft.com/webhooks/v1/registration";

class PartnerCenterWebhooks : public ::testing::Test {
  protected:
    test::ConnectorUnderTest pc_{
        "partner_center", make_connector(), {{"tenant", "contoso.example"}, {"client_id", "c"}}};

    const Json wanted_ = {
        {"url", "https://flows.contoso.example/t/1"}, {"events", {"referral-created"}}};
    const std::string held_ =
        R"({"SubscriberId":"s-1","WebhookUrl":"https://flows.contoso.example/t/1",)"
        R"("WebhookEvents":["referral-created"]})";
    const std::string held_by_another_ =
        R"({"webhookUrl":"https://staging.contoso.example/t/9","webhookEvents":["referral-created"]})";
};

TEST_F(PartnerCenterWebhooks, ListsTheEventNames) {
    Conversation talk = pc_.start("list_webhook_events", Json::object());
    EXPECT_EQ(talk.line(), std::string("GET ") + kRegistration + "/events");
    EXPECT_EQ(talk.send().audience, "webhooks");
    talk.hears(answer(200, R"(["referral-created","test-created"])"));
    EXPECT_EQ(talk.output(), Json({{"events", {"referral-created", "test-created"}}}));
}

TEST_F(PartnerCenterWebhooks, NeverRegisteredIsAnAnswerAndNotAnError) {
    Conversation talk = pc_.start("view_webhook_registration", Json::object());
    EXPECT_EQ(talk.line(), std::string("GET ") + kRegistration);
    talk.hears(answer(404));
    EXPECT_EQ(talk.output(), Json({{"registered", false}, {"url", ""}, {"events", Json::array()}}));
}

TEST_F(PartnerCenterWebhooks, ReadsBothSpellingsOfARegistration) {
    Conversation pascal = pc_.start("view_webhook_registration", Json::object());
    pascal.hears(answer(200, held_));
    EXPECT_EQ(pascal.output()["url"], "https://flows.contoso.example/t/1");
    Conversation camel = pc_.start("view_webhook_registration", Json::object());
    camel.hears(answer(200, held_by_another_));
    EXPECT_EQ(camel.output()["url"], "https://staging.contoso.example/t/9");
    EXPECT_EQ(camel.output()["events"], Json::array({"referral-created"}));
}

TEST_F(PartnerCenterWebhooks, TellsTheTriggerWhichAddressIsRegistered) {
    const model::TriggerSpec& trigger = *pc_.spec.trigger("referral_event");
    EXPECT_TRUE(trigger.is_registered);
    Conversation talk(pc_.connector().registered_address(trigger, pc_.settings));
    EXPECT_EQ(talk.line(), std::string("GET ") + kRegistration);
    EXPECT_EQ(talk.send().audience, "webhooks");
    talk.hears(answer(200, held_by_another_));
    EXPECT_EQ(talk.output()["url"], "https://staging.contoso.example/t/9");
    Conversation none(pc_.connector().registered_address(trigger, pc_.settings));
    none.hears(answer(404));
    EXPECT_EQ(none.output()["url"], "");
}

TEST_F(PartnerCenterWebhooks, RegistersWithTheSignatureInItsOwnHeader) {
    Conversation talk = pc_.start("register_webhook", wanted_);
    EXPECT_EQ(talk.line(), std::string("POST ") + kRegistration);
    EXPECT_EQ(
        talk.sent_body(),
        Json(
            {{"WebhookUrl", "https://flows.contoso.example/t/1"},
             {"WebhookEvents", {"referral-created"}},
             {"SignatureTokenToMsSignatureHeader", true}}
        )
    );
    talk.hears(answer(200, held_));
    EXPECT_EQ(talk.output()["subscriber_id"], "s-1");
}

TEST_F(PartnerCenterWebhooks, AnAddressThatPartnerCenterCannotReachIsNotSentToIt) {
    const std::vector<std::string> addresses = {
        "http://flows.contoso.example/t/1",
        "https://localhost:8443/t/1",
        "https://flows.localhost/t/1",
        "https://127.0.0.1/t/1",
        "https://10.1.2.3/t/1",
        "https://192.168.0.9/t/1",
        "https://169.254.169.254/t/1",
        "https://[::1]/t/1",
        "https://[fe80::1]/t/1",
        "https://[fd00::7]/t/1",
        "https://[::ffff:127.0.0.1]/t/1",
        "https://2130706433/t/1",
        "https://0x7f.1/t/1",
        "https://flows/t/1",
        "https://flows.internal./t/1",
        "flows.contoso.example"};
    for (const char* operation : {"register_webhook", "update_webhook_registration"}) {
        for (const std::string& address : addresses) {
            Conversation talk =
                pc_.start(operation, {{"url", address}, {"events", {"referral-created"}}});
            ASSERT_TRUE(talk.is_failed()) << address;
            EXPECT_EQ(talk.failed().error.code, "WebhookAddressRefused") << address;
            EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kNotDone);
            EXPECT_NE(talk.failed().error.message.find(address), std::string::npos);
            EXPECT_NE(talk.failed().error.remedy, "");
        }
    }
}

TEST_F(PartnerCenterWebhooks, APublicHttpsAddressIsSent) {
    for (const char* address : {"https://8.8.8.8/t/1", "https://[2001:4860:4860::8888]:8443/t"}) {
        Conversation talk =
            pc_.start("register_webhook", {{"url", address}, {"events", {"referral-created"}}});
        EXPECT_EQ(talk.sent_body()["WebhookUrl"], address);
    }
}

TEST_F(PartnerCenterWebhooks, TheSandboxTakesEveryAddress) {
    test::ConnectorUnderTest sandbox{
        "partner_center",
        make_connector(),
        {{"tenant", "contoso.example"}, {"client_id", "c"}, {"is_sandbox", true}}};
    Conversation talk = sandbox.start(
        "register_webhook", {{"url", "http://127.0.0.1:8080/t/1"}, {"events", {"referral-created"}}}
    );
    EXPECT_EQ(talk.sent_body()["WebhookUrl"], "http://127.0.0.1:8080/t/1");
}

TEST_F(PartnerCenterWebhooks, RegisteringWhatIsRegisteredAlreadyIsDone) {
    Conversation talk = pc_.start("register_webhook", wanted_);
    talk.hears(answer(409));
    EXPECT_EQ(talk.line(), std::string("GET ") + kRegistration);
    talk.hears(answer(200, held_));
    EXPECT_TRUE(talk.is_done());
}

TEST_F(PartnerCenterWebhooks, RegisteringOverAnotherAddressNamesIt) {
    Conversation talk = pc_.start("register_webhook", wanted_);
    talk.hears(answer(409));
    talk.hears(answer(200, held_by_another_));
    ASSERT_TRUE(talk.is_failed());
    EXPECT_EQ(talk.error().kind, ErrorKind::kConflict);
    EXPECT_NE(talk.error().remedy.find("staging.contoso.example"), std::string::npos);
    EXPECT_NE(talk.error().remedy.find("update_webhook_registration"), std::string::npos);
}

TEST_F(PartnerCenterWebhooks, UpdatesWithPutAndSaysWhenThereIsNothingToUpdate) {
    Conversation talk = pc_.start("update_webhook_registration", wanted_);
    EXPECT_EQ(talk.line(), std::string("PUT ") + kRegistration);
    EXPECT_TRUE(talk.sent_body()["SignatureTokenToMsSignatureHeader"]);
    talk.hears(answer(404));
    EXPECT_NE(talk.error().remedy.find("register_webhook"), std::string::npos);
}

TEST_F(PartnerCenterWebhooks, ADoubtfulRegistrationIsSettledByLooking) {
    Conversation found = pc_.probe("register_webhook", wanted_);
    found.hears(answer(200, held_));
    EXPECT_TRUE(found.output()["found"]);
    Conversation other = pc_.probe("update_webhook_registration", wanted_);
    other.hears(answer(200, held_by_another_));
    EXPECT_FALSE(other.output()["found"]);
    Conversation none = pc_.probe("register_webhook", wanted_);
    none.hears(answer(404));
    EXPECT_FALSE(none.output()["found"]);
}

TEST_F(PartnerCenterWebhooks, SendsATestEventAndReadsItsResult) {
    Conversation talk = pc_.start("send_test_event", Json::object());
    EXPECT_EQ(talk.line(), std::string("POST ") + kRegistration + "/validationEvents");
    EXPECT_EQ(talk.request().body, "");
    talk.hears(answer(200, R"({"correlationId":"c-1"})"));
    EXPECT_EQ(talk.output(), Json({{"correlation_id", "c-1"}}));

    Conversation result = pc_.start("get_test_event_result", {{"correlation_id", "c-1"}});
    EXPECT_EQ(result.line(), std::string("GET ") + kRegistration + "/validationEvents/c-1");
    result.hears(answer(
        200, R"({"correlationId":"c-1","status":"completed","results":[{"responseCode":"OK"}]})"
    ));
    EXPECT_EQ(
        result.output(), Json({{"status", "completed"}, {"results", {{{"responseCode", "OK"}}}}})
    );
}

TEST_F(PartnerCenterWebhooks, AnUnansweredTestEventIsInDoubt) {
    Conversation talk = pc_.start("send_test_event", Json::object());
    talk.hears(answer(500));
    EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kInDoubt);
}

}  // namespace
}  // namespace tideway::connectors::partner_center
