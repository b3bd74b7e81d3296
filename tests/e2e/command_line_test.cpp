// The commands, as a person and as a script use them.
#include <sstream>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "engine/base/digest.h"
#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

class CommandLine : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("a_parent", kParent);
        program_.write_flow("child", kChild);
        program_.write_flow("endless", kEndless);
        program_.write_flow("hello", kHello);
        program_.write_flow("echo", kEcho);
        program_.init();
    }

    void add_token(const std::string& name, const std::string& role) const {
        sqlite3* database = nullptr;
        ASSERT_EQ(sqlite3_open(program_.database_file().c_str(), &database), SQLITE_OK);
        const std::string sql = "INSERT INTO api_token(name, role, hash, created) VALUES ('" +
                                name + "','" + role + "','" + to_hex(sha256(name)) + "', 0)";
        EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(database);
    }

    // The names that --help lists as subcommands.
    std::vector<std::string> subcommands(std::vector<std::string> command) const {
        command.emplace_back("--help");
        const auto help = program_.cli(command);
        EXPECT_EQ(help.exit_code, 0) << help.text();
        EXPECT_NE(help.output.find("--help"), std::string::npos) << help.text();
        std::vector<std::string> out;
        std::istringstream lines(help.output);
        bool is_listing = false;
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("Subcommands:")) {
                is_listing = true;
            } else if (is_listing && line.starts_with("  ") && line.size() > 2 && line[2] != ' ') {
                out.push_back(line.substr(2, line.find(' ', 2) - 2));
            }
        }
        return out;
    }

    Program program_;
};

TEST_F(CommandLine, HelpsWithEveryCommand) {
    const auto commands = subcommands({});
    EXPECT_GE(commands.size(), 8U);
    std::size_t inner = 0;
    for (const std::string& command : commands) {
        for (const std::string& sub : subcommands({command})) {
            ++inner;
            for (const std::string& inmost : subcommands({command, sub})) {
                EXPECT_TRUE(subcommands({command, sub, inmost}).empty()) << command << " " << sub;
            }
        }
    }
    EXPECT_GE(inner, 20U);
}

TEST_F(CommandLine, AnswersEveryCommandAsJsonWhenAsked) {
    program_.serve();
    EXPECT_EQ(program_.cli_json({"flows", "list"}).at("value").size(), 5U);
    EXPECT_EQ(string_or(program_.cli_json({"flows", "on", "hello"}), "state"), "On");
    EXPECT_EQ(string_or(program_.cli_json({"flows", "show", "hello"}), "name"), "hello");
    EXPECT_EQ(program_.cli_json({"flows", "reload"}).at("value").size(), 5U);
    EXPECT_EQ(program_.cli_json({"flows", "check", program_.pack_folder()}).at("flows").size(), 5U);
    EXPECT_EQ(program_.cli_json({"flows", "on", "--all"}).at("turned_on").size(), 5U);
    const Json started = program_.cli_json({"flows", "run", "hello", "--input", R"({"name":"A"})"});
    const std::string run = started.at("runs").front().get<std::string>();
    program_.ended(run);
    EXPECT_EQ(string_or(program_.cli_json({"runs", "show", run}), "status"), "Succeeded");
    EXPECT_EQ(program_.cli_json({"runs", "list"}).at("value").size(), 1U);
    EXPECT_EQ(program_.cli_json({"runs", "resubmit", run}).at("runs").size(), 1U);
    EXPECT_EQ(program_.cli_json({"runs", "cancel", run}).at("ended"), Json::array({run}));
    program_.cli_json({"runs", "decide", run, "skip", "--step", "Nothing"});
    EXPECT_EQ(string_or(program_.cli_json({"flows", "off", "hello"}), "state"), "Off");
    EXPECT_TRUE(program_.cli_json({"connections", "add", "http", "--name", "web"}).is_object());
    EXPECT_EQ(program_.cli_json({"connections", "list"}).at("value").size(), 1U);
    EXPECT_FALSE(program_.cli_json({"connections", "connectors"}).at("value").empty());
    EXPECT_TRUE(program_.cli_json({"connections", "bind", "bad/web", "web"}).is_object());
    EXPECT_TRUE(program_.cli_json({"connections", "test", "web"}).is_object());
    EXPECT_TRUE(program_.cli_json({"connections", "uses", "web"}).is_array());
    EXPECT_TRUE(program_.cli_json({"connections", "replace", "web"}).is_object());
    EXPECT_TRUE(program_.cli_json({"connections", "remove", "web"}).is_object());
    EXPECT_TRUE(program_.cli_json({"variables", "list"}).at("value").is_array());
    EXPECT_EQ(
        string_or(program_.cli_json({"variables", "set", "nothing", "1"}).at("error"), "code"),
        "VariableNotFound"
    );
    EXPECT_EQ(
        string_or(program_.cli_json({"environments", "settings"}), "event_source"), "webhook"
    );
    EXPECT_TRUE(program_.cli_json({"environments", "brake", "off"}).is_object());
    EXPECT_TRUE(program_.cli_json({"decisions", "list"}).at("value").empty());
    EXPECT_FALSE(program_.cli_json({"doctor"}).empty());
    EXPECT_EQ(string_or(program_.cli_json({"init"}).at("error"), "code"), "EnvironmentExists");
}

