// Packs as files, with the real program: built, signed, installed, edited, upgraded.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/e2e/program.h"
#include "tests/support/key_pems.h"

namespace tideway::testing {
namespace {

std::string text_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

class Packs : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.init();
        program_.write_file("private.pem", keys_.private_pem);
        program_.write_file("public.pem", keys_.public_pem);
        run({"pack", "new", "deals", "--folder", source(), "--publisher", "Contoso"});
    }

    std::string path(const std::string& name) const { return program_.folder() + "/" + name; }

    std::string source() const { return path("source"); }

    std::string live(const std::string& name) const {
        return program_.data_folder() + "/packs/deals/" + name;
    }

    std::string run(const std::vector<std::string>& arguments) const {
        const auto result = program_.cli(arguments);
        EXPECT_EQ(result.exit_code, 0) << arguments[1] << ": " << result.text();
        return result.output;
    }

    // The error's code; the command must fail.
    std::string refusal(const std::vector<std::string>& arguments) const {
        const Json answer = program_.cli_json(arguments);
        const Json* error = find(answer, "error");
        return error == nullptr ? dump(answer) : string_or(*error, "code");
    }

    static void replace(const std::string& file, const std::string& from, const std::string& to) {
        std::string text = text_of(file);
        const auto at = text.find(from);
        ASSERT_NE(at, std::string::npos) << file << " has no " << from;
        std::ofstream(file, std::ios::binary) << text.replace(at, from.size(), to);
    }

    std::string build(const std::string& version) const {
        std::string manifest = text_of(source() + "/pack.json");
        const auto at = manifest.find("\"version\": \"") + 12;
        manifest.replace(at, manifest.find('"', at) - at, version);
        std::ofstream(source() + "/pack.json", std::ios::binary) << manifest;
        std::string out = path("deals-" + version + ".pack");
        run({"pack", "build", source(), "-o", out});
        return out;
    }

    std::string signed_build(const std::string& version) const {
        std::string out = build(version);
        run({"pack", "sign", out, "--key", path("private.pem")});
        return out;
    }

    void install(const std::string& version) const {
        run({"pack", "trust", "add", "Contoso", path("public.pem")});
        run({"pack", "install", signed_build(version)});
    }

    // "version state" of the only pack that is installed; "" when none is.
    std::string installed() const {
        const Json list = program_.cli_json({"pack", "list"});
        if (list["value"].empty()) {
            return "";
        }
        const Json& pack = list["value"][0];
        return string_or(pack, "version") + (pack["edited"].empty() ? "" : " edited");
    }

    std::string line_of_run() const {
        const Json run = program_.ended(started());
        const Json* output = find(run, "output");
        return output == nullptr ? dump(run) : string_or(*output, "line");
    }

    std::string started() const {
        const Reply reply =
            program_.api("POST", "/flows/deals/hello/run", {{"input", {{"name", "Ana"}}}});
        return reply.status == 202 ? reply.body["runs"][0].get<std::string>() : reply.text;
    }

    test_support::KeyPems keys_ = test_support::make_ed25519_keys();
    Program program_;
};

TEST_F(Packs, AreBuiltTheSameTwiceAndVerified) {
    const std::string first = build("1.0.0");
    const std::string bytes = text_of(first);
    run({"pack", "build", source(), "-o", path("again.pack")});
    EXPECT_EQ(bytes, text_of(path("again.pack")));
    EXPECT_EQ(refusal({"pack", "verify", first}), "PackNotSigned");
    run({"pack", "sign", first, "--key", path("private.pem")});
    EXPECT_EQ(refusal({"pack", "verify", first}), "KeyNotTrusted");
    const Json verified = program_.cli_json({"pack", "verify", first, "--key", path("public.pem")});
    EXPECT_EQ(string_or(verified, "publisher"), "Contoso") << dump(verified);
}

TEST_F(Packs, AreNotBuiltWithErrorsOrFailingCases) {
    replace(source() + "/cases/greets.json", "Welcome, Northwind.", "Something else");
    EXPECT_EQ(refusal({"pack", "build", source()}), "PackHasErrors");
    replace(source() + "/hello.lua", "compose(", "composse(");
    const auto checked = program_.cli({"pack", "check", source()});
    EXPECT_EQ(checked.exit_code, 1);
    EXPECT_NE(checked.output.find("hello.lua:11"), std::string::npos) << checked.text();
}

