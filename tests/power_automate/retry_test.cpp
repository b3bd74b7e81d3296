// What is tried again, how often, and after which wait.
#include <gtest/gtest.h>

#include "engine/connector/no_tokens.h"
#include "engine/connector/registry.h"
#include "engine/runtime/operation_run.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/ledger_connector.h"
#include "tests/support/manual_executor.h"

namespace tideway::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class LastError final : public runtime::OperationRun::Listener {
  public:
    void on_attempt(runtime::OperationRun&, int, model::AttemptClass, Payload note) override {
        notes.push_back(Json::parse(note.view()));
    }

    void on_done(runtime::OperationRun&, int attempt, connector::Done) override {
        attempts = attempt;
        is_done = true;
    }

    void on_failed(runtime::OperationRun&, int attempt, model::StepError failed) override {
        attempts = attempt;
        error = std::move(failed);
    }

    void on_parked(runtime::OperationRun&, int, model::StepError) override {}

    void on_connection_wait(runtime::OperationRun&, runtime::ConnectionPause) override {}

    void on_connection_back(runtime::OperationRun&) override {}

    void on_underway(runtime::OperationRun&, const runtime::UnderwayCall&) override {}

    void on_asking_again(runtime::OperationRun&) override {}

    std::vector<Json> notes;
    int attempts = 0;
    bool is_done = false;
    std::optional<model::StepError> error;
};

// One read of a service that answers as it is told; time is simulated.
class RetryRule : public ::testing::Test {
  protected:
    RetryRule() {
        std::vector<connector::Registry::Source> sources;
        sources.push_back(
            {"ledger", kLedgerSpec, std::make_unique<LedgerConnector>("http://ledger.test")}
        );
        registry_ = std::move(*connector::Registry::create(std::move(sources)));
        authorizer_ = std::make_unique<connector::Authorizer>(tokens_, *registry_);
        services_.executor = &executor_;
        services_.client = &client_;
        services_.tokens = &tokens_;
        services_.authorizer = authorizer_.get();
        services_.clock = &executor_.clock();
        services_.random = [this] { return random_; };
    }

    void start(const Json& options) {
        runtime::OperationStart start;
        start.spec = registry_->spec("ledger");
        start.operation = registry_->spec("ledger")->operation("read");
        start.implementation = registry_->implementation("ledger");
        start.input = Json::object();
        start.retry = *model::parse_retry_policy(options.at("retry"));
        if (const Json* timeout = find(options, "timeout")) {
            start.time_limit = *model::parse_time_limit(*timeout);
        }
        run_ = std::make_unique<runtime::OperationRun>(services_, std::move(start), seen_);
        run_->start();
        executor_.run_for();
    }

    void answer(int status, http::Headers headers = {}) {
        client_.reply(http::Response{status, std::move(headers), R"({"error":{"message":"No."}})"});
        executor_.run_for();
    }

    // How many requests a service sees that answers so whenever it is asked.
    std::size_t requests_against(int status, const Json& retry) {
        start({{"retry", retry}});
        while (client_.open_requests() > 0) {
            answer(status);
            executor_.run_for(std::chrono::hours(24));
        }
        return client_.sent.size();
    }

    double random_ = 0.0;
    testing_support::ManualExecutor executor_;
    testing_support::FakeHttpClient client_{executor_};
    connector::NoTokens tokens_;
    std::unique_ptr<connector::Registry> registry_;
    std::unique_ptr<connector::Authorizer> authorizer_;
    runtime::OperationServices services_;
    LastError seen_;
    std::unique_ptr<runtime::OperationRun> run_;
};

const Json kTwice = {{"type", "fixed"}, {"count", 2}, {"interval", "PT10S"}};

struct AnswerRow {
    int status;
    bool is_retried;
    const char* code;
};

class RetriedAnswers : public RetryRule, public ::testing::WithParamInterface<AnswerRow> {};

TEST_P(RetriedAnswers, AreThoseOfThePublishedModel) {
    const AnswerRow& row = GetParam();
    EXPECT_EQ(requests_against(row.status, kTwice), row.is_retried ? 3U : 1U);
    ASSERT_TRUE(seen_.error);
    EXPECT_EQ(seen_.error->code, row.code);
}

INSTANTIATE_TEST_SUITE_P(
    Statuses,
    RetriedAnswers,
    ::testing::Values(
        AnswerRow{400, false, "BadRequest"},
        AnswerRow{404, false, "NotFound"},
        AnswerRow{409, false, "Conflict"},
        AnswerRow{410, false, "Gone"},  // not 403, with which this service throttles
        AnswerRow{412, false, "PreconditionFailed"},
        AnswerRow{408, true, "RequestTimeout"},
        AnswerRow{429, true, "429"},
        AnswerRow{500, true, "InternalServerError"},
        AnswerRow{502, true, "BadGateway"},
        AnswerRow{503, true, "ServiceUnavailable"},
        AnswerRow{504, true, "GatewayTimeout"}
    ),
    [](const ::testing::TestParamInfo<AnswerRow>& row) {
        return "Status" + std::to_string(row.param.status);
    }
);