TEST_F(CommandLine, RefusesAWayToSignInThatTheConnectorDoesNotHave) {
    program_.serve();
    const auto refused = program_.cli({"connections", "add", "dataverse", "--grant", "password"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.errors.find("'password'"), std::string::npos) << refused.text();
    EXPECT_NE(refused.errors.find("client_credentials"), std::string::npos) << refused.text();
}

TEST_F(CommandLine, KeepsTheDayOnWhichAClientSecretEnds) {
    program_.serve();
    program_.cli_json({"connections", "add", "http", "--secret-expires", "2027-05-31"});
    const Json kept = program_.cli_json({"connections", "list"}).at("value").front();
    EXPECT_TRUE(string_or(kept, "client_secret_expires").starts_with("2027-05-31")) << dump(kept);
    const Json refused =
        program_.cli_json({"connections", "add", "http", "--secret-expires", "in May"});
    EXPECT_EQ(string_or(refused.at("error"), "code"), "InvalidArgument");
}

TEST_F(CommandLine, KeepsTheTypesOfSettingsWhenAConnectionIsReplaced) {
    program_.serve();
    program_.cli_json(
        {"connections",
         "add",
         "http",
         "--set",
         "username=true",
         "--set",
         "allow_private_network=true"}
    );
    for (const char* verb : {"replace", "reconnect"}) {
        program_.cli_json({"connections", verb, "http"});
        const Json kept = program_.cli_json({"connections", "list"}).at("value").front();
        EXPECT_EQ(kept.at("settings").at("username"), Json("true")) << verb;
        EXPECT_EQ(kept.at("settings").at("allow_private_network"), Json(true)) << verb;
    }
}

TEST_F(CommandLine, AnswersOneJsonValueAndExitsWithOneWhenSomethingFailed) {
    program_.write_flow("broken", "return flow {\n");
    program_.write_flow("reads", kReadsDeals);
    program_.serve();
    for (const auto& command :
         {std::vector<std::string>{"flows", "on", "--all"},
          {"flows", "check", program_.pack_folder()},
          {"doctor"}}) {
        std::vector<std::string> arguments = command;
        arguments.emplace_back("--json");
        const auto result = program_.cli(arguments);
        EXPECT_EQ(result.exit_code, 1) << result.text();
        EXPECT_TRUE(parse_json(result.output, "output")) << result.text();
    }
}

TEST_F(CommandLine, RefusesAWrongToken) {
    program_.serve();
    const Reply reply = program_.api_as("twy_wrong", "GET", "/flows");
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(reply.code(), "Unauthorized");
    const auto result = program_.cli({"--token", "twy_wrong", "flows", "list"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.errors.find("no valid API token"), std::string::npos) << result.text();
}

TEST_F(CommandLine, RefusesWhatARoleDoesNotAllow) {
    add_token("looker", "viewer");
    add_token("worker", "operator");
    program_.serve();
    EXPECT_EQ(program_.api_as("looker", "GET", "/flows").status, 200);
    const Reply run = program_.api_as("looker", "POST", "/flows/bad/hello/run", Json::object());
    EXPECT_EQ(run.status, 403);
    EXPECT_EQ(run.code(), "Forbidden");
    EXPECT_NE(run.text.find("'looker'"), std::string::npos) << run.text;
    EXPECT_EQ(program_.api_as("worker", "POST", "/flows/bad/hello/on").status, 403);
    EXPECT_EQ(string_or(program_.api("GET", "/flows/bad/hello").body, "state"), "Off");
}

TEST_F(CommandLine, SaysThatNoServerIsRunning) {
    const auto result = program_.cli({"flows", "list"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.errors.find("tideway serve"), std::string::npos) << result.text();
}

TEST_F(CommandLine, DoesNotKnowARunThatNeverWas) {
    program_.serve();
    const std::string unknown(32, 'a');
    for (const std::string& run : {unknown, std::string("nonsense")}) {
        EXPECT_EQ(program_.api("GET", "/runs/" + run).status, 404);
        EXPECT_EQ(program_.api("GET", "/runs/" + run + "/journal").status, 404);
        for (const char* act : {"resubmit", "cancel"}) {
            const Reply reply = program_.api("POST", "/runs/" + run + "/" + act);
            EXPECT_EQ(reply.status, 404) << act;
            EXPECT_EQ(reply.code(), "WorkflowRunNotFound");
        }
    }
    const auto shown = program_.cli({"runs", "show", unknown});
    EXPECT_EQ(shown.exit_code, 1);
    EXPECT_NE(shown.errors.find("tideway runs list"), std::string::npos);
}

TEST_F(CommandLine, ResubmitsOnlyWhatHasEnded) {
    program_.serve();
    program_.turn_on("endless");
    program_.turn_on("hello");
    const std::string open = program_.start("endless");
    const Reply refused = program_.api("POST", "/runs/" + open + "/resubmit");
    EXPECT_EQ(refused.status, 409);
    EXPECT_EQ(refused.code(), "RunNotEnded");
    ASSERT_EQ(program_.cli({"runs", "cancel", open}).exit_code, 0);
    EXPECT_EQ(string_or(program_.ended(open), "status"), "Cancelled");

    const Json first = program_.run("hello", {{"name", "Contoso"}});
    const std::string id = string_or(first, "id");
    const Json answer = program_.cli_json({"runs", "resubmit", id});
    const Json second = program_.ended(answer.at("runs").front().get<std::string>());
    EXPECT_EQ(string_or(second, "resubmit_of"), id);
    EXPECT_EQ(second.at("output"), first.at("output"));
    Json original = program_.ended(id);
    EXPECT_EQ(original.at("lineage").size(), 2U);
    original.erase("lineage");
    EXPECT_EQ(original, first) << "the original stays as it is";
}

TEST_F(CommandLine, RefusesAParentWhoseChildIsOffAndOffersTheOrder) {
    program_.serve();
    const auto refused = program_.cli({"flows", "on", "a_parent"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.errors.find("'child'"), std::string::npos) << refused.text();
    EXPECT_NE(refused.errors.find("bad/child, bad/a_parent"), std::string::npos) << refused.text();
    EXPECT_NE(refused.errors.find("tideway flows on --all"), std::string::npos) << refused.text();
    const Json error = program_.cli_json({"flows", "on", "a_parent"}).at("error");
    EXPECT_EQ(string_or(error, "code"), "ChildFlowNeverPublished");
    EXPECT_EQ(error.at("details").at("order"), Json::parse(R"(["bad/child","bad/a_parent"])"));

    const Json all = program_.cli_json({"flows", "on", "--all"});
    EXPECT_TRUE(all.at("failed").empty()) << dump(all);
    const Json run = program_.run("a_parent");
    EXPECT_EQ(string_or(run, "status"), "Succeeded") << dump(run);
    EXPECT_EQ(run.at("output"), Json::parse(R"({"twice":8})"));
}

TEST_F(CommandLine, ShowsARunWithItsHeadlineFirst) {
    program_.serve();
    program_.turn_on("hello");
    const Json failed = program_.run("hello");
    ASSERT_EQ(string_or(failed, "status"), "Failed") << dump(failed);
    const auto shown = program_.cli({"runs", "show", string_or(failed, "id")});
    EXPECT_EQ(shown.output.substr(0, shown.output.find('\n')), string_or(failed, "headline"));
    EXPECT_NE(shown.output.find("hello.lua:6"), std::string::npos) << shown.text();
}

TEST_F(CommandLine, RefusesInputThatIsNotJson) {
    program_.serve();
    program_.turn_on("hello");
    const auto result = program_.cli({"flows", "run", "hello", "--input", "{name"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.errors.find("not valid JSON"), std::string::npos) << result.text();
    EXPECT_EQ(program_.api("GET", "/runs").body.at("value").size(), 0U);
}

TEST_F(CommandLine, RefusesAnUnknownFlow) {
    program_.serve();
    for (const char* verb : {"on", "off", "run", "show"}) {
        const Json error = program_.cli_json({"flows", verb, "nothing"}).at("error");
        EXPECT_EQ(string_or(error, "code"), "WorkflowNotFound") << verb;
    }
}

}  // namespace
}  // namespace tideway::testing
