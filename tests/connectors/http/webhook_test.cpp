#include "connectors/http/webhook.h"

#include <gtest/gtest.h>

#include "tests/support/connector_call.h"

namespace tideway::connectors::http {
namespace {

using test::answer;
using test::Conversation;

const ::tideway::http::Headers kJson{{"Content-Type", "application/json"}};

// A flow that is turned on and off at a service.
class HttpWebhook : public testing::Test {
  protected:
    connector::Subscription subscription() const {
        connector::Subscription out;
        out.config = config_;
        out.settings = {{"base_url", "https://api.northwind.com/v1"}};
        out.callback_url = "https://contoso.example/flows/orders?sig=a+b";
        out.state = state_;
        out.is_renewal = is_renewal_;
        out.now = test::at("2026-02-03T10:00:00Z");
        return out;
    }

    using Answers = std::initializer_list<::tideway::http::Response>;

    Conversation subscribes(Answers answers = {}) const {
        return test::converse(subscribe_anywhere(subscription()), answers);
    }

    Conversation unsubscribes(Answers answers = {}) const {
        return test::converse(unsubscribe_anywhere(subscription()), answers);
    }

    // The whole of it, with one answer.
    void is_subscribed(const std::string& body, const ::tideway::http::Headers& headers = kJson) {
        const Conversation talk = subscribes({answer(201, body, headers)});
        ASSERT_TRUE(talk.is_done()) << (talk.is_failed() ? talk.error().text() : talk.line());
        state_ = talk.output();
    }

