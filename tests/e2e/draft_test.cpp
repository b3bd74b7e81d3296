// Editing a pack at a server: drafts, publishing, files, and trying a draft.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"
#include "tests/support/poll.h"

namespace tideway::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kGreets = R"(
return flow {
  title = "Hello",
  trigger = trigger.manual {},
  run = function(event)
    return { greeting = "Good day " .. event.name }
  end,
})";

class Draft : public ::testing::Test {
  protected:
    Draft() {
        program_.write_flow("hello", kHello);
        program_.init();
        program_.serve();
        program_.turn_on("hello");
    }

    std::string greeting() {
        const Json started =
            program_.cli_json({"flows", "run", "hello", "--input", R"({"name":"A"})"});
        const std::string run = started.at("runs").front().get<std::string>();
        last_run_ = run;
        return program_.ended(run).at("output").at("greeting");
    }

    http::Request file_request(const std::string& method, const std::string& file) {
        http::Request request;
        request.method = method;
        request.url = program_.api_url() + "/api/v1/packs/bad/files/" + file;
        request.headers.set("Authorization", "Bearer " + program_.token());
        return request;
    }

    Program program_;
    std::string last_run_;
};

TEST_F(Draft, IsSeenByItselfComparedAndPublished) {
    EXPECT_EQ(greeting(), "Hello A");
    program_.write_flow("hello", kGreets);
    ASSERT_TRUE(tests::becomes([&] {
        return bool_or(program_.api("GET", "/flows/bad/hello").body, "has_draft", false);
    }));
    EXPECT_EQ(greeting(), "Hello A");
    const auto diff = program_.cli({"flows", "diff"});
    EXPECT_THAT(diff.output, HasSubstr("+    return { greeting = \"Good day \" .. event.name }"));
    const auto published = program_.cli({"flows", "publish", "bad", "--note", "Politer"});
    EXPECT_EQ(published.exit_code, 0) << published.text();
    EXPECT_EQ(greeting(), "Good day A");
    const Json history = program_.cli_json({"flows", "history"}).at("value");
    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(string_or(history.front(), "person"), "admin");
    EXPECT_EQ(string_or(history.front(), "note"), "Politer");
}

TEST_F(Draft, StaysOneWhenTheProgramDiesAndStartsAgain) {
    program_.write_flow("hello", kGreets);
    program_.kill();
    program_.serve();
    EXPECT_EQ(greeting(), "Hello A");
    EXPECT_EQ(program_.cli({"flows", "publish"}).exit_code, 0);
    program_.kill();
    program_.serve();
    EXPECT_EQ(greeting(), "Good day A");
}

TEST_F(Draft, WithErrorsIsNotPublishedAndEachIsNamed) {
    program_.write_flow("hello", "return flow {");
    program_.write_flow(
        "second",
        "return flow { title = \"S\", trigger = trigger.manual {},\n run = function() nonsense() "
        "end }"
    );
    const auto refused = program_.cli({"flows", "publish"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.errors, HasSubstr("hello.lua:1"));
    EXPECT_THAT(refused.errors, HasSubstr("second.lua:2"));
    EXPECT_EQ(greeting(), "Hello A");
    const Json drafts = program_.cli_json({"flows", "drafts"}).at("value");
    EXPECT_EQ(drafts.front().at("changes").size(), 2U);
    EXPECT_EQ(
        string_or(program_.cli_json({"flows", "publish"}).at("error"), "code"), "PackHasErrors"
    );
}

TEST_F(Draft, IsReplacedByAnOldRevision) {
    program_.write_flow("hello", kGreets);
    ASSERT_EQ(program_.cli({"flows", "publish"}).exit_code, 0);
    const auto restored = program_.cli({"flows", "restore", "bad", "1", "--publish"});
    EXPECT_EQ(restored.exit_code, 0) << restored.text();
    EXPECT_EQ(greeting(), "Hello A");
    EXPECT_THAT(program_.read_file("pack/hello.lua"), HasSubstr("Hello "));
}

TEST_F(Draft, IsEditedThroughTheApiByWhatWasRead) {
    const Reply read = program_.send(file_request("GET", "hello.lua"));
    ASSERT_EQ(read.status, 200) << read.text;
    EXPECT_EQ(read.text, kHello);
    const std::string etag = read.headers.get_or("ETag", "");
    http::Request save = file_request("PUT", "hello.lua");
    save.body = kGreets;
    EXPECT_EQ(program_.send(save).status, 428) << "it does not say what was read";
    save.headers.set("If-Match", etag);
    const Reply saved = program_.send(save);
    EXPECT_EQ(saved.status, 200) << saved.text;
    EXPECT_NE(saved.headers.get_or("ETag", ""), etag);
    EXPECT_EQ(program_.read_file("pack/hello.lua"), kGreets);
    const Reply late = program_.send(save);
    EXPECT_EQ(late.status, 412);
    EXPECT_EQ(late.code(), "FileChanged");
    const Json details = late.body.at("error").at("details");
    EXPECT_EQ(string_or(details.at("current"), "saved_by"), "admin");
    http::Request escape = file_request("PUT", "..%2F..%2Fevil.lua");
    escape.headers.set("If-None-Match", "*");
    EXPECT_EQ(program_.send(escape).status, 400);
}

TEST_F(Draft, ShowsWhatIsWrongWithASavedFileAtOnce) {
    http::Request save = file_request("PUT", "lib/words.lua");
    save.headers.set("If-None-Match", "*");
    save.body = "local a = 1\nreturn {";
    const Reply saved = program_.send(save);
    ASSERT_EQ(saved.status, 200) << saved.text;
    const Json finding = saved.body.at("findings").front();
    EXPECT_EQ(string_or(finding, "file"), "lib/words.lua");
    EXPECT_EQ(string_or(finding, "code"), "syntax");
    EXPECT_EQ(int_or(finding, "line", 0), 2);
}

TEST_F(Draft, IsTriedWithTheEventOfAnEarlierRun) {
    greeting();
    program_.write_flow("hello", kGreets);
    const Json tried = program_.cli_json({"flows", "try", last_run_});
    EXPECT_EQ(string_or(tried, "status"), "Succeeded") << dump(tried);
    const Json run = program_.api("GET", "/runs/" + string_or(tried, "run")).body;
    EXPECT_EQ(run.at("output").at("greeting"), "Good day A");
    EXPECT_TRUE(bool_or(run, "muted", false));
    EXPECT_EQ(greeting(), "Hello A");
}

constexpr const char* kAccepts = R"(
local referrals = connection "deals"
return flow {
  title = "Accepts", trigger = trigger.manual {},
  run = function(event)
    local deal = referrals.get_referral("Get the referral", { id = event.id })
    referrals.patch_referral("Write the CRM ID back",
      { id = deal.id, etag = deal.eTag, changes = { externalReferenceId = event.crm_id } })
    return { name = deal.name }
  end,
})";

