#include "connectors/http/http_connector.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/model/schema.h"

namespace tideway::connectors::http {
namespace {

namespace web = ::tideway::http;
using connector::Done;
using connector::Failed;
using connector::Send;
using model::AttemptClass;
using testing::HasSubstr;

const model::ConnectorSpec& spec() {
    static const model::ConnectorSpec kSpec = [] {
        std::stringstream text;
        text << std::ifstream("connectors/http/connector.json").rdbuf();
        auto parsed = model::parse_connector_spec(text.str());
        EXPECT_TRUE(parsed) << parsed.error().text();
        return std::move(*parsed);
    }();
    return kSpec;
}

class HttpConnectorTest : public testing::Test {
  protected:
    // Starts an operation and gives its first turn.
    connector::Turn start(const char* operation, const Json& input) {
        const model::OperationSpec* found = spec().operation(operation);
        EXPECT_NE(found, nullptr) << operation;
        EXPECT_TRUE(model::validate(found->input_schema, input, "The input"));
        connector::Call call;
        call.operation = found;
        call.input = input;
        call.settings = settings_;
        call.underway = underway_;
        exchange_ = connector_->start(call);
        return exchange_->begin();
    }

    Send sent(const connector::Turn& turn) {
        const auto* send = std::get_if<Send>(&turn);
        EXPECT_NE(
            send, nullptr
        ) << (std::holds_alternative<Failed>(turn) ? std::get<Failed>(turn).error.text() : "done");
        return send != nullptr ? *send : Send();
    }

    Json result(const web::Response& response) {
        const connector::Turn turn = exchange_->on_response(response);
        const auto* done = std::get_if<Done>(&turn);
        EXPECT_NE(done, nullptr);
        return done != nullptr ? Json::parse(done->output.view()) : Json();
    }

    // The service works on it; the next start() asks what has become of it. Gives the wait.
    Duration accepted(const web::Response& response) {
        const connector::Turn turn = exchange_->on_response(response);
        const auto* underway = std::get_if<connector::Underway>(&turn);
        EXPECT_NE(underway, nullptr);
        underway_ = underway != nullptr ? underway->state : Json();
        return underway != nullptr ? underway->wait : Duration(0);
    }

    Failed failure(const connector::Turn& turn) {
        const auto* failed = std::get_if<Failed>(&turn);
        EXPECT_NE(failed, nullptr);
        return failed != nullptr ? *failed : Failed();
    }