TEST_F(Packs, ThatNobodySignedAreInstalledOnlyWhenThatIsSaid) {
    const std::string file = build("1.0.0");
    EXPECT_EQ(refusal({"pack", "install", file}), "PackNotSigned");
    EXPECT_EQ(installed(), "");
    EXPECT_FALSE(std::filesystem::exists(program_.data_folder() + "/packs/.generations/deals"));
    run({"pack", "install", file, "--allow-unsigned"});
    EXPECT_EQ(installed(), "1.0.0");
}

TEST_F(Packs, ThatSomebodyChangedAreRefusedWithoutATrace) {
    program_.serve();
    run({"pack", "trust", "add", "Contoso", path("public.pem")});
    std::string bytes = text_of(signed_build("1.0.0"));
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    program_.write_file("changed.pack", bytes);
    const Json answer = program_.cli_json({"pack", "install", path("changed.pack")});
    ASSERT_TRUE(answer.contains("error")) << dump(answer);
    EXPECT_NE(string_or(answer["error"], "message"), "");
    program_.write_file("large.pack", std::string(7U << 20U, 'x'));
    EXPECT_EQ(refusal({"pack", "install", path("large.pack")}), "PackTooLarge");
    EXPECT_TRUE(std::filesystem::is_empty(program_.data_folder() + "/packs/.generations"));
    EXPECT_EQ(installed(), "");
}

TEST_F(Packs, ThatRequireEachOtherAreInstalledTogether) {
    replace(source() + "/pack.json", "\"packs\": {}", "\"packs\": {\"base\": \"1.0.0\"}");
    const std::string deals = build("1.0.0");
    replace(source() + "/pack.json", "\"name\": \"deals\"", "\"name\": \"base\"");
    replace(source() + "/pack.json", "\"packs\": {\"base\": \"1.0.0\"}", "\"packs\": {}");
    const std::string base = path("base.pack");
    run({"pack", "build", source(), "-o", base});
    EXPECT_EQ(refusal({"pack", "install", deals, "--allow-unsigned"}), "PackDependencyMissing");
    EXPECT_EQ(installed(), "");
    const Json both = program_.cli_json({"pack", "install", deals, base, "--allow-unsigned"});
    EXPECT_EQ(string_or(both["value"][0], "name"), "base") << dump(both);
    EXPECT_EQ(refusal({"pack", "uninstall", "base"}), "PackIsRequired");
    // Now base wants deals: a circle.
    replace(source() + "/pack.json", "\"packs\": {}", "\"packs\": {\"deals\": \"1.0.0\"}");
    EXPECT_EQ(
        refusal({"pack", "upgrade", build("1.1.0"), "--allow-unsigned"}), "PackDependencyCycle"
    );
    run({"pack", "uninstall", "deals"});
    run({"pack", "uninstall", "base"});
}

TEST_F(Packs, OfTheProgramAreInstalledWithTheProgramAlone) {
    const std::string available = run({"pack", "list", "--available"});
    EXPECT_NE(available.find("co_sell_dynamics365"), std::string::npos);
    run({"pack", "install", "co_sell_dynamics365"});
    program_.serve();
    EXPECT_NE(
        run({"flows", "list"}).find("co_sell_dynamics365/partner_center_to_dynamics365"),
        std::string::npos
    );
}

