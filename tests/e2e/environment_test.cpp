// How an environment works, set by a person and kept; what waits for one.
#include <gtest/gtest.h>

#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

class EnvironmentCommands : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("hello", kHello);
        program_.init();
        program_.serve();
    }

    std::string refused(std::vector<std::string> arguments) const {
        return string_or(program_.cli_json(std::move(arguments)).at("error"), "code");
    }

    Program program_;
};

TEST_F(EnvironmentCommands, SayWhereEventsComeFromAndWhenAPackIsStopped) {
    const auto shown = program_.cli({"environments", "settings"});
    EXPECT_EQ(shown.exit_code, 0) << shown.text();
    EXPECT_NE(shown.output.find("webhook: services call http"), std::string::npos) << shown.text();
    EXPECT_NE(shown.output.find("more than 20 records an hour"), std::string::npos);
}

TEST_F(EnvironmentCommands, KeepWhatIsSetOverAKill) {
    program_.cli_json({"environments", "events", "polling"});
    program_.cli_json({"environments", "brake", "--creates-per-hour", "7"});
    program_.kill();
    program_.serve();
    const Json settings = program_.cli_json({"environments", "settings"});
    EXPECT_EQ(string_or(settings, "event_source"), "polling");
    EXPECT_EQ(settings.at("brake").at("creates_per_hour"), 7);
    EXPECT_EQ(settings.at("brake").at("is_on"), true);
}

TEST_F(EnvironmentCommands, ObserveSoThatEveryRunIsMuted) {
    program_.cli_json({"environments", "mode", "observe"});
    const auto shown = program_.cli({"environments", "settings"});
    EXPECT_NE(shown.output.find("observe: nothing is changed outside"), std::string::npos);
    EXPECT_NE(shown.output.find("polling: services are asked"), std::string::npos);
    program_.kill();
    program_.serve();
    program_.cli({"flows", "on", "hello"});
    const Json started = program_.cli_json({"flows", "run", "hello"});
    const std::string run = started.at("runs").at(0).get<std::string>();
    EXPECT_EQ(program_.cli_json({"runs", "show", run}).at("muted"), true);
    EXPECT_EQ(refused({"environments", "mode", "asleep"}), "InvalidEnvironmentSetting");
}

TEST_F(EnvironmentCommands, RefuseWhatTheyDoNotKnow) {
    EXPECT_EQ(refused({"environments", "events", "pigeon"}), "InvalidEnvironmentSetting");
    EXPECT_EQ(refused({"environments", "brake", "perhaps"}), "InvalidArgument");
    EXPECT_EQ(
        refused({"environments", "brake", "--changed-percent", "200"}), "InvalidEnvironmentSetting"
    );
}

TEST_F(EnvironmentCommands, AreAnAdministratorsToGive) {
    const Json made = program_.cli_json({"tokens", "add", "ada", "--role", "operator"});
    const std::string ada = string_or(made, "token");
    const Json polling = {{"event_source", "polling"}};
    EXPECT_EQ(program_.api_as(ada, "GET", "/environment", Json()).status, 200);
    EXPECT_EQ(program_.api_as(ada, "PATCH", "/environment", polling).status, 403);
}

TEST_F(EnvironmentCommands, SayThatNothingWaits) {
    const auto listed = program_.cli({"decisions", "list"});
    EXPECT_EQ(listed.output, "Nothing waits for a person.\n") << listed.text();
    EXPECT_EQ(refused({"decisions", "show", "brake/bad"}), "DecisionNotFound");
    EXPECT_EQ(refused({"decisions", "answer", "brake/bad", "continue"}), "DecisionNotFound");
}

}  // namespace
}  // namespace tideway::testing
