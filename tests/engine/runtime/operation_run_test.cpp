// When an effect that is not there counts as one that did not happen.
#include "engine/runtime/operation_run.h"

#include <gtest/gtest.h>

#include "engine/connector/no_tokens.h"
#include "engine/connector/registry.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/ledger_connector.h"
#include "tests/support/manual_executor.h"

namespace tideway::runtime {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class CountingListener final : public OperationRun::Listener {
  public:
    void on_attempt(OperationRun&, int, model::AttemptClass, Payload) override { ++attempts; }

    void on_done(OperationRun&, int, connector::Done) override { ++done; }

    void on_failed(OperationRun&, int, model::StepError) override { ++failed; }

    void on_parked(OperationRun&, int, model::StepError) override { ++parked; }

    void on_connection_wait(OperationRun&, ConnectionPause) override { ++waits; }

    void on_connection_back(OperationRun&) override {}

    void on_underway(OperationRun&, const UnderwayCall&) override {}

    void on_asking_again(OperationRun&) override {}

    int attempts = 0;
    int done = 0;
    int failed = 0;
    int parked = 0;
    int waits = 0;
};

// ledger.post: once, with a probe; absent is proof after a minute.
class AbsentEffect : public ::testing::Test {
  protected:
    AbsentEffect() {
        std::vector<connector::Registry::Source> sources;
        sources.push_back(
            {"ledger",
             testing::kLedgerSpec,
             std::make_unique<testing::LedgerConnector>("http://ledger.test")}
        );
        registry_ = std::move(*connector::Registry::create(std::move(sources)));
        authorizer_ = std::make_unique<connector::Authorizer>(tokens_, *registry_);
        post_ = *registry_->spec("ledger")->operation("post");
        post_.trust_absent_after = minutes(1);
        services_.executor = &executor_;
        services_.client = &client_;
        services_.tokens = &tokens_;
        services_.authorizer = authorizer_.get();
        services_.clock = &executor_.clock();
        services_.random = [] { return 0.0; };
    }

    Timestamp now() const { return executor_.clock().now(); }

    // Every request is a probe that finds nothing, until the effect is sent.
    void start(std::optional<Timestamp> may_have_left, Timestamp intent_at) {
        OperationStart start;
        start.spec = registry_->spec("ledger");
        start.operation = &post_;
        start.implementation = registry_->implementation("ledger");
        start.input = Json::object();
        start.retry = {model::RetryKind::kFixed, 1, seconds(0), {}, {}};
        start.idempotency_key = "key";
        start.intent_at = intent_at;
        start.may_have_left = may_have_left;
        run_ = std::make_unique<OperationRun>(services_, std::move(start), listener_);
        run_->start();
        pass(seconds(0));
    }

    void pass(seconds time) {
        executor_.run_for();
        answer_probes();
        for (seconds passed(0); passed < time; passed += seconds(1)) {
            executor_.run_for(seconds(1));
            answer_probes();
        }
    }

    void answer_probes() {
        while (client_.open_requests() > 0 && client_.sent.back().request.method != "POST") {
            client_.reply(200, R"({"found":false})");
            executor_.run_for();
        }
    }

    bool is_sent() const {
        return !client_.sent.empty() && client_.sent.back().request.method == "POST";
    }

    testing_support::ManualExecutor executor_;
    testing_support::FakeHttpClient client_{executor_};
    connector::NoTokens tokens_;
    std::unique_ptr<connector::Registry> registry_;
    std::unique_ptr<connector::Authorizer> authorizer_;
    model::OperationSpec post_;
    OperationServices services_;
    CountingListener listener_;
    std::unique_ptr<OperationRun> run_;
};

TEST_F(AbsentEffect, OfAProcessThatDiedIsSentAgainWhenItsLastMomentIsLongEnoughAgo) {
    // The intent is an hour old, but the request may have left just before the process died.
    start(now(), now() - minutes(60));
    pass(seconds(59));
    EXPECT_FALSE(is_sent());
    EXPECT_GT(client_.sent.size(), 1U);
    pass(seconds(3));
    EXPECT_TRUE(is_sent());
    EXPECT_EQ(listener_.failed + listener_.parked + listener_.waits, 0);
}

TEST_F(AbsentEffect, ThatLeftLongAgoIsSentAgainAtOnce) {
    start(now() - minutes(2), now() - minutes(60));
    EXPECT_TRUE(is_sent());
}

TEST_F(AbsentEffect, ThatNeverLeftIsSentWithoutAsking) {
    start(std::nullopt, now());
    EXPECT_TRUE(is_sent());
    EXPECT_EQ(client_.sent.size(), 1U);
}

}  // namespace
}  // namespace tideway::runtime
