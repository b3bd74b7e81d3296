// The trigger of change events against the sandbox's streaming.
#include "tests/connectors/salesforce/sandbox_fixture.h"

namespace tideway::connectors::salesforce {
namespace {

class SalesforceChangeEvents : public SandboxTest {
  protected:
    std::unique_ptr<connector::Exchange> exchange(const Json& config) {
        connector::Poll poll;
        poll.config = config;
        poll.settings = crm.settings;
        poll.cursor = cursor_;
        poll.now = clock.now();
        poll.events_max = events_max_;
        return crm.connector().poll(*crm.spec.trigger("change_event"), poll);
    }

    // The next poll; only where there is something, for else it waits.
    Json poll(const Json& config = {{"object", "Opportunity"}}) {
        const Json answer = output(test::Conversation(exchange(config)));
        EXPECT_EQ(answer["has_more"], true);
        cursor_ = answer["cursor"];
        events_ = answer["events"];
        Json out = Json::array();
        for (const Json& event : events_) {
            out.push_back(string_or(event["event"], "change"));
        }
        return out;
    }

    void change(const std::string& id, const Json& fields, const http::Headers& headers = {}) {
        ASSERT_EQ(api("PATCH", "sobjects/Opportunity/" + id, fields, headers).status, 204);
    }

