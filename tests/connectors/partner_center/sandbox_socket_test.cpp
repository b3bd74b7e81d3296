// The sandbox as a flow meets it: behind a real server, notifying a real receiver.
#include <future>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/partner_center/sandbox.h"
#include "engine/http/client.h"
#include "engine/http/server.h"
#include "tests/connectors/partner_center/contract.h"
#include "tests/support/loop_thread.h"
#include "tests/support/test_server.h"

namespace tideway::connectors::partner_center {
namespace {

constexpr const char* kDeal = R"({"type":"Shared","name":"Northwind pilot",
"target":[{"type":"SolutionProfile","id":"SOL-1"}],
"customerProfile":{"name":"Northwind","address":{"country":"GB"}},
"consent":{"consentToContact":true},
"details":{"dealValue":1,"requirements":{"solutions":[{"id":"SOL-1"}]}}})";

// Everything that lives on the sandbox's thread.
struct Site {
    explicit Site(Loop& loop)
        : client(http::make_curl_client(loop, {})),
          identity(clock),
          sandbox(loop, *client, identity, clock) {
        auto started = http::start_server(loop, {}, sandbox.handler());
        if (started) {
            server = *std::move(started);
            base_url = "http://127.0.0.1:" + std::to_string(server->port());
            sandbox.set_base_url(base_url);
        }
    }

    SystemClock clock;
    std::unique_ptr<http::Client> client;
    connector::SandboxIdentity identity;
    Sandbox sandbox;
    std::unique_ptr<http::Server> server;
    std::string base_url;
};

class SandboxSocket : public ::testing::Test {
  protected:
    void SetUp() override {
        thread_.run([this] { site_ = std::make_unique<Site>(thread_.loop()); });
        ASSERT_NE(site_->server, nullptr);
    }

    void TearDown() override {
        thread_.run([this] { site_.reset(); });
    }

    http::Response call(
        const std::string& method, const std::string& path, const std::string& body = {}
    ) {
        http::Request request;
        request.method = method;
        request.url = site_->base_url + path;
        request.body = body;
        request.headers.set("Content-Type", "application/json");
        request.headers.set(
            "Authorization",
            "Bearer " + site_->identity.issue(
                            {"contoso",
                             "sync-app",
                             "kai@contoso.example",
                             "admin",
                             site_->base_url,
                             site_->clock.now() + std::chrono::hours(1)}
                        )
        );
        std::promise<http::Exchange> answered;
        auto answer = answered.get_future();
        thread_.run([&] {
            site_->client->send(
                std::move(request),
                {true, true, {}, {}},
                [&answered](http::Exchange exchange) { answered.set_value(std::move(exchange)); }
            );
        });
        const http::Exchange exchange = answer.get();
        failure_ = exchange ? "" : exchange.error().error.text();
        return exchange ? *exchange : http::Response();
    }

    tideway::testing::LoopThread thread_;
    std::unique_ptr<Site> site_;
    std::string failure_;
};

TEST_F(SandboxSocket, TakesADealAndNotifiesTheRegisteredReceiver) {
    std::promise<http::ServerRequest> received;
    auto notification = received.get_future();
    bool seen = false;
    tideway::testing::TestServer receiver([&](http::ServerRequest request,
                                              const std::shared_ptr<http::Responder>& responder) {
        responder->send({202, {}, ""});
        if (!seen) {
            seen = true;
            received.set_value(std::move(request));
        }
    });
    const std::string registration = R"({"WebhookUrl":")" + receiver.base_url() +
                                     R"(/in","WebhookEvents":["referral-created"]})";
    ASSERT_EQ(call("POST", "/webhooks/v1/registration", registration).status, 200) << failure_;
    const http::Response made = call("POST", "/v1.0/engagements/referrals", kDeal);
    ASSERT_EQ(made.status, 200) << made.body << failure_;
    const Json referral = *parse_json(made.body, "the referral");
    EXPECT_EQ(made.headers.get_or("ETag", ""), string_or(referral, "eTag"));
    EXPECT_THAT(Contract().findings(referral, "referral"), ::testing::IsEmpty());

    ASSERT_EQ(notification.wait_for(std::chrono::seconds(30)), std::future_status::ready);
    const http::ServerRequest request = notification.get();
    EXPECT_EQ(request.path, "/in");
    EXPECT_THAT(request.headers.get_or("Authorization", ""), ::testing::StartsWith("Signature "));
    EXPECT_THAT(request.body, ::testing::HasSubstr(string_or(referral, "id")));
    const std::string certificate = request.headers.get_or("X-MS-Certificate-Url", "");
    EXPECT_EQ(call("GET", certificate.substr(site_->base_url.size())).status, 200);
}

TEST_F(SandboxSocket, ALostAnswerLeavesTheDealBehind) {
    call(
        "POST",
        "/sandbox/faults",
        R"({"kind":"cut_after","method":"POST","path":"/v1.0/engagements/referrals"})"
    );
    EXPECT_EQ(call("POST", "/v1.0/engagements/referrals", kDeal).status, 0);
    EXPECT_FALSE(failure_.empty());
    const http::Response list = call("GET", "/v1.0/engagements/referrals?$count=true");
    EXPECT_THAT(list.body, ::testing::HasSubstr(R"("@odata.count":1)"));
}

}  // namespace
}  // namespace tideway::connectors::partner_center
