// A Salesforce sandbox without sockets, and the connector beside it. Thread: the test's.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "connectors/salesforce/salesforce_connector.h"
#include "connectors/salesforce/sandbox.h"
#include "engine/http/url.h"
#include "tests/support/connector_call.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_responder.h"

namespace tideway::connectors::salesforce {

class SandboxTest : public ::testing::Test {
  protected:
    static constexpr const char* kBase = "http://127.0.0.1:8080";

    SandboxTest() { make_sandbox({}); }

    void make_sandbox(Sandbox::Options options) {
        if (options.base_url.empty()) {
            options.base_url = kBase;
        }
        sandbox = std::make_unique<Sandbox>(loop, clock, std::move(options));
        sandbox->put_app({"crm-client", "secret", Sandbox::kIntegrationUser});
        token = sandbox->open_session(Sandbox::kIntegrationUser);
    }

    // Any request of the sandbox, answered at once.
    http::Response send(
        const std::string& method,
        const std::string& target,
        const std::string& body = {},
        http::Headers headers = {}
    ) {
        const auto responder = std::make_shared<test_support::RecordingResponder>();
        sandbox->handler()(test_support::make_request(method, target, body, headers), responder);
        EXPECT_EQ(responder->answers(), 1) << method << " " << target;
        return responder->answer.value_or(http::Response());
    }

    // A request of the REST API by the integration user; `path` without "/services/data/v62.0/".
    http::Response api(
        const std::string& method,
        const std::string& path,
        const Json& body = {},
        http::Headers headers = {}
    ) {
        headers.add("Authorization", "Bearer " + token);
        return send(
            method,
            "/services/data/v62.0/" + path,
            body.is_null() ? "" : dump(body),
            std::move(headers)
        );
    }

    Json control(const std::string& what, const Json& body) {
        const http::Response response = send("POST", "/sandbox/" + what, dump(body));
        EXPECT_EQ(response.status, 200) << response.body;
        return body_of(response);
    }

    // A request of a person at work.
    http::Response as_seller(const std::string& method, const std::string& path, const Json& body) {
        return send(
            method, std::string("/sandbox/as/") + Sandbox::kSeller + "/" + path, dump(body)
        );
    }

    static Json body_of(const http::Response& response) {
        const auto body = parse_json(response.body.empty() ? "null" : response.body, "an answer");
        EXPECT_TRUE(body.has_value()) << response.body;
        return body.value_or(Json());
    }

    static std::string code_of(const http::Response& response) {
        const Json body = body_of(response);
        return body.is_array() && !body.empty() ? string_or(body[0], "errorCode") : "";
    }

    std::string create(const std::string& object, const Json& fields) {
        const http::Response response = api("POST", "sobjects/" + object, fields);
        EXPECT_EQ(response.status, 201) << response.body;
        return string_or(body_of(response), "id");
    }

    static Json opportunity(const std::string& name) {
        return {{"Name", name}, {"StageName", "Prospecting"}, {"CloseDate", "2026-03-31"}};
    }

    http::Response query_answer(const std::string& soql, const std::string& resource = "query") {
        return api("GET", resource + "?q=" + http::encode_component(soql));
    }

    // The names of what a query finds.
    Json names(const std::string& soql) {
        const http::Response response = query_answer(soql);
        EXPECT_EQ(response.status, 200) << soql << ": " << response.body;
        Json out = Json::array();
        const Json body = body_of(response);
        for (const Json& record : body["records"]) {
            out.push_back(string_or(record, "Name"));
        }
        return out;
    }

    // --- the connector against it ---

    http::Response serve(const connector::Send& ask) {
        const auto url = http::parse_url(ask.request.url).value();
        http::Headers headers = ask.request.headers;
        headers.set("Authorization", "Bearer " + token);
        return send(
            ask.request.method,
            url.path + (url.query.empty() ? "" : "?" + url.query),
            ask.request.body,
            headers
        );
    }

    test::Conversation& run(test::Conversation& talk) {
        for (int i = 0; i < 50 && talk.is_asking(); ++i) {
            talk.hears(serve(talk.send()));
        }
        return talk;
    }

    Json output(test::Conversation talk) {
        run(talk);
        EXPECT_TRUE(talk.is_done()) << (talk.is_failed() ? talk.error().text() : "still asking");
        return talk.is_done() ? talk.output() : Json();
    }

    Error error_of(test::Conversation talk) {
        run(talk);
        EXPECT_TRUE(talk.is_failed());
        return talk.is_failed() ? talk.error() : Error();
    }

    testing_support::ManualClock clock;
    Loop loop;
    std::string token;
    std::unique_ptr<Sandbox> sandbox;
    test::ConnectorUnderTest crm{"salesforce", make_connector(), {{"base_url", kBase}}};
};

}  // namespace tideway::connectors::salesforce
