#include "connectors/http/poll.h"

#include <gtest/gtest.h>

#include "engine/model/schema.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::http {
namespace {

using test::answer;
using test::Conversation;

const Timestamp kNow = test::at("2026-02-03T10:00:00Z");

// An address that is polled: what is asked each time, and where the trigger stands.
class HttpPoll : public testing::Test {
  protected:
    // Begins a poll from where the last one ended; the service answers so.
    Conversation asks(std::initializer_list<::tideway::http::Response> answers = {}) const {
        connector::Poll poll;
        poll.config = config_;
        poll.settings = {{"base_url", "https://api.northwind.com/v1"}};
        poll.cursor = cursor_;
        poll.now = kNow;
        poll.events_max = 100;
        return test::converse(poll_address(poll), answers);
    }

    // A whole poll that gets this answer: what it delivers.
    Json hears(const ::tideway::http::Response& response) {
        Conversation talk = asks();
        talk.hears(response);
        return taken(talk);
    }

    // The events of a poll that has ended; the next one goes on behind them.
    Json taken(const Conversation& talk) {
        if (!talk.is_done()) {
            ADD_FAILURE() << (talk.is_failed() ? talk.error().text() : talk.line());
            return {};
        }
        output_ = talk.output();
        cursor_ = output_["cursor"];
        return output_["events"];
    }

    Json config_{{"uri", "/rates"}};
    Json cursor_;
    Json output_;
};

TEST_F(HttpPoll, TakesTheFirstAnswerAsKnownAndDeliversEachOtherOne) {
    EXPECT_EQ(asks().line(), "GET https://api.northwind.com/v1/rates");
    EXPECT_EQ(asks().send().audience, "service");
    EXPECT_TRUE(hears(answer(200, "one")).empty());
    EXPECT_TRUE(hears(answer(200, "one")).empty());
    const Json events =
        hears(answer(200, R"({"usd":1.5})", {{"Content-Type", "application/json"}}));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(
        events[0]["event"],
        Json::parse(R"({"statusCode":200,"headers":{"Content-Type":"application/json"},
                        "body":{"usd":1.5}})")
    );
    EXPECT_TRUE(hears(answer(200, R"({"usd":1.5})")).empty());
    EXPECT_EQ(hears(answer(200, "one")).size(), 1U);
}

TEST_F(HttpPoll, GivesWhatItsSpecPromises) {
    const model::ConnectorSpec spec = test::load_spec("http");
    const model::TriggerSpec* trigger = spec.trigger("poll");
    ASSERT_NE(trigger, nullptr);
    hears(answer(200, "one"));
    const Json events = hears(answer(200, "two"));
    EXPECT_TRUE(model::validate(trigger->event_schema, events[0]["event"], "The event"));
    EXPECT_TRUE(model::validate(trigger->config_schema, config_, "The table"));
}

TEST_F(HttpPoll, DeliversEachAnswerWhereThatIsAsked) {
    config_["fire"] = "always";
    EXPECT_EQ(hears(answer(200, "one", {{"ETag", "\"1\""}})).size(), 1U);
    EXPECT_EQ(asks().header("If-None-Match"), "(absent)");
    EXPECT_EQ(hears(answer(200, "one", {{"ETag", "\"1\""}})).size(), 1U);
}

TEST_F(HttpPoll, AsksForWhatIsNewerThanWhatItHas) {
    hears(
        answer(200, "one", {{"ETag", "\"1\""}, {"Last-Modified", "Mon, 02 Feb 2026 08:00:00 GMT"}})
    );
    EXPECT_EQ(asks().header("If-None-Match"), "\"1\"");
    EXPECT_EQ(asks().header("If-Modified-Since"), "(absent)");
    EXPECT_TRUE(hears(answer(304)).empty());
    EXPECT_EQ(asks().header("If-None-Match"), "\"1\"");
    // Another rendering of the same version is no news.
    EXPECT_TRUE(hears(answer(200, "one, again", {{"ETag", "\"1\""}})).empty());
    EXPECT_EQ(
        hears(answer(200, "two", {{"Last-Modified", "Tue, 03 Feb 2026 08:00:00 GMT"}})).size(), 1U
    );
    EXPECT_EQ(asks().header("If-None-Match"), "(absent)");
    EXPECT_EQ(asks().header("If-Modified-Since"), "Tue, 03 Feb 2026 08:00:00 GMT");
}

TEST_F(HttpPoll, OnlyFiresForA200) {
    for (const int status : {201, 204, 206, 304}) {
        EXPECT_TRUE(hears(answer(status, "new")).empty()) << status;
    }
    // What was not there at the first poll is news.
    EXPECT_EQ(hears(answer(200, "one")).size(), 1U);
    for (const int status : {400, 404, 500, 503}) {
        const Conversation talk = asks({answer(status, R"({"message":"not now"})")});
        ASSERT_TRUE(talk.is_failed()) << status;
        EXPECT_EQ(talk.error().message, "not now");
        EXPECT_EQ(talk.error().http_status, status);
    }
}