TEST_F(Draft, IsTriedAgainstTheSandboxes) {
    program_.write_flow("accepts", kAccepts);
    program_.write_file(
        "setup.json",
        R"([{"sandbox":"partner_center","path":"/deals","body":{"name":"Northwind pilot"},"as":"deal"}])"
    );
    const Json tried = program_.cli_json(
        {"flows",
         "try",
         "--sandbox",
         "bad/accepts",
         "--setup",
         program_.folder() + "/setup.json",
         "--input",
         R"({"id":"${deal.id}","crm_id":"OPP-1"})"}
    );
    const Json run = tried.at("runs").at(0);
    EXPECT_EQ(string_or(run, "status"), "Succeeded") << dump(run);
    EXPECT_EQ(run.at("output").at("name"), "Northwind pilot");
    EXPECT_FALSE(bool_or(run, "muted", false)) << "its effects took place";
    ASSERT_EQ(tried.at("changed").at("partner_center").size(), 1U) << dump(tried.at("changed"));
    const Json write = tried.at("changed").at("partner_center").front();
    EXPECT_EQ(string_or(write, "method"), "PATCH");
    EXPECT_THAT(dump(write), HasSubstr("OPP-1"));
    EXPECT_TRUE(tried.at("changed").at("dataverse").empty());
    EXPECT_EQ(program_.api("GET", "/runs").body.at("value").size(), 0U) << "nothing ran here";
}

TEST_F(Draft, IsTriedAgainstTheSandboxesFromItsFolderWithTheEventOfARun) {
    greeting();
    program_.stop();
    const auto without_server = program_.cli(
        {"flows",
         "try",
         "--sandbox",
         program_.pack_folder() + "/hello",
         "--input",
         R"({"name":"B"})"}
    );
    EXPECT_EQ(without_server.exit_code, 0) << without_server.text();
    EXPECT_THAT(without_server.output, HasSubstr("bad/hello: Succeeded"));
    EXPECT_THAT(without_server.output, HasSubstr("which are gone now:\n  nothing"));
    program_.serve();
    program_.write_flow("hello", kGreets);
    const Json tried =
        program_.cli_json({"flows", "try", "--sandbox", "hello", "--event-of", last_run_});
    EXPECT_EQ(tried.at("runs").at(0).at("output").at("greeting"), "Good day A") << dump(tried);
}

