#include "engine/connector/connections.h"

#include <gtest/gtest.h>

namespace tideway::connector {
namespace {

class ConnectionsTest : public testing::Test {
  protected:
    model::ConnectionRecord record(const std::string& name) const {
        model::ConnectionRecord out;
        out.name = name;
        out.connector = "crm";
        out.settings = Payload(R"({"tenant":"contoso"})");
        out.sealed = box_.seal_all(secrets_purpose(name), {{"api_key", Secret("k1")}});
        return out;
    }

    SecretBox box_{Secret(std::string(32, 'k'))};
    Connections connections_{box_};
};

TEST_F(ConnectionsTest, OpensSettingsAndSecrets) {
    ASSERT_TRUE(connections_.put(record("northwind")));
    const auto open = connections_.get("northwind");
    ASSERT_NE(open, nullptr);
    EXPECT_EQ(open->settings["tenant"], "contoso");
    EXPECT_EQ(open->secrets.find("api_key")->second.reveal(), "k1");
    EXPECT_EQ(connections_.get("fabrikam"), nullptr);
}

TEST_F(ConnectionsTest, ReplacesASnapshotAsAWholeAndLeavesTheOldOneToItsReaders) {
    ASSERT_TRUE(connections_.put(record("northwind")));
    const auto before = connections_.get("northwind");
    model::ConnectionRecord changed = record("northwind");
    changed.settings = Payload(R"({"tenant":"fabrikam"})");
    ASSERT_TRUE(connections_.put(changed));
    EXPECT_EQ(before->settings["tenant"], "contoso");
    EXPECT_EQ(connections_.get("northwind")->settings["tenant"], "fabrikam");
    EXPECT_EQ(connections_.all().size(), 1U);
    connections_.remove("northwind");
    connections_.remove("northwind");
    EXPECT_EQ(connections_.get("northwind"), nullptr);
    EXPECT_TRUE(connections_.all().empty());
}

TEST_F(ConnectionsTest, RefusesSecretsThatWereSealedForAnotherConnectionAndKeepsWhatItHad) {
    ASSERT_TRUE(connections_.put(record("northwind")));
    model::ConnectionRecord stolen = record("fabrikam");
    stolen.name = "northwind";
    const Status status = connections_.put(stolen);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, "SecretUnreadable");
    EXPECT_NE(status.error().message.find("northwind"), std::string::npos);
    EXPECT_NE(connections_.get("northwind"), nullptr);
}

TEST_F(ConnectionsTest, AcceptsAConnectionWithoutSettingsAndSecrets) {
    model::ConnectionRecord bare;
    bare.name = "public";
    bare.connector = "http";
    ASSERT_TRUE(connections_.put(bare));
    EXPECT_TRUE(connections_.get("public")->settings.is_object());
    bare.settings = Payload("{");
    EXPECT_FALSE(connections_.put(bare));
}

}  // namespace
}  // namespace tideway::connector
