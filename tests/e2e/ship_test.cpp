// A pack on its way from staging to production: two servers, one pack file between them.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/e2e/program.h"
#include "tests/e2e/terminal.h"
#include "tests/support/key_pems.h"

namespace tideway::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSecret = "the-key-of-staging";
constexpr const char* kValue = "a value of staging";

constexpr const char* kGreets = R"(
local hello = require "lib.words"
return flow {
  title = "Greets",
  trigger = trigger.manual {},
  run = function(event)
    compose("Who sends", { desk = env("desk") })
    local sent = run_child_flow("Send it", "sends", { line = hello.greeting(event.name) })
    return { line = sent.line }
  end,
})";

constexpr const char* kSends = R"lua(
local web = connection "web"
return flow {
  title = "Sends",
  trigger = trigger.child {},
  run = function(input)
    if env("region") == "none" then
      web.get("Ask", { uri = "/" })
    end
    return { line = input.line .. " (" .. env("region") .. ")"
}

end,
})lua";

constexpr const char* kWords = R"(
local M = {}
function M.greeting(name) return "Hello, " .. name end
return M)";

constexpr const char* kManifest = R"({
  "name": "deals", "title": "Deals", "version": "1.0.0", "publisher": "Contoso",
  "connections": {"web": {"connector": "http", "title": "The web"}},
  "variables": {
    "region": {"title": "Region", "type": "String"},
    "desk": {"title": "Desk", "type": "String"},
    "key": {"title": "Key", "type": "Secret"}
  },
  "order": ["sends", "greets"]
})";

void write(const std::string& file, const std::string& text) {
    fs::create_directories(fs::path(file).parent_path());
    std::ofstream(file, std::ios::binary) << text;
}

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

// Whether any file below the folder has the text.
bool holds(const fs::path& folder, const std::string& text) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file() && text_of(entry.path()).find(text) != std::string::npos) {
            return true;
        }
    }
    return false;
}

class Shipping : public ::testing::Test {
  protected:
    void SetUp() override {
        write(path("source/pack.json"), kManifest);
        write(path("source/greets.lua"), kGreets);
        write(path("source/sends.lua"), kSends);
        write(path("source/lib/words.lua"), kWords);
        write(path("private.pem"), keys_.private_pem);
        write(path("public.pem"), keys_.public_pem);
        staging_.init("0", {"--environment", "staging"});
        production_.init("0", {"--environment", "production", "--production"});
        staging_.serve();
        production_.serve();
        run(staging_, {"pack", "build", path("source"), "-o", path("deals.pack")});
        run(staging_, {"pack", "install", path("deals.pack"), "--allow-unsigned"});
    }

    std::string path(const std::string& name) const { return folder_.file(name); }

    static std::string run(const Program& program, const std::vector<std::string>& arguments) {
        const auto result = program.cli(arguments);
        EXPECT_EQ(result.exit_code, 0) << arguments[1] << ": " << result.text();
        return result.output;
    }

    static std::string refusal(const Program& program, const std::vector<std::string>& arguments) {
        const Json answer = program.cli_json(arguments);
        const Json* error = find(answer, "error");
        return error == nullptr ? dump(answer) : string_or(*error, "code");
    }

    static void bind(const Program& program, const std::string& region) {
        run(program, {"connections", "add", "http", "--name", "web", "--grant", "none"});
        run(program, {"variables", "set", "deals/region", region});
        run(program, {"variables", "set", "deals/desk", "Sales"});
        run(program, {"variables", "set", "deals/key", kSecret});
    }

    // A change in staging, published.
    void edit(const std::string& from, const std::string& to) const {
        const std::string file = staging_.data_folder() + "/packs/deals/lib/words.lua";
        std::string text = text_of(file);
        const auto at = text.find(from);
        ASSERT_NE(at, std::string::npos) << text;
        write(file, text.replace(at, from.size(), to));
        run(staging_, {"flows", "reload"});
    }

    // Of what staging has published.
    std::string exported(const std::string& version) const {
        std::string out = path("deals-" + version + ".pack");
        run(staging_,
            {"pack",
             "export",
             "deals",
             "--managed",
             "--version",
             version,
             "--publisher",
             "Fabrikam",
             "-o",
             out});
        run(staging_, {"pack", "sign", out, "--key", path("private.pem")});
        return out;
    }

    static std::string states(const Program& program) {
        std::string out;
        const Json flows = program.cli_json({"flows", "list"});
        for (const Json& flow : flows["value"]) {
            out +=
                (out.empty() ? "" : " ") + string_or(flow, "name") + "=" + string_or(flow, "state");
        }
        return out;
    }

    static std::string line(const Program& program) {
        const Reply started =
            program.api("POST", "/flows/deals/greets/run", {{"input", {{"name", "Ana"}}}});
        EXPECT_EQ(started.status, 202) << started.text;
        const Json run = program.ended(started.body["runs"][0].get<std::string>());
        const Json* output = find(run, "output");
        return output == nullptr ? dump(run) : string_or(*output, "line");
    }

    test_support::KeyPems keys_ = test_support::make_ed25519_keys();
    tests::TempFolder folder_;
    Program staging_;
    Program production_;
};

