#include "engine/connector/registry.h"

#include <gtest/gtest.h>

namespace tideway::connector {
namespace {

class SilentConnector final : public Connector {
  public:
    std::unique_ptr<Exchange> start(const Call& /*call*/) const override { return nullptr; }
};

Registry::Source source(const std::string& id, const std::string& spec_id) {
    return {
        id,
        R"({"id":")" + spec_id + R"(","title":"T","auth":["none"]})",
        std::make_unique<SilentConnector>()};
}

Result<std::unique_ptr<Registry>> create(
    Registry::Source one, std::optional<Registry::Source> two = {}
) {
    std::vector<Registry::Source> sources;
    sources.push_back(std::move(one));
    if (two) {
        sources.push_back(std::move(*two));
    }
    return Registry::create(std::move(sources));
}

TEST(Registry, FindsSpecAndImplementationById) {
    const auto registry = create(source("b", "b"), source("a", "a"));
    ASSERT_TRUE(registry);
    EXPECT_EQ((*registry)->spec("a")->title, "T");
    EXPECT_NE((*registry)->implementation("b"), nullptr);
    EXPECT_EQ((*registry)->spec("c"), nullptr);
    EXPECT_EQ((*registry)->implementation("c"), nullptr);
    ASSERT_EQ((*registry)->specs().size(), 2U);
    EXPECT_EQ((*registry)->specs()[0]->id, "a");
}

TEST(Registry, RefusesBadConnectorsByName) {
    EXPECT_NE(create(source("a", "b")).error().message.find("has the id 'b'"), std::string::npos);
    EXPECT_NE(
        create(source("a", "a"), source("a", "a")).error().message.find("twice"), std::string::npos
    );
    Registry::Source empty = source("a", "a");
    empty.implementation = nullptr;
    EXPECT_NE(
        create(std::move(empty)).error().message.find("no implementation"), std::string::npos
    );
    Registry::Source broken = source("a", "a");
    broken.spec_json = R"({"id":"a"})";
    EXPECT_NE(create(std::move(broken)).error().message.find("connectors/a/"), std::string::npos);
}

}  // namespace
}  // namespace tideway::connector
