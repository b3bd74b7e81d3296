// Drives a connector's exchanges in tests: what it asks for, and answers as the service gives them.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "connectors/all_connectors.h"
#include "engine/connector/connector.h"

namespace tideway::test {

inline const std::string kIdempotencyKey =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

inline model::ConnectorSpec load_spec(std::string_view connector) {
    for (const embedded::File& file : embedded::connector_specs()) {
        if (file.name == std::string(connector) + "/connector.json") {
            auto spec = model::parse_connector_spec(file.bytes);
            EXPECT_TRUE(spec.has_value()) << spec.error().text();
            return spec ? std::move(*spec) : model::ConnectorSpec();
        }
    }
    ADD_FAILURE() << "no connector " << connector;
    return {};
}

inline http::Response answer(int status, std::string body = {}, http::Headers headers = {}) {
    return {status, std::move(headers), std::move(body)};
}

inline Timestamp at(std::string_view text) {
    return parse_utc(text).value();
}

// One exchange, step by step.
class Conversation {
  public:
    explicit Conversation(std::unique_ptr<connector::Exchange> exchange)
        : exchange_(std::move(exchange)),
          turn_(exchange_->begin()) {}

    bool is_asking() const { return std::holds_alternative<connector::Send>(turn_); }

    bool is_done() const { return std::holds_alternative<connector::Done>(turn_); }

    bool is_failed() const { return std::holds_alternative<connector::Failed>(turn_); }

    const connector::Send& send() const { return std::get<connector::Send>(turn_); }

    const http::Request& request() const { return send().request; }

    std::string line() const { return request().method + " " + request().url; }

    std::string header(std::string_view name) const {
        return request().headers.get_or(name, "(absent)");
    }

    Json sent_body() const { return Json::parse(request().body); }

    // The service answers; the exchange goes on.
    Conversation& hears(const http::Response& response) {
        turn_ = exchange_->on_response(response);
        return *this;
    }

    const connector::Done& done() const { return std::get<connector::Done>(turn_); }

    Json output() const { return Json::parse(done().output.view()); }

    const connector::Failed& failed() const { return std::get<connector::Failed>(turn_); }

    const Error& error() const { return failed().error; }

  private:
    std::unique_ptr<connector::Exchange> exchange_;
    connector::Turn turn_;
};

// An exchange, with the first answers that the service gives.
inline Conversation converse(
    std::unique_ptr<connector::Exchange> exchange, std::initializer_list<http::Response> answers
) {
    Conversation out(std::move(exchange));
    for (const http::Response& response : answers) {
        out.hears(response);
    }
    return out;
}

// The connector under test, with one way to call its operations.
class ConnectorUnderTest {
  public:
    ConnectorUnderTest(
        std::string_view id, std::unique_ptr<connector::Connector> connector, Json settings_in
    )
        : spec(load_spec(id)),
          settings(std::move(settings_in)),
          connector_(std::move(connector)) {}

    connector::Call call(std::string_view operation, Json input) const {
        connector::Call call;
        call.operation = spec.operation(operation);
        EXPECT_NE(call.operation, nullptr) << operation;
        call.input = std::move(input);
        call.settings = settings;
        call.now = at("2026-02-03T10:00:00Z");
        call.intent_at = call.now;
        if (call.operation != nullptr && call.operation->effect != model::EffectClass::kRead) {
            call.idempotency_key = kIdempotencyKey;
        }
        return call;
    }

    Conversation start(std::string_view operation, Json input) const {
        return Conversation(connector_->start(call(operation, std::move(input))));
    }

    // After a doubt: an earlier attempt may have taken effect.
    Conversation repeat(std::string_view operation, Json input) const {
        connector::Call again = call(operation, std::move(input));
        again.is_repeat = true;
        return Conversation(connector_->start(again));
    }

    Conversation probe(std::string_view operation, Json input) const {
        return Conversation(connector_->probe(call(operation, std::move(input))));
    }

    const connector::Connector& connector() const { return *connector_; }

    model::ConnectorSpec spec;
    Json settings;

  private:
    std::unique_ptr<connector::Connector> connector_;
};

// Each of the `count` operations of the spec is implemented, probed as it says, described, and asks
// for a token of one of the audiences.
inline void expect_the_operations_of_its_spec(
    const ConnectorUnderTest& tested, std::size_t count, const std::set<std::string>& audiences
) {
    ASSERT_EQ(tested.spec.operations.size(), count);
    for (const model::OperationSpec& operation : tested.spec.operations) {
        const connector::Call call = tested.call(operation.id, Json::object());
        EXPECT_NE(tested.connector().start(call), nullptr) << operation.id;
        EXPECT_EQ(tested.connector().probe(call) != nullptr, operation.has_probe) << operation.id;
        EXPECT_FALSE(operation.title.empty()) << operation.id;
        EXPECT_FALSE(operation.summary.empty()) << operation.id;
        EXPECT_TRUE(audiences.contains(operation.audience)) << operation.id;
    }
}

inline void expect_no_operation(const connector::Connector& connector, std::string id) {
    model::OperationSpec unknown;
    unknown.id = std::move(id);
    connector::Call call;
    call.operation = &unknown;
    EXPECT_EQ(connector.start(call), nullptr);
    EXPECT_EQ(connector.probe(call), nullptr);
}

}  // namespace tideway::test
