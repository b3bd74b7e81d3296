// What was done about one record, run after run.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/e2e/program.h"
#include "tests/support/test_server.h"

namespace tideway::testing {
namespace {

constexpr const char* kUpdates = R"(
local web = connection "web"
return flow {
  title = "Updates",
  trigger = trigger.manual { inputs = {
    { name = "uri", type = "text", required = true }, { name = "name", type = "text", required = true } } },
  run = function(input)
    track { deal = "D-1" }
    web.put("Write the name", { uri = input.uri, body = { name = input.name } })
    web.put("Write the key", { uri = input.uri, body = { key = "K-4711" } }, { secure = "inputs" })
    outcome("updated", 'The name is "' .. input.name .. '", as it was said.')
  end,
})";

constexpr const char* kFails = R"(
return flow {
  title = "Fails",
  trigger = trigger.manual { inputs = {} },
  run = function()
    track { deal = "D-1" }
    fail("NotNow", "It is closed.")
  end,
})";

class Timeline : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("updates", kUpdates);
        program_.write_flow("fails", kFails);
        program_.init();
        program_.serve();
        const auto added = program_.cli(
            {"connections",
             "add",
             "http",
             "--name",
             "web",
             "--set",
             "allow_private_network=true",
             "--set",
             "allow_plain_http=true"}
        );
        ASSERT_EQ(added.exit_code, 0) << added.text();
        program_.turn_on("updates");
        program_.turn_on("fails");
        first_ = update("Contoso");
        EXPECT_EQ(string_or(program_.run("fails"), "status"), "Failed");
        second_ = update("Fabrikam");
    }

    std::string update(const std::string& name) const {
        const Json run = program_.run("updates", {{"uri", service_.base_url()}, {"name", name}});
        EXPECT_EQ(string_or(run, "status"), "Succeeded") << run.dump();
        return string_or(run, "id");
    }

    Json timeline(std::vector<std::string> more) const {
        std::vector<std::string> arguments{"timeline", "deal=D-1"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return program_.cli_json(std::move(arguments)).at("value");
    }

    TestServer service_{[](const http::ServerRequest&, std::shared_ptr<http::Responder> responder) {
        responder->send(http::json_response(200, "{}"));
    }};
    Program program_;
    std::string first_;
    std::string second_;
};

TEST_F(Timeline, HasEachAttemptOldestFirstWithWhoAndWhy) {
    const Json attempts = timeline({});
    ASSERT_EQ(attempts.size(), 3U) << attempts.dump();
    EXPECT_EQ(attempts[0].at("run"), first_);
    EXPECT_EQ(attempts[0].at("outcome"), "updated");
    EXPECT_EQ(attempts[0].at("source"), "manual");
    EXPECT_EQ(attempts[0].at("started_by"), "admin");
    EXPECT_EQ(attempts[1].at("status"), "Failed");
    EXPECT_EQ(attempts[2].at("run"), second_);
    EXPECT_FALSE(attempts[0].contains("writes"));
    const std::string shown = program_.cli({"timeline", "deal=D-1"}).output;
    EXPECT_NE(shown.find("It is closed."), std::string::npos) << shown;
    EXPECT_NE(shown.find("manual by admin; run " + first_), std::string::npos) << shown;
    EXPECT_EQ(program_.cli_json({"timeline", "deal=D-2"}).at("value").size(), 0U);
}

TEST_F(Timeline, ShowsWhatWasWrittenAndNothingThatIsSecured) {
    const Json attempts = timeline({"--effects"});
    const Json& writes = attempts.at(0).at("writes");
    ASSERT_EQ(writes.size(), 2U) << attempts.dump();
    EXPECT_EQ(writes[0].at("step"), "Write the name");
    EXPECT_EQ(writes[0].at("operation"), "web.put");
    EXPECT_EQ(writes[0].at("state"), "Done");
    EXPECT_EQ(writes[0].at("input").at("body").at("name"), "Contoso");
    EXPECT_TRUE(writes[1].at("input").is_null()) << writes.dump();
    EXPECT_EQ(attempts.dump().find("K-4711"), std::string::npos);
    EXPECT_TRUE(attempts.at(1).at("writes").empty());
}

TEST_F(Timeline, OfAMutedRunSaysWhatItWouldHaveWritten) {
    program_.cli_json(
        {"flows",
         "run",
         "updates",
         "--set",
         "uri=" + service_.base_url(),
         "--set",
         "name=Northwind",
         "--dry-run"}
    );
    const Json attempts = timeline({"--effects"});
    ASSERT_EQ(attempts.size(), 4U);
    EXPECT_EQ(attempts[3].at("muted"), true);
    EXPECT_EQ(attempts[3].at("writes").at(0).at("state"), "Muted") << attempts[3].dump();
}

TEST_F(Timeline, IsExportedForASpreadsheet) {
    const std::string csv = program_.cli({"timeline", "deal=D-1", "--csv"}).output;
    EXPECT_TRUE(csv.starts_with("at,flow,run,source,started_by,status,outcome,reason,effects\r\n"))
        << csv;
    EXPECT_NE(
        csv.find(",\"The name is \"\"Contoso\"\", as it was said.\",live\r\n"), std::string::npos
    ) << csv;
    const std::string wide = program_.cli({"timeline", "deal=D-1", "--csv", "--effects"}).output;
    EXPECT_EQ(std::ranges::count(wide, '\n'), 1 + 2 + 1 + 2) << wide;
}

TEST_F(Timeline, GoesBackPageByPage) {
    const Reply newest = program_.api("GET", "/timeline?tracked=deal=D-1&limit=2");
    ASSERT_EQ(newest.status, 200) << newest.text;
    EXPECT_EQ(newest.body.at("value").at(1).at("run"), second_);
    const std::string before = std::to_string(int_or(newest.body, "next_before", 0));
    const Reply older = program_.api("GET", "/timeline?tracked=deal=D-1&before=" + before);
    ASSERT_EQ(older.body.at("value").size(), 1U) << older.text;
    EXPECT_EQ(older.body.at("value").at(0).at("run"), first_);
}

TEST_F(Timeline, IsOfSomething) {
    EXPECT_EQ(program_.api("GET", "/timeline").code(), "InvalidFilter");
    EXPECT_EQ(program_.api("GET", "/timeline?tracked=deal").code(), "InvalidFilter");
}

}  // namespace
}  // namespace tideway::testing