    Json config_ = Json::parse(R"({
        "subscribe": {"uri": "/hooks", "body": {"url": "{callback_url}", "events": ["order"]}},
        "unsubscribe": {"uri": "/hooks/{answer/body/id}"}})");
    Json state_;
    bool is_renewal_ = false;
};

TEST_F(HttpWebhook, TellsTheServiceTheAddressOfTheFlow) {
    const Conversation talk = subscribes();
    EXPECT_EQ(talk.line(), "POST https://api.northwind.com/v1/hooks");
    EXPECT_EQ(talk.send().audience, "service");
    EXPECT_EQ(
        talk.sent_body(),
        Json::parse(R"({"url":"https://contoso.example/flows/orders?sig=a+b","events":["order"]})")
    );
}

TEST_F(HttpWebhook, EncodesTheAddressWhereItIsPartOfAnother) {
    config_["subscribe"] = {{"method", "PUT"}, {"uri", "/hooks?to={callback_url}&keep={this}"}};
    // What is no place is left as it is, and this is no address.
    EXPECT_EQ(
        subscribes().line(),
        "PUT https://api.northwind.com/v1/"
        "hooks?to=https%3A%2F%2Fcontoso.example%2Fflows%2Forders%3Fsig%3Da%2Bb&keep={this}"
    );
    config_["subscribe"] = {{"uri", "/hooks"}, {"queries", {{"to", "{callback_url}"}}}};
    EXPECT_EQ(
        subscribes().line(),
        "POST https://api.northwind.com/v1/"
        "hooks?to=https%3A%2F%2Fcontoso.example%2Fflows%2Forders%3Fsig%3Da%2Bb"
    );
}

TEST_F(HttpWebhook, WantsAPlaceForTheAddress) {
    config_["subscribe"] = {{"uri", "/hooks"}};
    ASSERT_TRUE(subscribes().is_failed());
    EXPECT_EQ(subscribes().error().code, "InvalidTriggerConfiguration");
    EXPECT_NE(subscribes().error().remedy.find("{callback_url}"), std::string::npos);
}

TEST_F(HttpWebhook, EndsTheSubscriptionThatTheAnswerNamed) {
    is_subscribed(R"({"id":"a/7"})");
    EXPECT_EQ(unsubscribes().line(), "DELETE https://api.northwind.com/v1/hooks/a%2F7");
    EXPECT_TRUE(unsubscribes({answer(204)}).is_done());
    EXPECT_TRUE(unsubscribes({answer(404)}).is_done());
    const Conversation refused = unsubscribes({answer(403, R"({"message":"not yours"})")});
    ASSERT_TRUE(refused.is_failed());
    EXPECT_EQ(refused.error().message, "not yours");
    // It was subscribed with this table; what the table says now is of the next subscription.
    config_.erase("unsubscribe");
    EXPECT_EQ(unsubscribes().line(), "DELETE https://api.northwind.com/v1/hooks/a%2F7");
}

TEST_F(HttpWebhook, EndsTheSubscriptionAtTheLocationOfTheAnswer) {
    config_["unsubscribe"] = {{"uri", "{answer/headers/location}"}};
    is_subscribed("", {{"Location", "/v1/hooks/9"}});
    EXPECT_EQ(unsubscribes().line(), "DELETE https://api.northwind.com/v1/hooks/9");
}

TEST_F(HttpWebhook, AsksNobodyToEndWhatNeedsNoEnd) {
    config_.erase("unsubscribe");
    is_subscribed("");
    EXPECT_TRUE(unsubscribes().is_done());
}

TEST_F(HttpWebhook, KeepsTheTypeOfAValueThatIsAWholeText) {
    config_["unsubscribe"] = {
        {"method", "POST"}, {"uri", "/end"}, {"body", {{"id", "{answer/body/id}"}, {"x", 1}}}};
    is_subscribed(R"({"id":7})");
    EXPECT_EQ(unsubscribes().sent_body(), Json::parse(R"({"id":7,"x":1})"));
}

TEST_F(HttpWebhook, SaysWhichPlaceTheAnswerDoesNotHave) {
    const Conversation talk = subscribes({answer(201, R"({"key":7})", kJson)});
    ASSERT_TRUE(talk.is_failed());
    EXPECT_EQ(talk.error().code, "InvalidTriggerConfiguration");
    EXPECT_NE(talk.error().message.find("/body/id"), std::string::npos);
    EXPECT_NE(talk.error().remedy.find(R"({"key":7})"), std::string::npos);
}

TEST_F(HttpWebhook, FailsWithTheServicesWords) {
    const Conversation talk = subscribes({answer(403, R"({"message":"no more hooks"})")});
    ASSERT_TRUE(talk.is_failed());
    EXPECT_EQ(talk.error().message, "no more hooks");
}

TEST_F(HttpWebhook, EndsThePreviousSubscriptionFirst) {
    is_subscribed(R"({"id":7})");
    config_["subscribe"]["body"]["events"] = {"order", "invoice"};
    Conversation talk = subscribes();
    EXPECT_EQ(talk.line(), "DELETE https://api.northwind.com/v1/hooks/7");
    talk.hears(answer(404));
    EXPECT_EQ(talk.line(), "POST https://api.northwind.com/v1/hooks");
    EXPECT_EQ(talk.sent_body()["events"].size(), 2U);
    EXPECT_TRUE(subscribes({answer(500)}).is_failed());
}

TEST_F(HttpWebhook, EndsWhenTheAnswerSaysSo) {
    config_["expires_at"] = "/body/until";
    is_subscribed(R"({"id":7,"until":"2026-02-06T10:00:00.1234567+01:00"})");
    EXPECT_EQ(parse_utc(string_or(state_, "expires")), parse_utc("2026-02-06T09:00:00.123456Z"));
    const Conversation talk = subscribes({answer(204), answer(201, R"({"id":8})", kJson)});
    ASSERT_TRUE(talk.is_failed());
    EXPECT_NE(talk.error().message.find("/body/until"), std::string::npos);
    config_["lifetime_s"] = 3600;
    is_renewal_ = false;
    state_ = {};
    is_subscribed(R"({"id":8})");
    EXPECT_EQ(parse_utc(string_or(state_, "expires")), parse_utc("2026-02-03T11:00:00Z"));
}

TEST_F(HttpWebhook, IsRenewedByTheRequestForThat) {
    config_["lifetime_s"] = 3600;
    config_["subscribe"]["body"]["until"] = "{expires}";
    config_["renew"] = {{"uri", "/hooks/{answer/body/id}"}, {"body", {{"until", "{expires}"}}}};
    EXPECT_EQ(
        parse_utc(string_or(subscribes().sent_body(), "until")), parse_utc("2026-02-03T11:00:00Z")
    );
    is_subscribed(R"({"id":7})");
    is_renewal_ = true;
    Conversation talk = subscribes();
    EXPECT_EQ(talk.line(), "PATCH https://api.northwind.com/v1/hooks/7");
    EXPECT_EQ(parse_utc(string_or(talk.sent_body(), "until")), parse_utc("2026-02-03T11:00:00Z"));
    talk.hears(answer(200));
    ASSERT_TRUE(talk.is_done());
    // It can be renewed again, and ended.
    state_ = talk.output();
    EXPECT_EQ(subscribes().line(), "PATCH https://api.northwind.com/v1/hooks/7");
    EXPECT_EQ(unsubscribes().line(), "DELETE https://api.northwind.com/v1/hooks/7");
    // One that is gone is made anew.
    Conversation anew = subscribes({answer(404)});
    EXPECT_EQ(anew.line(), "DELETE https://api.northwind.com/v1/hooks/7");
    anew.hears(answer(404));
    EXPECT_EQ(anew.line(), "POST https://api.northwind.com/v1/hooks");
    EXPECT_TRUE(subscribes({answer(503)}).is_failed());
}

TEST_F(HttpWebhook, GivesCredentialsToTheConnectionsOwnServiceOnly) {
    config_["subscribe"]["uri"] = "https://hooks.fabrikam.com/";
    EXPECT_EQ(subscribes().send().audience, "");
}

}  // namespace
}  // namespace tideway::connectors::http