    Json settings_{{"base_url", "https://api.northwind.com/v1/"}};
    std::unique_ptr<connector::Connector> connector_ = make_connector();
    std::unique_ptr<connector::Exchange> exchange_;
    Json underway_;
};

TEST_F(HttpConnectorTest, BuildsTheAddressFromTheBaseAndTheQueries) {
    const Send send = sent(start(
        "get",
        {{"uri", "orders"},
         {"queries", {{"top", 5}, {"name", "A & B"}, {"none", nullptr}, {"all", true}}}}
    ));
    EXPECT_EQ(send.request.method, "GET");
    EXPECT_EQ(
        send.request.url, "https://api.northwind.com/v1/orders?all=true&name=A%20%26%20B&top=5"
    );
    EXPECT_EQ(send.audience, "service");
    EXPECT_FALSE(send.is_effect);
    EXPECT_EQ(
        sent(start("get", {{"uri", "/orders?x=1#part"}, {"queries", {{"y", 2}}}})).request.url,
        "https://api.northwind.com/v1/orders?x=1&y=2"
    );
}

TEST_F(HttpConnectorTest, SendsCredentialsToTheConnectionsOwnServiceOnly) {
    EXPECT_EQ(sent(start("get", {{"uri", "https://api.northwind.com/other"}})).audience, "service");
    EXPECT_EQ(sent(start("get", {{"uri", "https://API.northwind.com:443/"}})).audience, "service");
    for (const char* uri :
         {"https://evil.example/",
          "http://api.northwind.com/",
          "https://api.northwind.com:8443/",
          "https://api.northwind.com.evil.example/",
          "https://api.northwind.com@evil.example/"}) {
        const connector::Turn turn = start("get", {{"uri", uri}});
        if (const auto* send = std::get_if<Send>(&turn)) {
            EXPECT_EQ(send->audience, "") << uri;
        }
    }
    settings_ = Json::object();
    EXPECT_EQ(sent(start("get", {{"uri", "https://api.northwind.com/"}})).audience, "");
}

TEST_F(HttpConnectorTest, RefusesAddressesThatCannotBeCalled) {
    for (const char* uri :
         {"ftp://contoso.com/",
          "file:///etc/passwd",
          "https://",
          "https://con toso.com/",
          "//contoso.com/x",
          "https://contoso.com/a\r\nX: y",
          "javascript:alert(1)",
          "https://contoso.com\\@evil.example/"}) {
        const Failed failed = failure(start("get", {{"uri", uri}}));
        EXPECT_EQ(failed.error.code, "BadRequest") << uri;
        EXPECT_EQ(failed.attempt_class, AttemptClass::kNotDone);
    }
    settings_ = Json::object();
    EXPECT_THAT(failure(start("get", {{"uri", "/orders"}})).error.remedy, HasSubstr("base_url"));
}

TEST_F(HttpConnectorTest, RefusesHeadersThatWouldChangeTheFraming) {
    for (const char* name : {"Host", "content-length", "Transfer-Encoding", "Bad Name", "X:", ""}) {
        EXPECT_EQ(
            failure(start("get", {{"uri", "/"}, {"headers", {{name, "x"}}}})).error.code,
            "BadRequest"
        ) << name;
    }
    const Failed failed =
        failure(start("get", {{"uri", "/"}, {"headers", {{"X-A", "b\r\nX-C: d"}}}}));
    EXPECT_THAT(failed.error.message, HasSubstr("control characters"));
}

TEST_F(HttpConnectorTest, SendsValuesAsJsonAndTextAsText) {
    Send send = sent(
        start("request", {{"method", "POST"}, {"uri", "/orders"}, {"body", {{"b", 1}, {"a", "x"}}}})
    );
    EXPECT_EQ(send.request.method, "POST");
    EXPECT_EQ(send.request.body, R"({"a":"x","b":1})");
    EXPECT_EQ(send.request.headers.get("content-type"), "application/json");
    EXPECT_TRUE(send.is_effect);
    send = sent(start(
        "put",
        {{"uri", "/x"},
         {"body", "<a/>"},
         {"headers", {{"content-type", "application/xml"}, {"X-N", 7}}}}
    ));
    EXPECT_EQ(send.request.method, "PUT");
    EXPECT_EQ(send.request.body, "<a/>");
    EXPECT_EQ(send.request.headers.get("Content-Type"), "application/xml");
    EXPECT_EQ(send.request.headers.get("x-n"), "7");
    EXPECT_EQ(sent(start("delete", {{"uri", "/x"}})).request.method, "DELETE");
}

TEST_F(HttpConnectorTest, KeepsEveryDigitOfAJsonAnswer) {
    start("get", {{"uri", "/"}});
    const connector::Turn turn = exchange_->on_response(
        {200,
         {{"Content-Type", "application/json; charset=utf-8"}, {"X-A", "1"}, {"X-A", "2"}},
         R"({"amount": 12345678901234567890.10})"}
    );
    ASSERT_TRUE(std::holds_alternative<Done>(turn));
    const std::string output = std::get<Done>(turn).output.str();
    EXPECT_THAT(output, HasSubstr("12345678901234567890.10"));
    const Json parsed = Json::parse(output);
    EXPECT_EQ(parsed["statusCode"], 200);
    EXPECT_EQ(parsed["headers"]["X-A"], "1,2");
}

TEST_F(HttpConnectorTest, GivesTextAsTextAndBytesAsBase64) {
    const auto body = [&](const char* type, const std::string& bytes) {
        start("get", {{"uri", "/"}});
        return result({200, {{"Content-Type", type}}, bytes})["body"];
    };
    EXPECT_EQ(body("text/plain", "line\n\"two\""), "line\n\"two\"");
    EXPECT_EQ(body("application/json", "{broken"), "{broken");
    EXPECT_EQ(body("application/json", ""), nullptr);
    EXPECT_EQ(
        body("image/png", "\x89PNG"),
        (Json{{"$content-type", "image/png"}, {"$content", "iVBORw=="}})
    );
    EXPECT_EQ(body("text/plain", "\xFF")["$content"], "/w==");
}

TEST_F(HttpConnectorTest, FollowsRedirectsOfAGetAndKeepsTheAuthorsHeadersAtTheFirstOrigin) {
    start("get", {{"uri", "/orders/"}, {"headers", {{"X-Token", "t"}, {"Accept", "text/csv"}}}});
    Send send = sent(exchange_->on_response({302, {{"Location", "../archive?x=1"}}, ""}));
    EXPECT_EQ(send.request.headers.get("X-Token"), "t");
    EXPECT_EQ(send.audience, "service");
    send = sent(exchange_->on_response({307, {{"Location", "https://cdn.contoso.com/a#b"}}, ""}));
    EXPECT_EQ(send.request.url, "https://cdn.contoso.com/a");
    EXPECT_EQ(send.request.headers.get("X-Token"), std::nullopt);
    EXPECT_EQ(send.request.headers.get("Accept"), "text/csv");
    EXPECT_EQ(send.audience, "");
    send = sent(exchange_->on_response({301, {{"Location", "/b"}}, ""}));
    EXPECT_EQ(send.request.url, "https://cdn.contoso.com/b");
    EXPECT_EQ(result({200, {}, "end"})["body"], "end");
}

TEST_F(HttpConnectorTest, StopsAfterFiveRedirectsAndAtOddOnes) {
    start("get", {{"uri", "/"}});
    for (int i = 0; i < 5; ++i) {
        sent(exchange_->on_response({302, {{"Location", "/again"}}, ""}));
    }
    EXPECT_EQ(
        failure(exchange_->on_response({302, {{"Location", "/again"}}, ""})).error.code,
        "TooManyRedirects"
    );
    start("get", {{"uri", "/"}});
    EXPECT_EQ(
        failure(exchange_->on_response({302, {{"Location", "file:///etc/passwd"}}, ""})).error.code,
        "BadRedirect"
    );
}

TEST_F(HttpConnectorTest, TakesARedirectOfAnEffectAsItsAnswer) {
    start("request", {{"method", "POST"}, {"uri", "/"}});
    EXPECT_EQ(result({303, {{"Location", "/made/1"}}, ""})["headers"]["Location"], "/made/1");
}

TEST_F(HttpConnectorTest, FailsWithTheServicesWordsAndSaysWhetherTheEffectIsInDoubt) {
    start("request", {{"method", "POST"}, {"uri", "/"}});
    Failed failed = failure(exchange_->on_response({404, {}, R"({"message":"no such order"})"}));
    EXPECT_EQ(failed.error.code, "NotFound");
    EXPECT_EQ(failed.error.message, "no such order");
    EXPECT_EQ(failed.attempt_class, AttemptClass::kNotDone);
    start("request", {{"method", "POST"}, {"uri", "/"}});
    EXPECT_EQ(failure(exchange_->on_response({502, {}, ""})).attempt_class, AttemptClass::kInDoubt);
    start("get", {{"uri", "/"}});
    EXPECT_EQ(failure(exchange_->on_response({502, {}, ""})).attempt_class, AttemptClass::kNotDone);
}

TEST_F(HttpConnectorTest, TakesItsNetworkRulesFromTheSettings) {
    const web::NetworkPolicy policy = connector_->network_policy(
        {{"allowed_hosts", {"*.contoso.com"}},
         {"allow_private_network", true},
         {"allow_plain_http", true}}
    );
    EXPECT_THAT(policy.allowed_hosts, testing::ElementsAre("*.contoso.com"));
    EXPECT_TRUE(policy.allow_private);
    EXPECT_TRUE(policy.allow_plain_http);
    EXPECT_FALSE(connector_->network_policy(Json::object()).allow_private);
}

TEST_F(HttpConnectorTest, AsksWhatHasBecomeOfWorkThatA202Began) {
    const Json order = {
        {"method", "POST"},
        {"uri", "orders"},
        {"headers", {{"X-Tenant", "c"}}},
        {"body", {{"n", 1}}}};
    EXPECT_TRUE(sent(start("request", order)).is_effect);
    EXPECT_EQ(
        accepted({202, {{"Location", "/jobs/7"}, {"Retry-After", "30"}}, ""}),
        std::chrono::seconds(30)
    );
    Send send = sent(start("request", order));
    EXPECT_EQ(send.request.method, "GET");
    EXPECT_EQ(send.request.url, "https://api.northwind.com/jobs/7");
    EXPECT_EQ(send.request.body, "");
    EXPECT_EQ(send.request.headers.get("X-Tenant"), "c");
    EXPECT_EQ(send.request.headers.get("Content-Type"), std::nullopt);
    EXPECT_EQ(send.audience, "service");
    EXPECT_FALSE(send.is_effect);
    // Still at work, and elsewhere from now on.
    EXPECT_EQ(accepted({202, {}, ""}), std::chrono::seconds(10));
    EXPECT_EQ(sent(start("request", order)).request.url, "https://api.northwind.com/jobs/7");
    EXPECT_EQ(
        accepted({202, {{"Location", "https://jobs.contoso.com/7"}, {"Retry-After", "0"}}, ""}),
        std::chrono::seconds(1)
    );
    send = sent(start("request", order));
    EXPECT_EQ(send.request.url, "https://jobs.contoso.com/7");
    EXPECT_EQ(send.audience, "");
    EXPECT_EQ(send.request.headers.get("X-Tenant"), std::nullopt);
    // It has ended; the result is somewhere else again.
    send = sent(exchange_->on_response({303, {{"Location", "/made/1"}}, ""}));
    EXPECT_EQ(send.request.url, "https://jobs.contoso.com/made/1");
    EXPECT_EQ(result({200, {}, "made"})["body"], "made");
}

TEST_F(HttpConnectorTest, SaysOfWorkThatCannotBeAskedForThatTheQuestionWasNotDone) {
    start("request", {{"method", "POST"}, {"uri", "/"}});
    accepted({202, {{"Location", "/jobs/7"}}, ""});
    start("request", {{"method", "POST"}, {"uri", "/"}});
    EXPECT_EQ(failure(exchange_->on_response({502, {}, ""})).attempt_class, AttemptClass::kNotDone);
}

TEST_F(HttpConnectorTest, TakesA202AsTheResultWhereThatIsAsked) {
    const web::Response accepts{202, {{"Location", "/jobs/7"}}, ""};
    start("request", {{"method", "POST"}, {"uri", "/"}, {"wait_for_result", false}});
    EXPECT_EQ(result(accepts)["headers"]["Location"], "/jobs/7");
    start("request", {{"method", "POST"}, {"uri", "/"}});
    EXPECT_EQ(result({202, {}, ""})["statusCode"], 202);
}

TEST(HttpSpec, SaysWhichAnswersMeanAlreadyDone) {
    EXPECT_EQ(spec().operation("request")->effect, model::EffectClass::kOnce);
    EXPECT_TRUE(spec().operation("put")->already_done.empty());
    ASSERT_EQ(spec().operation("delete")->already_done.size(), 2U);
    EXPECT_EQ(spec().operation("delete")->already_done[0].status, 404);
}

}  // namespace
}  // namespace tideway::connectors::http
