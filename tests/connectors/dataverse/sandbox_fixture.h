// A Dataverse sandbox without sockets: requests go straight to its handler. Thread: the test's.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "connectors/dataverse/sandbox.h"
#include "connectors/dataverse/sandbox_seed.h"
#include "engine/base/json.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_responder.h"

namespace tideway::connectors::dataverse {

class SandboxTest : public ::testing::Test {
  protected:
    static constexpr const char* kBase = "http://127.0.0.1:8080";

    SandboxTest() {
        identity.put_app({"crm-client", "secret", "admin"});
        token = token_for("crm-client", "admin");
        make_sandbox({});
    }

    void make_sandbox(Sandbox::Options options) {
        if (options.base_url.empty()) {
            options.base_url = kBase;
        }
        sandbox.reset();
        sandbox = std::make_unique<Sandbox>(loop, client, identity, clock, std::move(options));
    }

    std::string token_for(const std::string& app, const std::string& role) {
        return identity.issue(
            {"contoso", app, "", role, kBase, clock.now() + std::chrono::hours(24 * 30)}
        );
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

    // A request of the Web API by the application user; `path` without "/api/data/v9.2/".
    http::Response api(
        const std::string& method,
        const std::string& path,
        const Json& body = {},
        http::Headers headers = {}
    ) {
        headers.add("Authorization", "Bearer " + token);
        return send(
            method, "/api/data/v9.2/" + path, body.is_null() ? "" : dump(body), std::move(headers)
        );
    }

    Json get(const std::string& path, http::Headers headers = {}) {
        const http::Response response = api("GET", path, {}, std::move(headers));
        EXPECT_EQ(response.status, 200) << path << ": " << response.body;
        return body_of(response);
    }

    static Json body_of(const http::Response& response) {
        const auto body = parse_json(response.body.empty() ? "null" : response.body, "an answer");
        EXPECT_TRUE(body.has_value()) << response.body;
        return body.value_or(Json());
    }

    static std::string code_of(const http::Response& response) {
        return body_of(response)["error"].value("code", "");
    }

    // Creates a row and returns its id.
    std::string create(const std::string& set, const Json& row) {
        const http::Response response = api("POST", set, row);
        EXPECT_EQ(response.status, 204) << response.body;
        const std::string address = response.headers.get_or("OData-EntityId", "()");
        const std::size_t open = address.find('(');
        return address.substr(open + 1, address.size() - open - 2);
    }

    Json names(const std::string& path, http::Headers headers = {}) {
        const Json body = get(path, std::move(headers));
        Json out = Json::array();
        for (const Json& row : body["value"]) {
            out.push_back(row.value("name", ""));
        }
        return out;
    }

    // A link of an answer, as api() takes it.
    static std::string path_of(const std::string& link) {
        const std::string root = std::string(kBase) + "/api/data/v9.2/";
        EXPECT_EQ(link.substr(0, root.size()), root);
        return link.substr(std::min(root.size(), link.size()));
    }

    testing_support::ManualClock clock;
    Loop loop;
    testing_support::FakeHttpClient client{loop};
    connector::SandboxIdentity identity{clock};
    std::string token;
    std::unique_ptr<Sandbox> sandbox;
};

}  // namespace tideway::connectors::dataverse
