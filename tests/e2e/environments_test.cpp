// Staging and production of one person: made, known by name, looked at, and asked for before
// anything is destroyed.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"
#include "tests/e2e/terminal.h"

namespace tideway::testing {
namespace {

namespace fs = std::filesystem;

class Environments : public ::testing::Test {
  protected:
    std::string file(const std::string& name) const { return folder_.file(name); }

    // The program of a person whose settings and data are in the test's folder. `variables` are
    // set for it, such as "TIDEWAY_ENVIRONMENT=staging".
    CommandResult run(
        const std::vector<std::string>& arguments, const std::vector<std::string>& variables = {}
    ) const {
        std::vector<std::string> all{
            "/usr/bin/env", "XDG_CONFIG_HOME=" + file("config"), "XDG_DATA_HOME=" + file("data")};
        all.insert(all.end(), variables.begin(), variables.end());
        all.emplace_back(TIDEWAY_PROGRAM);
        all.insert(all.end(), arguments.begin(), arguments.end());
        fs::remove(file("errors"));
        Child child({.arguments = std::move(all), .error_file = file("errors")});
        CommandResult out;
        out.output = child.read_all();
        out.exit_code = child.wait();
        std::ifstream errors(file("errors"));
        out.errors = std::string(std::istreambuf_iterator<char>(errors), {});
        return out;
    }

    Json json(std::vector<std::string> arguments, const std::vector<std::string>& variables = {})
        const {
        arguments.emplace_back("--json");
        const CommandResult result = run(arguments, variables);
        auto parsed = parse_json(result.output, "output");
        EXPECT_TRUE(parsed) << result.text();
        return parsed ? std::move(*parsed) : Json();
    }

    std::string refusal(
        const std::vector<std::string>& arguments, const std::vector<std::string>& variables = {}
    ) const {
        const Json answer = json(arguments, variables);
        const Json* error = find(answer, "error");
        return error == nullptr ? dump(answer) : string_or(*error, "code");
    }

    void create(const std::string& name, const std::vector<std::string>& options = {}) const {
        std::vector<std::string> arguments{"environments", "create", name};
        arguments.insert(arguments.end(), options.begin(), options.end());
        const auto made = run(arguments);
        ASSERT_EQ(made.exit_code, 0) << made.text();
    }

    tests::TempFolder folder_;
};

TEST_F(Environments, AreMadeBesideEachOtherWithPortsOfTheirOwn) {
    create("staging");
    create("contoso-production", {"--production"});
    const Json list = json({"environments", "list"});
    ASSERT_EQ(list["value"].size(), 2U) << dump(list);
    EXPECT_EQ(string_or(list["value"][0], "kind"), "standard");
    const Json& production = list["value"][1];
    EXPECT_EQ(string_or(production, "name"), "contoso-production");
    EXPECT_EQ(string_or(production, "kind"), "production");
    EXPECT_EQ(string_or(production, "state"), "stopped");
    EXPECT_EQ(string_or(production, "data"), file("data/tideway/contoso-production"));
    EXPECT_NE(string_or(production, "server"), string_or(list["value"][0], "server"));
    EXPECT_EQ(refusal({"environments", "create", "staging"}), "EnvironmentKnown");
    EXPECT_EQ(refusal({"environments", "create", "../etc"}), "InvalidEnvironmentName");
}

TEST_F(Environments, AreChosenByNameOnTheCommandLineBeforeTheShell) {
    create("staging");
    create("other");
    const auto shown = [this](
                           const std::vector<std::string>& options,
                           const std::vector<std::string>& variables = {}
                       ) {
        std::vector<std::string> arguments = options;
        arguments.insert(arguments.end(), {"environments", "show"});
        return string_or(json(arguments, variables), "environment");
    };
    const std::string other = file("data/tideway/other");
    EXPECT_EQ(shown({"--environment", "staging"}), "staging");
    EXPECT_EQ(shown({}, {"TIDEWAY_ENVIRONMENT=staging"}), "staging");
    EXPECT_EQ(shown({"--data", other}, {"TIDEWAY_ENVIRONMENT=staging"}), "other");
    EXPECT_EQ(shown({"--environment", "staging"}, {"TIDEWAY_DATA=" + other}), "staging");
    EXPECT_EQ(
        refusal({"--environment", "staging", "--data", other, "flows", "list"}), "InvalidArgument"
    );
    EXPECT_EQ(
        refusal({"flows", "list"}, {"TIDEWAY_ENVIRONMENT=staging", "TIDEWAY_DATA=" + other}),
        "InvalidArgument"
    );
    EXPECT_EQ(refusal({"--environment", "stagin", "flows", "list"}), "EnvironmentUnknown");
}

TEST_F(Environments, AreForgottenWithoutBeingTouched) {
    create("staging");
    EXPECT_EQ(run({"environments", "forget", "staging"}).exit_code, 0);
    EXPECT_TRUE(json({"environments", "list"})["value"].empty());
    const std::string folder = file("data/tideway/staging");
    EXPECT_TRUE(fs::exists(folder + "/tideway.db"));
    EXPECT_EQ(run({"--data", folder, "environments", "add", "again"}).exit_code, 0);
    EXPECT_EQ(string_or(json({"environments", "show", "again"}), "environment"), "staging");
}

TEST_F(Environments, ElsewhereAreKnownByAddressAndToken) {
    Program program;
    program.write_flow("hello", kHello);
    program.init();
    program.serve();
    const auto added = run(
        {"--server", program.api_url(), "--token", program.token(), "environments", "add", "far"}
    );
    ASSERT_EQ(added.exit_code, 0) << added.text();
    const auto mode = fs::status(file("config/tideway/environments.json")).permissions();
    EXPECT_EQ(mode, fs::perms::owner_read | fs::perms::owner_write);
    const Json list = json({"environments", "list"});
    EXPECT_EQ(string_or(list["value"][0], "state"), "answers") << dump(list);
    // Whatever the shell has of another environment.
    const auto flows =
        run({"--environment", "far", "flows", "list"}, {"TIDEWAY_TOKEN=twy_of_another"});
    EXPECT_NE(flows.output.find("bad/hello"), std::string::npos) << flows.text();
    EXPECT_EQ(refusal({"--environment", "far", "backup", file("copy.db")}), "EnvironmentElsewhere");
}

TEST_F(Environments, ShowWhatRunsInThemAndWhatIsNotBound) {
    Program program;
    program.write_flow("hello", kHello);
    program.write_flow("keeps", kKeeps);
    program.init();
    program.serve();
    program.turn_on("hello");
    const Json shown = program.cli_json({"environments", "show"});
    EXPECT_EQ(string_or(shown, "state"), "answers") << dump(shown);
    EXPECT_EQ(int_or(shown["flows"], "On", 0), 1);
    EXPECT_EQ(int_or(shown["flows"], "Off", 0), 1);
    EXPECT_EQ(string_or(shown["packs"][0], "name"), "bad");
    const std::string text = program.cli({"environments", "show"}).output;
    EXPECT_NE(
        text.find("bad/deals  not bound: tideway connections add partner_center --name deals"),
        std::string::npos
    ) << text;
    EXPECT_NE(text.find("Flows: 1 on, 1 off, 0 suspended"), std::string::npos) << text;
}

// ------------------------------------------------------------------ production

class ProductionEnvironment : public ::testing::Test {
  protected:
    void SetUp() override { program_.init("0", {"--production", "--environment", "contoso"}); }

