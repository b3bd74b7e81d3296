// The commands for people who write packs: cases, stubs, checks.
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

class PackTools : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("hello", kHello);
        std::filesystem::create_directories(program_.pack_folder() + "/cases");
    }

    void write_case(const std::string& name, const std::string& text) {
        program_.write_file("pack/cases/" + name + ".json", text);
    }

    Program program_;
};

constexpr const char* kGreets =
    R"({"flow":"hello","event":{"name":"Ana"},"expect":{"output":{"greeting":"Hello Ana"}}})";
constexpr const char* kGreetsWrongly =
    R"({"flow":"hello","event":{"name":"Ana"},"expect":{"output":{"greeting":"Hi"}}})";

TEST_F(PackTools, RunTheCasesOfAPackWithoutAServer) {
    write_case("greets", kGreets);
    const auto result = program_.cli({"test", program_.pack_folder()});
    EXPECT_EQ(result.exit_code, 0) << result.text();
    EXPECT_NE(result.output.find("passed  greets"), std::string::npos) << result.text();
    EXPECT_NE(result.output.find("bad: 1 passed, 0 failed"), std::string::npos) << result.text();
}

TEST_F(PackTools, ShowExpectedAgainstActualAndExitWithOneWhenACaseFails) {
    write_case("greets", kGreets);
    write_case("wrong", kGreetsWrongly);
    const auto result = program_.cli({"test", program_.pack_folder()});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.output.find("FAILED  wrong"), std::string::npos) << result.text();
    EXPECT_NE(result.output.find("output /greeting"), std::string::npos) << result.text();
    EXPECT_NE(result.output.find("expected  \"Hi\""), std::string::npos) << result.text();
    EXPECT_NE(result.output.find("actual    \"Hello Ana\""), std::string::npos) << result.text();
}

TEST_F(PackTools, AnswerAsJsonAndRunOnlyWhatIsAskedFor) {
    write_case("greets", kGreets);
    write_case("wrong", kGreetsWrongly);
    write_case("broken", "{\n  \"flow\": 1");
    const Json one = program_.cli_json({"test", program_.pack_folder(), "greets"});
    EXPECT_EQ(int_or(one, "passed", -1), 1) << dump(one);
    EXPECT_EQ(int_or(one, "failed", -1), 0);
    const Json filtered = program_.cli_json({"test", program_.pack_folder(), "--filter", "wr"});
    ASSERT_EQ(filtered.at("cases").size(), 1U) << dump(filtered);
    const Json difference = filtered.at("cases").at(0).at("differences").at(0);
    EXPECT_EQ(string_or(difference, "where"), "output /greeting");
    const Json broken = program_.cli_json({"test", program_.pack_folder(), "broken"});
    const Json error = broken.at("cases").at(0).at("error");
    EXPECT_EQ(string_or(error, "code"), "InvalidCase");
    EXPECT_NE(string_or(error, "message").find("broken.json:2: "), std::string::npos);
}

TEST_F(PackTools, SayThatThereIsNoSuchCaseAndNoCaseAtAll) {
    const auto none = program_.cli({"test", program_.pack_folder()});
    EXPECT_EQ(none.exit_code, 1);
    EXPECT_NE(none.errors.find("has no cases"), std::string::npos) << none.text();
    write_case("greets", kGreets);
    const auto other = program_.cli({"test", program_.pack_folder(), "gretes"});
    EXPECT_EQ(other.exit_code, 1);
    EXPECT_NE(other.errors.find("no case 'gretes'"), std::string::npos) << other.text();
}

TEST_F(PackTools, WriteStubsAndTheSettingsThatNameThem) {
    program_.write_file("pack/.luarc.json", R"({"diagnostics.globals": ["mine"]})");
    for (int time = 0; time < 2; ++time) {
        const auto result = program_.cli({"stubs", program_.pack_folder()});
        ASSERT_EQ(result.exit_code, 0) << result.text();
    }
    const auto settings = parse_json(program_.read_file("pack/.luarc.json"), "settings");
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->at("workspace.library"), Json::array({".tideway/stubs"}));
    EXPECT_EQ(settings->at("diagnostics.globals"), Json::array({"mine"})) << "a person's own stay";
    EXPECT_EQ(string_or(settings->at("runtime.builtin"), "os"), "disable");
    const std::string flow = program_.read_file("pack/.tideway/stubs/flow.lua");
    EXPECT_EQ(flow.find("---@meta"), 0U);
    const std::string crm = program_.read_file("pack/.tideway/stubs/connectors/dataverse.gen.lua");
    EXPECT_NE(crm.find("create_row"), std::string::npos);
    const auto check = program_.cli({"flows", "check", program_.pack_folder()});
    EXPECT_EQ(check.exit_code, 0) << "stubs are no part of the pack: " << check.text();
}

TEST_F(PackTools, LeaveSettingsAloneThatTheyCannotRead) {
    program_.write_file("pack/.luarc.json", "{ // mine\n");
    const auto result = program_.cli({"stubs", program_.pack_folder()});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.errors.find(".luarc.json is not valid JSON"), std::string::npos);
    EXPECT_EQ(program_.read_file("pack/.luarc.json"), "{ // mine\n");
    EXPECT_FALSE(std::filesystem::exists(program_.pack_folder() + "/.tideway"));
}

TEST_F(PackTools, CheckAFlowOfTheServerAsOneOfAFolder) {
    program_.write_flow(
        "wrong", "return flow { title = \"W\", trigger = trigger.manual {}, run = 1,"
    );
    program_.init();
    program_.serve();
    const auto right = program_.cli({"flows", "check", "hello"});
    EXPECT_EQ(right.exit_code, 0) << right.text();
    EXPECT_EQ(right.output, "hello: ok\n");
    const auto folder = program_.cli({"flows", "check", program_.pack_folder()});
    const auto server = program_.cli({"flows", "check", "bad"});
    EXPECT_EQ(server.exit_code, 1);
    EXPECT_EQ(server.output, folder.output);
    EXPECT_NE(server.output.find("wrong.lua:1:"), std::string::npos) << server.text();
    const auto none = program_.cli({"flows", "check", "nowhere"});
    EXPECT_EQ(none.exit_code, 1);
    EXPECT_NE(none.errors.find("'nowhere' is neither a folder nor a flow"), std::string::npos);
}

}  // namespace
}  // namespace tideway::testing