TEST_F(Shipping, NamesAllThatIsMissingAtAFirstInstallAndThenTurnsAllOn) {
    run(production_, {"pack", "trust", "add", "Fabrikam", path("public.pem")});
    const std::string file = exported("1.1.0");
    const auto early = production_.cli({"pack", "install", file, "--turn-on"});
    EXPECT_EQ(early.exit_code, 1);
    EXPECT_NE(early.output.find("deals 1.1.0 of Fabrikam is installed"), std::string::npos)
        << early.text();
    EXPECT_NE(early.errors.find("Nothing is turned on: 2 things are missing."), std::string::npos)
        << early.errors;
    for (const char* remedy :
         {"tideway variables set deals/desk", "tideway variables set deals/region"}) {
        EXPECT_NE(early.errors.find(remedy), std::string::npos) << early.errors;
    }
    EXPECT_EQ(states(production_), "sends=Off greets=Off");
    bind(production_, "EU");
    run(production_, {"pack", "uninstall", "deals", "--confirm", "production"});
    const Json installed = production_.cli_json({"pack", "install", file, "--turn-on"});
    EXPECT_EQ(dump(installed["turned_on"]), R"(["deals/sends","deals/greets"])") << dump(installed);
    EXPECT_EQ(states(production_), "sends=On greets=On");
}

TEST_F(Shipping, AsksAtATerminalWhetherToTurnAllOn) {
    run(production_, {"pack", "trust", "add", "Fabrikam", path("public.pem")});
    const std::string install = "pack install '" + exported("1.1.0") + "'";
    const std::string shown = at_terminal(production_, install, "y");
    EXPECT_NE(shown.find("Turn all its flows on now? [y/N]"), std::string::npos) << shown;
    EXPECT_NE(shown.find("Nothing is turned on: 2 things are missing."), std::string::npos)
        << shown;
    run(production_, {"pack", "uninstall", "deals", "--confirm", "production"});
    EXPECT_EQ(
        at_terminal(production_, install, "").find("Nothing is turned on"), std::string::npos
    );
    EXPECT_EQ(states(production_), "sends=Off greets=Off");
}

TEST_F(Shipping, TakesEditsAlongAndLeavesSecretsAndValuesWhereTheyAre) {
    bind(staging_, kValue);
    edit("Hello, ", "Good day, ");
    EXPECT_EQ(
        refusal(staging_, {"pack", "export", "deals", "--managed", "--version", "1.1.0"}),
        "DraftNotPublished"
    );
    run(staging_, {"flows", "publish", "deals"});
    const std::string file = exported("1.1.0");
    EXPECT_EQ(text_of(file).find(kSecret), std::string::npos);
    EXPECT_EQ(text_of(file).find(kValue), std::string::npos);
    run(production_, {"pack", "trust", "add", "Fabrikam", path("public.pem")});
    run(production_, {"pack", "install", file});
    EXPECT_TRUE(holds(production_.data_folder() + "/packs", "Good day, "));
    EXPECT_FALSE(holds(production_.data_folder() + "/packs", kSecret));
    EXPECT_FALSE(holds(production_.data_folder() + "/packs", kValue));
    const Json shown = production_.cli_json({"environments", "show"});
    EXPECT_FALSE(bool_or(shown["references"][0], "is_bound", true)) << dump(shown);
    for (const Json& variable : shown["variables"]) {
        EXPECT_TRUE(variable["value"].is_null()) << dump(variable);
    }
}

TEST_F(Shipping, KeepsStatesAndBindingsOfProductionWhenItIsUpgraded) {
    run(production_, {"pack", "trust", "add", "Fabrikam", path("public.pem")});
    run(production_, {"pack", "install", exported("1.1.0")});
    bind(production_, "EU");
    run(production_, {"flows", "on", "--all"});
    run(production_, {"flows", "off", "deals/greets"});
    bind(staging_, kValue);
    edit("Hello, ", "Good day, ");
    run(staging_, {"flows", "publish", "deals"});
    run(production_, {"pack", "upgrade", exported("1.2.0")});
    EXPECT_EQ(states(production_), "sends=On greets=Off");
    run(production_, {"flows", "on", "deals/greets"});
    EXPECT_NE(line(production_).find("Good day, Ana (EU)"), std::string::npos) << line(production_);
}

TEST_F(Shipping, ManagedPacksAreEditedOnlyWhereTheyAreCustomisedAndUpgradesKeepThat) {
    run(production_, {"pack", "trust", "add", "Fabrikam", path("public.pem")});
    run(production_, {"pack", "install", exported("1.1.0")});
    bind(production_, "EU");
    run(production_, {"flows", "on", "--all"});
    const std::string file = production_.data_folder() + "/packs/deals/sends.lua";
    std::string text = text_of(file);
    const auto at = text.find("\" (\"");
    ASSERT_NE(at, std::string::npos);
    write(file, text.replace(at, 4, "\" in (\""));
    EXPECT_EQ(refusal(production_, {"pack", "upgrade", exported("1.2.0")}), "PackIsManaged");
    run(production_, {"pack", "customise", "deals"});
    run(production_, {"flows", "reload"});
    run(production_, {"flows", "publish", "deals"});
    edit("Hello, ", "Good day, ");
    run(staging_, {"flows", "publish", "deals"});
    const std::string said = run(production_, {"pack", "upgrade", exported("1.3.0")});
    EXPECT_NE(said.find("1.1.0 -> 1.3.0"), std::string::npos) << said;
    EXPECT_EQ(line(production_), "Good day, Ana in (EU)");
}

}  // namespace
}  // namespace tideway::testing