    std::string refusal(const std::vector<std::string>& arguments) const {
        const Json answer = program_.cli_json(arguments);
        const Json* error = find(answer, "error");
        return error == nullptr ? dump(answer) : string_or(*error, "code");
    }

    std::size_t tokens() const { return program_.cli_json({"tokens", "list"})["value"].size(); }

    Program program_;
};

TEST_F(ProductionEnvironment, NeedsANameOfItsOwn) {
    Program nameless;
    EXPECT_EQ(
        string_or(nameless.cli_json({"init", "--production"})["error"], "code"),
        "InvalidEnvironmentName"
    );
    EXPECT_FALSE(fs::exists(nameless.data_folder() + "/config.json"));
}

TEST_F(ProductionEnvironment, LosesNothingUnlessItsNameIsSaid) {
    program_.serve();
    ASSERT_EQ(program_.cli({"tokens", "add", "ana", "--role", "viewer"}).exit_code, 0);
    EXPECT_EQ(refusal({"tokens", "remove", "ana"}), "ConfirmationRequired");
    EXPECT_EQ(refusal({"tokens", "remove", "ana", "--confirm", "staging"}), "ConfirmationMismatch");
    EXPECT_EQ(tokens(), 2U);
    const auto refused = program_.cli({"tokens", "remove", "ana"});
    EXPECT_NE(
        refused.errors.find(
            "'contoso' is a production environment, and the token of 'ana' would be refused."
        ),
        std::string::npos
    ) << refused.errors;
    EXPECT_EQ(program_.cli({"tokens", "remove", "ana", "--confirm", "contoso"}).exit_code, 0);
    EXPECT_EQ(tokens(), 1U);
}

TEST_F(ProductionEnvironment, AsksSomebodyAtATerminal) {
    program_.serve();
    ASSERT_EQ(program_.cli({"tokens", "add", "ana", "--role", "viewer"}).exit_code, 0);
    const auto answer = [this](const std::string& typed) {
        return at_terminal(program_, "tokens remove ana", typed);
    };
    const std::string wrong = answer("staging");
    EXPECT_NE(wrong.find("Type its name to go on:"), std::string::npos) << wrong;
    EXPECT_NE(
        wrong.find("This is the environment 'contoso', and 'staging' was named"), std::string::npos
    ) << wrong;
    EXPECT_EQ(tokens(), 2U);
    EXPECT_NE(answer("contoso").find("removed ana"), std::string::npos);
    EXPECT_EQ(tokens(), 1U);
}

TEST_F(ProductionEnvironment, IsAskedForWithoutAServerToo) {
    program_.serve();
    const std::string copy = program_.folder() + "/copy.db";
    ASSERT_EQ(program_.cli({"backup", copy}).exit_code, 0);
    ASSERT_EQ(program_.cli({"pack", "install", "co_sell_dynamics365"}).exit_code, 0);
    program_.stop();
    program_.forget_server();
    EXPECT_EQ(refusal({"pack", "uninstall", "co_sell_dynamics365"}), "ConfirmationRequired");
    EXPECT_EQ(refusal({"restore", copy, "--confirm", "contoso-staging"}), "ConfirmationMismatch");
    EXPECT_EQ(program_.cli_json({"pack", "list"})["value"].size(), 1U);
    const auto restored = program_.cli({"restore", copy, "--confirm", "contoso"});
    EXPECT_EQ(restored.exit_code, 0) << restored.text();
}

}  // namespace
}  // namespace tideway::testing
