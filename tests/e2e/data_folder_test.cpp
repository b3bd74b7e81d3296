// The data folder of a service: made once, and everything in it its owner's.
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

constexpr uid_t kNobody = 65534;

class DataFolder : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("hello", kHello);
        program_.init();
    }

    Json check(const std::string& what) const {
        const Json found = program_.cli_json({"doctor"});
        for (const Json& row : found.at("checks")) {
            if (string_or(row, "what") == what) {
                return row;
            }
        }
        return Json::object();
    }

    Program program_;
};

// Only root may give files away.
class DataFolderOfOthers : public DataFolder {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "only root can give files to another user";
        }
        DataFolder::SetUp();
    }

    static void give_away(const std::string& path) {
        ASSERT_EQ(::chown(path.c_str(), kNobody, kNobody), 0) << path;
    }
};

TEST_F(DataFolder, IsLeftAsItIsWhenThereIsAnEnvironment) {
    const std::string token = program_.read_file("data/admin.token");
    EXPECT_EQ(string_or(program_.cli_json({"init"}).at("error"), "code"), "EnvironmentExists");
    const auto again = program_.cli({"init", "--if-absent"});
    EXPECT_EQ(again.exit_code, 0) << again.text();
    EXPECT_EQ(program_.read_file("data/admin.token"), token);
}

TEST_F(DataFolder, IsMadeWhenThereIsNone) {
    std::filesystem::remove_all(program_.data_folder());
    const auto made = program_.cli({"init", "--if-absent", "--trigger-address", "0.0.0.0"});
    EXPECT_EQ(made.exit_code, 0) << made.text();
    EXPECT_EQ(made.text().find("twy_"), std::string::npos) << "the token is in a service's log";
    EXPECT_NE(program_.read_file("data/config.json").find("0.0.0.0"), std::string::npos);
}

TEST_F(DataFolder, IsFinishedWhenItsFirstStartWasCutOff) {
    const std::string key = program_.read_file("data/secret.key");
    std::filesystem::remove(program_.data_folder() + "/config.json");
    const auto made = program_.cli({"init", "--if-absent"});
    EXPECT_EQ(made.exit_code, 0) << made.text();
    EXPECT_EQ(program_.read_file("data/secret.key"), key);
    EXPECT_TRUE(std::filesystem::exists(program_.data_folder() + "/config.json"));
}

TEST_F(DataFolder, IsNotReplacedByTheDemo) {
    const auto refused = program_.cli({"demo", "--once"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.errors.find("environment 'default'"), std::string::npos) << refused.text();
    EXPECT_TRUE(std::filesystem::exists(program_.database_file()));
}

TEST_F(DataFolder, ShowsTheCopiesThatAreKept) {
    program_.serve();
    EXPECT_TRUE(check("kept copies").empty());
    program_.write_file("data/tideway.db.before-schema-9", "old");
    EXPECT_NE(
        string_or(check("kept copies"), "message").find("before-schema-9"), std::string::npos
    );
}

TEST_F(DataFolder, SaysHowMuchRoomItsDiskHas) {
    program_.serve();
    EXPECT_NE(string_or(check("disk"), "message").find("MiB free"), std::string::npos);
}

TEST_F(DataFolder, NamesNoPackThatAnUpgradeWouldReplace) {
    const std::string shipped = "/usr/share/tideway/packs/co_sell";
    program_.write_file("data/config.json", R"({"packs": [")" + shipped + R"("]})");
    EXPECT_EQ(check("pack " + shipped).value("ok", true), false);
}

TEST_F(DataFolderOfOthers, IsNotServedOrRestored) {
    give_away(program_.data_folder());
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"serve"}, {"restore", "/nowhere"}}) {
        const auto refused = program_.cli(command);
        EXPECT_EQ(refused.exit_code, 1);
        EXPECT_NE(refused.errors.find("sudo -u nobody"), std::string::npos) << refused.text();
    }
}

TEST_F(DataFolderOfOthers, IsFoundByDoctor) {
    program_.serve();
    EXPECT_EQ(check("files").at("ok"), Json(true));
    give_away(program_.database_file());
    EXPECT_EQ(check("files").at("ok"), Json(false));
    EXPECT_NE(string_or(check("files"), "message").find("tideway.db"), std::string::npos);
}

}  // namespace
}  // namespace tideway::testing