TEST_F(HttpPoll, FiresForTheStatusesOfItsTableInstead) {
    config_["statuses"] = {404};
    EXPECT_TRUE(hears(answer(200, "there")).empty());
    const Json events = hears(answer(404, "gone"));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0]["event"]["statusCode"], 404);
    EXPECT_TRUE(hears(answer(404, "gone")).empty());
}

TEST_F(HttpPoll, AsksWhereA202SendsItUntilThereIsAnAnswer) {
    EXPECT_TRUE(hears(answer(202, "", {{"Location", "/jobs/7"}})).empty());
    EXPECT_EQ(asks().line(), "GET https://api.northwind.com/jobs/7");
    EXPECT_TRUE(hears(answer(202)).empty());
    EXPECT_EQ(asks().line(), "GET https://api.northwind.com/jobs/7");
    EXPECT_TRUE(hears(answer(202, "", {{"Location", "7/result"}})).empty());
    EXPECT_EQ(asks().line(), "GET https://api.northwind.com/jobs/7/result");
    const Json events = hears(answer(200, "made"));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0]["event"]["body"], "made");
    EXPECT_EQ(asks().line(), "GET https://api.northwind.com/v1/rates");
}

TEST_F(HttpPoll, GoesOnFromTheCursorThatAServicePutsIntoItsLocation) {
    config_["fire"] = "always";
    EXPECT_EQ(hears(answer(200, "a", {{"Location", "/v1/rates?after=1"}})).size(), 1U);
    EXPECT_EQ(asks().line(), "GET https://api.northwind.com/v1/rates?after=1");
    EXPECT_EQ(hears(answer(200, "a", {{"Location", "/v1/rates?after=2"}})).size(), 1U);
    EXPECT_EQ(asks().line(), "GET https://api.northwind.com/v1/rates?after=2");
}

TEST_F(HttpPoll, ReturnsToItsOwnAddressWhenTheOtherOneIsGone) {
    hears(answer(202, "", {{"Location", "/jobs/7"}}));
    EXPECT_TRUE(asks({answer(503)}).is_failed());
    EXPECT_EQ(asks().line(), "GET https://api.northwind.com/jobs/7");
    EXPECT_TRUE(hears(answer(404)).empty());
    EXPECT_EQ(asks().line(), "GET https://api.northwind.com/v1/rates");
    EXPECT_TRUE(asks({answer(404)}).is_failed());
}

TEST_F(HttpPoll, ShowsAnotherHostNeitherCredentialsNorTheAuthorsHeaders) {
    config_["headers"] = {{"X-Tenant", "contoso"}, {"Accept", "text/csv"}};
    config_["method"] = "POST";
    config_["body"] = {{"since", "today"}};
    EXPECT_EQ(asks().sent_body(), Json::parse(R"({"since":"today"})"));
    hears(answer(202, "", {{"Location", "https://jobs.contoso.com/7"}}));
    const Conversation talk = asks();
    EXPECT_EQ(talk.line(), "GET https://jobs.contoso.com/7");
    EXPECT_EQ(talk.send().audience, "");
    EXPECT_EQ(talk.header("X-Tenant"), "(absent)");
    EXPECT_EQ(talk.header("Accept"), "text/csv");
    EXPECT_EQ(talk.request().body, "");
}

TEST_F(HttpPoll, FollowsRedirectsAndRemembersTheVersionOfTheAddressItself) {
    Conversation talk = asks();
    talk.hears(answer(307, "", {{"Location", "https://cdn.contoso.com/rates"}}));
    EXPECT_EQ(talk.line(), "GET https://cdn.contoso.com/rates");
    talk.hears(answer(200, "one", {{"ETag", "\"1\""}}));
    EXPECT_TRUE(taken(talk).empty());
    EXPECT_EQ(asks().line(), "GET https://api.northwind.com/v1/rates");
    EXPECT_EQ(asks().header("If-None-Match"), "\"1\"");
}

TEST_F(HttpPoll, PassesOnWhenTheServiceWantsToBeAskedAgain) {
    hears(answer(200, "one", {{"Retry-After", "10"}}));
    EXPECT_EQ(output_["next_in_s"], 10);
    hears(answer(202, "", {{"Retry-After", "90"}}));
    EXPECT_EQ(output_["not_before_s"], 90);
    EXPECT_FALSE(output_.contains("next_in_s"));
    hears(answer(200, "two"));
    EXPECT_FALSE(output_.contains("next_in_s"));
    const Conversation talk = asks({answer(503, "", {{"Retry-After", "120"}})});
    EXPECT_EQ(talk.error().retry_after, std::chrono::seconds(120));
}

TEST_F(HttpPoll, KeepsEveryDigitOfAnAnswer) {
    hears(answer(200, "one"));
    Conversation talk = asks();
    talk.hears(answer(200, R"({"amount":12345678901234567890.10})", {{"Content-Type", "text/json"}})
    );
    EXPECT_NE(talk.done().output.view().find("12345678901234567890.10"), std::string_view::npos);
}

TEST_F(HttpPoll, RefusesAnAddressThatCannotBeCalled) {
    config_["uri"] = "file:///etc/passwd";
    ASSERT_TRUE(asks().is_failed());
    EXPECT_EQ(asks().error().code, "BadRequest");
}

}  // namespace
}  // namespace tideway::connectors::http