TEST_F(RetryRule, AnAttemptIsMadeForEachRetryAndOneBefore) {
    EXPECT_EQ(requests_against(503, {{"type", "fixed"}, {"count", 5}, {"interval", "PT5S"}}), 6U);
    EXPECT_EQ(seen_.attempts, 6);
}

TEST_F(RetryRule, NoneMeansOneAttempt) {
    EXPECT_EQ(requests_against(503, {{"type", "none"}}), 1U);
}

TEST_F(RetryRule, TheDefaultIsFourRetries) {
    EXPECT_EQ(requests_against(503, {{"type", "default"}}), 5U);
}

TEST_F(RetryRule, AConnectionThatCannotBeMadeIsTriedAgain) {
    start({{"retry", kTwice}});
    client_.reply(
        testing_support::FakeHttpClient::trouble(ErrorKind::kUnavailable, "The name is not known.")
    );
    executor_.run_for(seconds(11));
    EXPECT_EQ(client_.sent.size(), 2U);
    client_.reply(200, "{}");
    executor_.run_for();
    EXPECT_TRUE(seen_.is_done);
}

TEST_F(RetryRule, FixedWaitsAreEqual) {
    start({{"retry", kTwice}});
    for (int retry = 1; retry <= 2; ++retry) {
        answer(503);
        executor_.run_for(milliseconds(9'900));
        EXPECT_EQ(client_.open_requests(), 0U);
        executor_.run_for(milliseconds(200));
        EXPECT_EQ(client_.open_requests(), 1U);
    }
}

TEST_F(RetryRule, ExponentialWaitsLieBetweenTheirPublishedBounds) {
    const Json policy = {
        {"type", "exponential"}, {"count", 4}, {"interval", "PT10S"}, {"minimum", "PT0S"}};
    const int low[] = {0, 10, 20, 40};
    const int high[] = {10, 20, 40, 80};
    const auto parsed = model::parse_retry_policy(policy);
    ASSERT_TRUE(parsed);
    for (int retry = 1; retry <= 4; ++retry) {
        EXPECT_EQ(model::delay_before(*parsed, retry, 0.0, {}), Duration(seconds(low[retry - 1])));
        EXPECT_EQ(model::delay_before(*parsed, retry, 1.0, {}), Duration(seconds(high[retry - 1])));
    }
}

TEST_F(RetryRule, DefaultWaitsAreFiveToFortyFiveSeconds) {
    const auto policy = model::parse_retry_policy({{"type", "default"}});
    ASSERT_TRUE(policy);
    EXPECT_EQ(policy->interval, Duration(milliseconds(7500)));
    for (int retry = 1; retry <= 4; ++retry) {
        EXPECT_GE(*model::delay_before(*policy, retry, 0.0, {}), Duration(seconds(5)));
        EXPECT_LE(*model::delay_before(*policy, retry, 1.0, {}), Duration(seconds(45)));
    }
}

TEST_F(RetryRule, AServicesOwnWaitReplacesThePolicys) {
    start({{"retry", kTwice}});
    answer(429, {{"Retry-After", "57"}});
    executor_.run_for(seconds(56));
    EXPECT_EQ(client_.open_requests(), 0U);
    executor_.run_for(seconds(2));
    EXPECT_EQ(client_.open_requests(), 1U);
}

TEST_F(RetryRule, EveryAttemptIsKeptWithItsCodeAndItsWait) {
    start({{"retry", kTwice}});
    answer(503);
    executor_.run_for(seconds(10));
    answer(429);
    executor_.run_for(seconds(10));
    client_.reply(200, "{}");
    executor_.run_for();
    EXPECT_TRUE(seen_.is_done);
    EXPECT_EQ(seen_.attempts, 3);
    ASSERT_EQ(seen_.notes.size(), 2U);
    EXPECT_EQ(string_or(seen_.notes[0], "code"), "ServiceUnavailable");
    EXPECT_EQ(string_or(seen_.notes[0], "next"), "retry");
    EXPECT_EQ(int_or(seen_.notes[0], "wait_ms", 0), 10'000);
    EXPECT_EQ(string_or(seen_.notes[1], "code"), "429");
}

TEST_F(RetryRule, ATimeLimitEndsTheRetriesAsTimedOut) {
    start({{"retry", kTwice}, {"timeout", "PT1M"}});
    executor_.run_for(minutes(2));
    client_.reply(testing_support::FakeHttpClient::trouble(ErrorKind::kTimeout, "No answer came."));
    executor_.run_for(minutes(1));
    ASSERT_TRUE(seen_.error);
    EXPECT_EQ(seen_.error->status, model::Status::kTimedOut);
    EXPECT_EQ(client_.sent.size(), 1U);
}

}  // namespace
}  // namespace tideway::testing