TEST_F(Draft, ThatCannotBeTriedAgainstTheSandboxesSaysWhy) {
    const auto said = [this](std::vector<std::string> options) {
        options.insert(options.begin(), {"flows", "try"});
        const auto result = program_.cli(std::move(options));
        EXPECT_EQ(result.exit_code, 1) << result.text();
        return result.errors;
    };
    EXPECT_THAT(said({}), HasSubstr("--sandbox with a flow"));
    EXPECT_THAT(said({"--sandbox", "bad/none"}), HasSubstr("has no flow 'none'"));
    EXPECT_THAT(
        said({"--sandbox", "hello", "--input", "{}", "--event-of", "x"}), HasSubstr("both given")
    );
    program_.write_file("setup.json", R"([{"sandbox":"sap","path":"/deals"}])");
    EXPECT_THAT(
        said({"--sandbox", "hello", "--setup", program_.folder() + "/setup.json"}),
        HasSubstr("the sandbox 'sap', which there is not")
    );
    program_.write_flow("asks", R"(
local web = connection "web"
return flow { title = "Asks", trigger = trigger.manual {}, run = function() end })");
    EXPECT_THAT(said({"--sandbox", "bad/asks"}), HasSubstr("connector http (web)"));
    program_.write_flow("hello", "return flow {");
    const std::string broken = said({"--sandbox", "bad/hello"});
    EXPECT_THAT(broken, HasSubstr("hello.lua:1"));
    EXPECT_THAT(broken, HasSubstr("it has errors"));
}

TEST_F(Draft, ListsWarningsWhenTheyAreAskedFor) {
    program_.write_flow("hello", R"(
local unused = 1
return flow { title = "Hello", trigger = trigger.manual {}, run = function() return 1 end })");
    const auto all = program_.cli({"flows", "drafts"});
    EXPECT_THAT(all.output, HasSubstr("1 warning"));
    EXPECT_THAT(all.output, Not(HasSubstr("hello.lua:2")));
    EXPECT_THAT(program_.cli({"flows", "drafts", "bad"}).output, HasSubstr("hello.lua:2"));
    EXPECT_THAT(program_.cli({"flows", "drafts", "--verbose"}).output, HasSubstr("hello.lua:2"));
    program_.write_flow("hello", "return flow {");
    EXPECT_THAT(program_.cli({"flows", "drafts"}).output, HasSubstr("hello.lua:1"));
}

TEST_F(Draft, OfADataFileHasAFindingForEachMistake) {
    program_.write_file("pack/pack.json", R"({"name":"bad","version":"1.0.0",
        "schemas":{"words.json":"schemas/words.json"}})");
    program_.write_file("pack/words.json", "{\n \"greting\": \"Hello\",\n \"times\": \"two\"\n}");
    std::filesystem::create_directory(program_.pack_folder() + "/schemas");
    program_.write_file("pack/schemas/words.json", R"({"type":"object","additionalProperties":false,
        "properties":{"greeting":{"type":"string"},"times":{"type":"integer"}}})");
    for (const auto& command : std::vector<std::vector<std::string>>{
             {"flows", "check", program_.pack_folder()},
             {"flows", "drafts"},
             {"flows", "check", "bad"}}) {
        const auto said = program_.cli(command);
        EXPECT_THAT(said.output, HasSubstr("words.json:2:2: error: /greting is not known"));
        EXPECT_THAT(said.output, HasSubstr("      greeting\n"));
        EXPECT_THAT(
            said.output, HasSubstr("words.json:3:11: error: /times must be a whole number")
        );
    }
    EXPECT_EQ(program_.cli({"flows", "publish"}).exit_code, 1);
}

TEST_F(Draft, ThatWasTriedIsMarkedInTheListOfRuns) {
    greeting();
    EXPECT_THAT(program_.cli({"runs", "list"}).output, Not(HasSubstr("muted")));
    program_.cli_json({"flows", "try", last_run_});
    EXPECT_THAT(program_.cli({"runs", "list"}).output, HasSubstr("muted; "));
    EXPECT_EQ(program_.cli_json({"runs", "list"}).at("value").at(0).at("muted"), true);
}

TEST_F(Draft, OfARunBecomesACaseThatPasses) {
    greeting();
    const auto recorded =
        program_.cli({"test", program_.pack_folder(), "--record", last_run_, "--name", "greets"});
    EXPECT_EQ(recorded.exit_code, 0) << recorded.text();
    EXPECT_THAT(recorded.output, HasSubstr("passed  greets"));
    const Json test = Json::parse(program_.read_file("pack/cases/greets.json"));
    EXPECT_EQ(test.at("event"), Json({{"name", "A"}}));
    const auto again =
        program_.cli({"test", program_.pack_folder(), "--record", last_run_, "--name", "greets"});
    EXPECT_EQ(again.exit_code, 1);
    EXPECT_THAT(again.errors, HasSubstr("--name"));
}

TEST(OnSave, PublishMakesASavedFileLive) {
    Program program;
    program.write_flow("hello", kHello);
    program.init();
    Json config = Json::parse(program.read_file("data/config.json"));
    EXPECT_EQ(string_or(config, "on_save"), "draft");
    config["on_save"] = "publish";
    program.write_file("data/config.json", config.dump());
    program.serve();
    const std::string before = string_or(program.api("GET", "/flows/bad/hello").body, "version");
    program.write_flow("hello", kGreets);
    EXPECT_TRUE(tests::becomes([&] {
        return string_or(program.api("GET", "/flows/bad/hello").body, "version") != before;
    }));
}

}  // namespace
}  // namespace tideway::testing
