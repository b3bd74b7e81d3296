#include "engine/runtime/exchange_driver.h"

#include <gtest/gtest.h>

#include "engine/connector/chained_exchange.h"
#include "engine/connector/registry.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/manual_executor.h"

namespace tideway::runtime {
namespace {

// Gives out token-1, token-2 ... a new one after each refusal.
class CountedTokens final : public connector::TokenCache {
  public:
    void get(
        const std::string& /*connection*/,
        const std::string& /*audience*/,
        Executor& back,
        std::function<void(Result<Secret>)> done
    ) override {
        back.post([done = std::move(done), token = Secret("token-" + std::to_string(count))] {
            done(token);
        });
    }

    void invalidate(const std::string& /*connection*/, const std::string& /*audience*/) override {
        ++count;
    }

    void forget(const std::string& /*connection*/) override {}

    int count = 1;
};

class SilentService final : public connector::Connector {
  public:
    std::unique_ptr<connector::Exchange> start(const connector::Call& /*call*/) const override {
        return nullptr;
    }
};

// One request; its answer's status is the output.
class OneRequest final : public connector::ChainedExchange {
  public:
    explicit OneRequest(std::string audience)
        : audience_(std::move(audience)) {}

    connector::Turn begin() override {
        connector::Send send;
        send.request.url = "https://service.test/";
        send.audience = audience_;
        return ask(std::move(send), [](const http::Response& response) -> connector::Turn {
            return connector::Done{Payload(std::to_string(response.status)), {}};
        });
    }

  private:
    std::string audience_;
};

class ExchangeDriverTest : public ::testing::Test {
  protected:
    ExchangeDriverTest() {
        std::vector<connector::Registry::Source> sources;
        sources.push_back(
            {"service",
             R"({"id":"service","title":"Service","auth":["oauth2"],
                 "oauth":{"token_url":"https://login.test","style":"v2",
                          "grants":["client_credentials"]},
                 "audiences":{"service":"https://service.test"},"settings":{"type":"object"}})",
             std::make_unique<SilentService>()}
        );
        auto registry = connector::Registry::create(std::move(sources));
        EXPECT_TRUE(registry) << registry.error().text();
        registry_ = std::move(*registry);
        authorizer_ = std::make_unique<connector::Authorizer>(tokens_, *registry_);
        connection_ = std::make_shared<connector::OpenConnection>();
        connection_->record.name = "contoso";
        connection_->record.connector = "service";
    }

    // What the exchange was answered with, after these answers of the service.
    std::string drive(const std::string& audience, const std::vector<int>& statuses) {
        for (const int status : statuses) {
            client_.will_answer(status, "");
        }
        std::string out = "nothing";
        ExchangeDriver driver(executor_, client_, *authorizer_);
        driver.on_answer([this](const connector::OpenConnection& connection, const auto& answer) {
            answers_.push_back(connection.record.name + " " + std::to_string(answer.status));
        });
        driver.drive(
            std::make_unique<OneRequest>(audience),
            connection_,
            {},
            [&out](const ExchangeDriver::Outcome& outcome) {
                const auto* done = std::get_if<connector::Done>(&outcome);
                out = done == nullptr ? "failed" : done->output.str();
            }
        );
        executor_.run_for();
        return out;
    }

    std::string token_of(std::size_t request) const {
        return client_.sent.at(request).request.headers.get_or("Authorization", "(none)");
    }

    testing_support::ManualExecutor executor_;
    testing_support::FakeHttpClient client_{executor_};
    CountedTokens tokens_;
    std::unique_ptr<connector::Registry> registry_;
    std::unique_ptr<connector::Authorizer> authorizer_;
    std::shared_ptr<connector::OpenConnection> connection_;
    std::vector<std::string> answers_;
};

TEST_F(ExchangeDriverTest, ARefusedTokenIsRenewedOnce) {
    EXPECT_EQ(drive("service", {401, 200}), "200");
    EXPECT_EQ(token_of(0), "Bearer token-1");
    EXPECT_EQ(token_of(1), "Bearer token-2");
    EXPECT_EQ(drive("service", {401, 401}), "401");
    EXPECT_EQ(client_.sent.size(), 4U);
}

TEST_F(ExchangeDriverTest, TellsOfEveryAnswerOfTheService) {
    EXPECT_EQ(drive("service", {401, 200}), "200");
    EXPECT_EQ(answers_, (std::vector<std::string>{"contoso 401", "contoso 200"}));
}

TEST_F(ExchangeDriverTest, ARequestWithoutCredentialsIsNotRepeated) {
    EXPECT_EQ(drive("", {401}), "401");
    EXPECT_EQ(token_of(0), "(none)");
}

}  // namespace
}  // namespace tideway::runtime
