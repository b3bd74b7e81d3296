#include "connectors/noop/noop_connector.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace tideway::connectors::noop {
namespace {

model::ConnectorSpec spec() {
    std::stringstream text;
    text << std::ifstream("connectors/noop/connector.json").rdbuf();
    auto parsed = model::parse_connector_spec(text.str());
    EXPECT_TRUE(parsed) << parsed.error().text();
    return std::move(*parsed);
}

std::string output_of(const char* operation, const Json& input) {
    const model::ConnectorSpec noop = spec();
    connector::Call call;
    call.operation = noop.operation(operation);
    call.input = input;
    const auto exchange = make_connector()->start(call);
    const connector::Turn turn = exchange->begin();
    const auto* done = std::get_if<connector::Done>(&turn);
    return done != nullptr ? done->output.str() : "not done";
}

TEST(Noop, GivesBackWhatItIsGivenWithoutARequest) {
    EXPECT_EQ(output_of("effect", Json{{"payload", {1, "two"}}}), R"({"payload":[1,"two"]})");
    EXPECT_EQ(output_of("read", Json{{"payload", 42}}), R"({"payload":42})");
    EXPECT_EQ(output_of("read", Json::object()), R"({"payload":null})");
}

TEST(Noop, HasAnEffectAndARead) {
    const model::ConnectorSpec noop = spec();
    EXPECT_EQ(noop.operation("effect")->effect, model::EffectClass::kIdempotent);
    EXPECT_EQ(noop.operation("read")->effect, model::EffectClass::kRead);
}

}  // namespace
}  // namespace tideway::connectors::noop
