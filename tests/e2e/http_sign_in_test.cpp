// An http connection that signs in with a token, against an identity provider and a service.
#include <gtest/gtest.h>

#include "engine/http/url.h"
#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"
#include "tests/support/test_server.h"

namespace tideway::testing {
namespace {

// Gives tokens t1, t2, ... to one app, and answers whoever shows the newest.
class GuardedService {
  public:
    GuardedService()
        : server_([this](http::ServerRequest request, std::shared_ptr<http::Responder> responder) {
              responder->send(request.path == "/token" ? token(request) : answer(request));
          }) {}

    std::string url() const { return server_.base_url(); }

    void forget_tokens() {
        server_.run([this] { is_forgotten_ = true; });
    }

    int tokens() {
        return server_.run([this] { return tokens_; });
    }

  private:
    http::Response token(const http::ServerRequest& request) {
        const auto field = [&](const char* name) { return http::query_value(request.body, name); };
        if (field("client_secret") != "s1" || field("scope") != "orders.read" ||
            field("grant_type") != "client_credentials") {
            return http::json_response(401, R"({"error":"invalid_client"})");
        }
        ++tokens_;
        is_forgotten_ = false;
        const Json token = {
            {"access_token", "t" + std::to_string(tokens_)},
            {"token_type", "Bearer"},
            {"expires_in", 3600}};
        return http::json_response(200, dump(token));
    }

    http::Response answer(const http::ServerRequest& request) const {
        const std::string newest = "Bearer t" + std::to_string(tokens_);
        if (is_forgotten_ || request.headers.get_or("Authorization", "") != newest) {
            return http::json_response(401, R"({"message":"Who are you?"})");
        }
        return http::json_response(200, R"({"orders":3})");
    }

    int tokens_ = 0;
    bool is_forgotten_ = false;
    TestServer server_;  // last: its thread uses what is above
};

class HttpSignIn : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("calls", kCallsService);
        program_.init();
        program_.serve();
        program_.turn_on("calls");
    }

    CommandResult connect(const std::string& secret) const {
        return program_.cli(
            {"connections",
             "add",
             "http",
             "--name",
             "web",
             "--grant",
             "client_credentials",
             "--set",
             "base_url=" + service_.url(),
             "--set",
             "token_url=" + service_.url() + "/token",
             "--set",
             "client_id=app-1",
             "--set",
             "scope=orders.read",
             "--set",
             "allow_private_network=true",
             "--set",
             "allow_plain_http=true",
             "--secret",
             "client_secret=" + secret}
        );
    }

    Json orders() const { return program_.run("calls", {{"uri", "/orders"}}); }

    GuardedService service_;
    Program program_;
};

TEST_F(HttpSignIn, CallsAServiceWithATokenThatItRenews) {
    const auto connected = connect("s1");
    ASSERT_EQ(connected.exit_code, 0) << connected.text();
    EXPECT_EQ(orders().at("output").at("body").at("orders"), 3);
    const int before = service_.tokens();
    EXPECT_EQ(orders().at("status"), "Succeeded");
    EXPECT_EQ(service_.tokens(), before);
    service_.forget_tokens();
    EXPECT_EQ(orders().at("status"), "Succeeded");
    EXPECT_EQ(service_.tokens(), before + 1);
}

TEST_F(HttpSignIn, RefusesASecretThatDoesNotWorkWhenTheConnectionIsMade) {
    const auto refused = connect("wrong");
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_NE(refused.errors.find("secret"), std::string::npos) << refused.text();
}

}  // namespace
}  // namespace tideway::testing