TEST_F(Packs, KeepLocalEditsThroughAnUpgradeOfARunningServer) {
    program_.serve();
    install("1.0.0");
    run({"flows", "on", "deals/hello"});
    EXPECT_EQ(line_of_run(), "Hello, Ana.");
    replace(live("lib/wording.lua"), "\", \"", "\" to you, \"");
    run({"flows", "reload"});
    EXPECT_EQ(line_of_run(), "Hello, Ana.");
    EXPECT_EQ(refusal({"pack", "upgrade", signed_build("1.0.1")}), "DraftNotPublished");
    run({"flows", "publish", "deals"});
    EXPECT_EQ(line_of_run(), "Hello to you, Ana.");
    EXPECT_EQ(installed(), "1.0.0 edited");
    replace(source() + "/pack.json", "\"default\": \"Hello\"", "\"default\": \"Welcome\"");
    replace(source() + "/lib/wording.lua", "--- How", "-- Second edition.\n--- How");
    // Its own case expects what the pack says without our edit.
    replace(live("cases/greets.json"), "Welcome, Northwind.", "Welcome to you, Northwind.");
    const std::string next = signed_build("1.1.0");
    const std::string planned = run({"pack", "upgrade", next, "--plan"});
    EXPECT_NE(planned.find("merged    lib/wording.lua"), std::string::npos) << planned;
    EXPECT_NE(planned.find("1 cases passed"), std::string::npos) << planned;
    EXPECT_EQ(installed(), "1.0.0 edited");
    run({"pack", "upgrade", next});
    EXPECT_EQ(installed(), "1.1.0 edited");
    EXPECT_EQ(line_of_run(), "Welcome to you, Ana.");
    run({"pack", "rollback", "deals"});
    EXPECT_EQ(line_of_run(), "Hello to you, Ana.");
    EXPECT_EQ(refusal({"pack", "uninstall", "deals"}), "PackFlowsOn");
    run({"flows", "off", "deals/hello"});
    run({"pack", "uninstall", "deals"});
    EXPECT_EQ(installed(), "");
}

TEST_F(Packs, ThatConflictGoOnInTheirVersionUntilSomebodyDecides) {
    install("1.0.0");
    replace(live("hello.lua"), "Put the greeting together", "Ours");
    replace(source() + "/hello.lua", "Put the greeting together", "Theirs");
    replace(source() + "/lib/wording.lua", "--- How", "-- Second edition.\n--- How");
    const std::string next = signed_build("1.1.0");
    const auto blocked = program_.cli({"pack", "upgrade", next, "--conflicts", path("conflicts")});
    EXPECT_EQ(blocked.exit_code, 1);
    EXPECT_NE(blocked.output.find("conflict  hello.lua line 11"), std::string::npos)
        << blocked.text();
    EXPECT_NE(blocked.output.find("\"Ours\""), std::string::npos) << blocked.text();
    EXPECT_NE(blocked.output.find("\"Theirs\""), std::string::npos) << blocked.text();
    EXPECT_EQ(installed(), "1.0.0 edited");
    EXPECT_EQ(refusal({"pack", "upgrade", next, "--resolved", path("conflicts")}), "PackConflict");
    std::ofstream(path("conflicts") + "/hello.lua", std::ios::binary) << text_of(live("hello.lua"));
    run({"pack", "upgrade", next, "--resolved", path("conflicts")});
    EXPECT_EQ(installed(), "1.1.0 edited");
    EXPECT_NE(text_of(live("hello.lua")).find("\"Ours\""), std::string::npos);
    EXPECT_NE(text_of(live("lib/wording.lua")).find("Second edition"), std::string::npos);
}

TEST_F(Packs, ThatDoNotPassTheirCasesAfterAMergeAreNotSwitched) {
    install("1.0.0");
    replace(live("lib/wording.lua"), "\", \"", "\" to you, \"");
    replace(source() + "/lib/wording.lua", "--- How", "-- Second edition.\n--- How");
    const auto blocked = program_.cli({"pack", "upgrade", signed_build("1.1.0")});
    EXPECT_EQ(blocked.exit_code, 1);
    EXPECT_NE(blocked.output.find("problem   case greets"), std::string::npos) << blocked.text();
    EXPECT_EQ(installed(), "1.0.0 edited");
}

TEST_F(Packs, AreNotReplacedByOlderOnesOrByThoseOfAnotherPublisher) {
    install("2.0.0");
    EXPECT_EQ(refusal({"pack", "upgrade", signed_build("1.9.0")}), "PackNotNewer");
    EXPECT_EQ(refusal({"pack", "upgrade", signed_build("2.0.0")}), "PackNotNewer");
    EXPECT_EQ(refusal({"pack", "install", signed_build("2.1.0")}), "PackIsInstalled");
    replace(source() + "/pack.json", "Contoso", "Fabrikam");
    EXPECT_EQ(
        refusal({"pack", "upgrade", build("3.0.0"), "--allow-unsigned"}), "PackOfAnotherPublisher"
    );
    EXPECT_EQ(installed(), "2.0.0");
}