    Json cursor_;
    Json events_;
    std::size_t events_max_ = 500;
};

TEST_F(SalesforceChangeEvents, WhatHappenedBeforeTheFlowWasTurnedOnIsKnown) {
    const std::string id = create("Opportunity", opportunity("Old"));
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(poll(), Json::array());
    change(id, {{"Amount", 7}});
    EXPECT_EQ(poll(), Json({"UPDATE"}));
    const Json& event = events_[0]["event"];
    EXPECT_EQ(event["id"], id);
    EXPECT_EQ(event["object"], "Opportunity");
    EXPECT_EQ(event["fields"]["Amount"], 7);
    EXPECT_EQ(event["changed_fields"], Json({"Amount", "LastModifiedDate"}));
    EXPECT_EQ(event["committed_at"], "2026-02-02T02:40:01Z");
}

TEST_F(SalesforceChangeEvents, EventsFollowOneAnotherWithoutLossOrRepetition) {
    poll();
    const std::string id = create("Opportunity", opportunity("Deal"));
    EXPECT_EQ(poll(), Json({"CREATE"}));
    change(id, {{"Amount", 1}});
    api("DELETE", "sobjects/Opportunity/" + id);
    EXPECT_EQ(poll(), Json({"UPDATE", "DELETE"}));
    const Json last = cursor_;
    change(create("Opportunity", opportunity("Next")), {{"Amount", 1}});
    EXPECT_EQ(poll(), Json({"CREATE", "UPDATE"}));
    cursor_ = last;  // the process died before it was committed
    EXPECT_EQ(poll(), Json({"CREATE", "UPDATE"}));
}

TEST_F(SalesforceChangeEvents, ManyEventsComeInParts) {
    poll();
    for (int i = 0; i < 5; ++i) {
        create("Opportunity", opportunity("Deal " + std::to_string(i)));
    }
    events_max_ = 2;
    EXPECT_EQ(poll().size(), 2U);
    EXPECT_EQ(poll().size(), 2U);
    EXPECT_EQ(poll().size(), 1U);
}

TEST_F(SalesforceChangeEvents, OwnWritesAreKnownByTheirMark) {
    poll();
    const http::Headers marked = {{"Sforce-Call-Options", "client=Tideway"}};
    const std::string id = create("Opportunity", opportunity("Deal"));
    change(id, {{"Amount", 1}}, marked);
    EXPECT_EQ(poll(), Json({"CREATE"}));
    change(id, {{"Amount", 2}}, marked);
    change(id, {{"Amount", 3}}, {{"Sforce-Call-Options", "client=Tideway-staging"}});
    EXPECT_EQ(
        poll({{"object", "Opportunity"}, {"own_changes", "run"}}), Json({"UPDATE", "UPDATE"})
    );
}

TEST_F(SalesforceChangeEvents, UpdatesOfOtherFieldsAreNotWanted) {
    poll();
    const Json config = {{"object", "Opportunity"}, {"fields", {"StageName"}}};
    const std::string id = create("Opportunity", opportunity("Deal"));
    change(id, {{"Amount", 1}});
    change(id, {{"StageName", "On Hold"}});
    EXPECT_EQ(poll(config), Json({"CREATE", "UPDATE"}));
    EXPECT_EQ(events_[1]["event"]["fields"]["StageName"], "On Hold");
}

TEST_F(SalesforceChangeEvents, EventsThatAreNotKeptAnyMoreAreToldAsLost) {
    poll();
    create("Opportunity", opportunity("Deal"));
    poll();
    create("Opportunity", opportunity("Lost"));
    ASSERT_EQ(send("DELETE", "/sandbox/events", "").status, 200);
    create("Opportunity", opportunity("After"));
    EXPECT_EQ(poll(), Json({"LOST", "CREATE"}));
}

TEST_F(SalesforceChangeEvents, OfAGapOnlyTheRecordIsTold) {
    poll();
    const std::string id = create("Opportunity", opportunity("Deal"));
    control("events", {{"gaps", 1}});
    change(id, {{"Amount", 1}}, {{"Sforce-Call-Options", "client=Tideway"}});
    change(id, {{"Amount", 2}});
    EXPECT_EQ(poll(), Json({"CREATE", "GAP_UPDATE", "UPDATE"}));
    EXPECT_EQ(events_[1]["event"]["id"], id);
    EXPECT_EQ(events_[1]["event"]["fields"], Json::object());
}

TEST_F(SalesforceChangeEvents, WithoutAChangeTheConnectWaits) {
    poll();
    test::Conversation talk(exchange({{"object", "Opportunity"}}));
    for (int i = 0; i < 3; ++i) {  // handshake, subscribe, first connect
        ASSERT_TRUE(talk.is_asking());
        talk.hears(serve(talk.send()));
    }
    const auto url = http::parse_url(talk.request().url).value();
    http::Headers headers = talk.request().headers;
    headers.set("Authorization", "Bearer " + token);
    const auto responder = std::make_shared<test_support::RecordingResponder>();
    sandbox->handler(
    )(test_support::make_request("POST", url.path, talk.request().body, headers), responder);
    EXPECT_EQ(responder->answers(), 0);
    create("Opportunity", opportunity("Deal"));
    ASSERT_EQ(responder->answers(), 1);
    talk.hears(*responder->answer);
    EXPECT_EQ(output(std::move(talk))["events"].size(), 1U);
}

TEST_F(SalesforceChangeEvents, ARefusedSubscriptionSaysWhatToSelect) {
    poll();
    test::Conversation talk(exchange({{"object", "Deal__c"}}));
    talk.hears(serve(talk.send()));
    EXPECT_NE(talk.request().body.find("/data/Deal__ChangeEvent"), std::string::npos);
    talk.hears(test::answer(
        200,
        R"([{"channel":"/meta/subscribe","successful":false,"error":"400::The channel is unknown"}])"
    ));
    EXPECT_EQ(talk.error().code, "StreamRefused");
}

TEST_F(SalesforceChangeEvents, TheCookieOfTheHandshakeIsSentBack) {
    poll();
    test::Conversation talk(exchange({{"object", "Opportunity"}}));
    http::Response shaken = serve(talk.send());
    shaken.headers.add("Set-Cookie", "BAYEUX_BROWSER=abc; path=/; HttpOnly");
    shaken.headers.add("set-cookie", "t=1; path=/cometd/");
    talk.hears(shaken);
    EXPECT_EQ(talk.header("Cookie"), "BAYEUX_BROWSER=abc; t=1");
}

}  // namespace
}  // namespace tideway::connectors::salesforce