TEST_F(Packs, ThatWereUpgradedWithoutAServerAreLiveWithTheNextStart) {
    program_.serve();
    install("1.0.0");
    run({"flows", "on", "deals/hello"});
    program_.kill();
    program_.forget_server();
    replace(source() + "/lib/wording.lua", "\", \"", "\" to all, \"");
    replace(source() + "/cases/greets.json", "Welcome, Northwind.", "Welcome to all, Northwind.");
    run({"pack", "upgrade", signed_build("1.1.0")});
    program_.serve();
    EXPECT_EQ(line_of_run(), "Hello to all, Ana.");
    EXPECT_NE(run({"flows", "history", "deals"}).find("Version 1.1.0"), std::string::npos);
}

TEST_F(Packs, ThatAreManagedKeepWhatIsPublishedUntilTheyAreCustomised) {
    install("1.0.0");
    const std::string managed = path("managed.pack");
    run({"pack", "export", "deals", "--managed", "-o", managed});
    run({"pack", "sign", managed, "--key", path("private.pem")});
    run({"pack", "uninstall", "deals"});
    run({"pack", "install", managed});
    program_.serve();
    run({"flows", "on", "deals/hello"});
    replace(live("lib/wording.lua"), "\", \"", "\" to you, \"");
    run({"flows", "reload"});
    EXPECT_EQ(line_of_run(), "Hello, Ana.");
    EXPECT_EQ(refusal({"pack", "upgrade", signed_build("1.1.0")}), "PackIsManaged");
    run({"pack", "customise", "deals"});
    run({"flows", "publish", "deals"});
    EXPECT_EQ(line_of_run(), "Hello to you, Ana.");
}

TEST_F(Packs, AreCopiedAsPacksOfTheirOwn) {
    install("1.0.0");
    replace(live("lib/wording.lua"), "\", \"", "\" to you, \"");
    run({"pack", "copy", "deals", "our_deals"});
    const Json list = program_.cli_json({"pack", "list"});
    ASSERT_EQ(list["value"].size(), 2U);
    EXPECT_EQ(string_or(list["value"][1], "source"), "copy of deals");
    EXPECT_TRUE(list["value"][1]["edited"].empty());
    EXPECT_EQ(refusal({"pack", "export", "deals"}), "PackIsEdited");
}

TEST_F(Packs, AreShippedAsTheManualSays) {
    const std::string manual = text_of("docs/packs.md");
    std::string script = "set -euo pipefail\ncd " + path("manual") + "\n";
    std::size_t at = 0;
    while ((at = manual.find("```sh\n", at)) != std::string::npos) {
        const auto end = manual.find("```", at + 6);
        script += manual.substr(at + 6, end - at - 6);
        at = end + 3;
    }
    // A free port; nobody listens there.
    const auto init = script.find("tideway init");
    ASSERT_NE(init, std::string::npos);
    script.insert(init + 12, " --api-port 0");
    std::filesystem::create_directory(path("manual"));
    program_.write_file("manual.sh", script);
    const std::string program_folder = std::filesystem::path(TIDEWAY_PROGRAM).parent_path();
    Child bash({
        .arguments =
            {"/usr/bin/env",
             "PATH=" + program_folder + ":/usr/bin:/bin",
             "TIDEWAY_DATA=" + path("manual/data"),
             "bash",
             path("manual.sh")},
        .error_file = path("manual.err"),
    });
    const std::string said = bash.read_all();
    EXPECT_EQ(bash.wait(), 0) << said << text_of(path("manual.err"));
    EXPECT_NE(said.find("conflict  hello.lua line 11"), std::string::npos) << said;
    EXPECT_TRUE(std::filesystem::exists(path("manual/deals-0.3.1.pack")));
    EXPECT_NE(
        text_of(path("manual/data/packs/deals/hello.lua")).find("\"Greet\""), std::string::npos
    );
}

}  // namespace
}  // namespace tideway::testing
