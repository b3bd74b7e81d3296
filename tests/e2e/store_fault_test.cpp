// Disks, files and processes that do not behave: nothing acknowledged is lost, and the program says
// what to do.
#include <chrono>
#include <map>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"
#include "tests/support/test_server.h"

namespace tideway::testing {
namespace {

class StoreFault : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("keeps", kKeeps);
        program_.write_flow("hello", kHello);
        program_.write_flow("waits", kWaits);
        program_.init();
    }

    // Starting the server must fail: exit code 1, and the error as JSON.
    Json refused_start() const {
        const auto result = program_.cli({"--json", "serve"});
        EXPECT_EQ(result.exit_code, 1) << result.text();
        const auto parsed = parse_json(result.output, "output");
        EXPECT_TRUE(parsed) << result.text();
        return parsed && find(*parsed, "error") != nullptr ? parsed->at("error") : Json();
    }

    void execute_sql(const std::string& sql) const {
        sqlite3* database = nullptr;
        ASSERT_EQ(sqlite3_open(program_.database_file().c_str(), &database), SQLITE_OK);
        char* message = nullptr;
        EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK)
            << (message == nullptr ? "" : message);
        sqlite3_free(message);
        sqlite3_close(database);
    }

    Program program_;
};

TEST_F(StoreFault, OfADamagedFileIsNamedWithARemedy) {
    program_.write_file("data/tideway.db", std::string(100'000, 'x'));
    const Json error = refused_start();
    EXPECT_EQ(string_or(error, "code"), "StoreCorrupt");
    EXPECT_NE(string_or(error, "message").find("tideway.db"), std::string::npos);
    EXPECT_NE(string_or(error, "remedy").find("backup"), std::string::npos);
    EXPECT_EQ(program_.read_file("data/tideway.db"), std::string(100'000, 'x'))
        << "a damaged file is evidence: it stays as it is";
}

TEST_F(StoreFault, OfDamagedPagesIsFound) {
    std::string bytes = program_.read_file("data/tideway.db");
    ASSERT_GT(bytes.size(), 16'384U);
    bytes.replace(4096, bytes.size() - 8192, std::string(bytes.size() - 8192, '\x5a'));
    program_.write_file("data/tideway.db", bytes);
    EXPECT_EQ(string_or(refused_start(), "code"), "StoreCorrupt");
}

TEST_F(StoreFault, OfASecondProcessIsRefusedWhileTheFirstGoesOn) {
    program_.serve();
    const Json error = refused_start();
    EXPECT_EQ(string_or(error, "code"), "StoreInUse");
    EXPECT_FALSE(string_or(error, "remedy").empty());
    program_.turn_on("hello");
    EXPECT_EQ(string_or(program_.run("hello", {{"name", "A"}}), "status"), "Succeeded");
}

TEST_F(StoreFault, OfAnOlderProgramLeavesTheNewerStoreAlone) {
    execute_sql("INSERT INTO migration(number) VALUES (999)");
    const Json error = refused_start();
    EXPECT_EQ(string_or(error, "code"), "StoreTooNew");
    EXPECT_NE(string_or(error, "message").find("999"), std::string::npos);
    EXPECT_FALSE(string_or(error, "remedy").empty());
}

TEST_F(StoreFault, OfASecretKeyThatIsGoneIsNamed) {
    std::filesystem::remove(program_.data_folder() + "/secret.key");
    const Json error = refused_start();
    EXPECT_NE(string_or(error, "message").find("secret.key"), std::string::npos) << dump(error);
}

TEST_F(StoreFault, OfAnEnvironmentThatIsNotThereNamesTheCommandThatMakesOne) {
    std::filesystem::remove(program_.data_folder() + "/config.json");
    const Json error = refused_start();
    EXPECT_EQ(string_or(error, "code"), "EnvironmentNotFound");
    EXPECT_NE(string_or(error, "remedy").find("tideway init"), std::string::npos);
}

TEST(Address, InUseIsNamed) {
    const TestServer other([](const http::ServerRequest&, const auto&) {});
    Program program;
    program.init(std::to_string(other.port()));
    const auto result = program.cli({"--json", "serve"});
    EXPECT_EQ(result.exit_code, 1);
    const auto parsed = parse_json(result.output, "output");
    ASSERT_TRUE(parsed) << result.text();
    EXPECT_EQ(string_or(parsed->at("error"), "code"), "AddressInUse");
    EXPECT_NE(
        string_or(parsed->at("error"), "message").find(std::to_string(other.port())),
        std::string::npos
    );
}

// The files may not grow beyond a bound, which is what a full disk looks like from inside.
class FullDisk : public StoreFault {
  protected:
    // Sends events until one is refused.
    void fill() {
        program_.serve(rlim_t(2) << 20U);
        program_.turn_on("keeps");
        const std::string url = program_.trigger_url("keeps");
        Reply reply;
        for (int number = 0; number < 200; ++number) {
            const Json body = {{"number", number}, {"text", std::string(100'000, 'x')}};
            reply = program_.post(url, dump(body));
            if (reply.status != 202) {
                break;
            }
            accepted_[reply.headers.get_or("x-ms-workflow-run-id", "")] = number;
        }
        EXPECT_EQ(reply.status, 507) << reply.text.substr(0, 500);
        EXPECT_EQ(reply.code(), "StoreDiskFull");
        EXPECT_GE(accepted_.size(), 5U);
        EXPECT_TRUE(program_.is_alive());
        EXPECT_EQ(program_.api("GET", "/runs").status, 200) << "history can be read";
    }

    void expect_all_succeed() {
        for (const auto& [run, number] : accepted_) {
            const Json ended = program_.ended(run);
            EXPECT_EQ(string_or(ended, "status"), "Succeeded") << dump(ended).substr(0, 500);
            EXPECT_EQ(int_or(ended.at("output"), "number", -1), number);
        }
        const Json runs = program_.api("GET", "/runs?limit=500").body.at("value");
        EXPECT_EQ(runs.size(), accepted_.size()) << "what was refused left no run";
        const Reply next = program_.post(program_.trigger_url("keeps"), R"({"number":1})");
        EXPECT_EQ(next.status, 202) << next.text;
    }

    std::map<std::string, int> accepted_;  // run -> number
};

TEST_F(FullDisk, RefusesNewEventsAndLosesNoneThatWasAccepted) {
    fill();
    program_.kill();
    program_.serve();
    expect_all_succeed();
}

TEST_F(FullDisk, WithSpaceAgainGoesOnByItself) {
    fill();
    program_.lift_file_bound();
    expect_all_succeed();
}

constexpr const char* kAnswersMuch = R"(
return flow {
  title = "Answers much",
  trigger = trigger.http_request {},
  run = function(event)
    compose("Much", { text = string.rep("x", 4000000) })
    respond { status = 200, body = { name = event.body.name } }
    return { name = event.body.name }
  end,
})";

TEST_F(FullDisk, ForWhatARunDidIsToldToItsCallerAtOnceAndTheRunGoesOn) {
    program_.write_flow("answers", kAnswersMuch);
    program_.serve(rlim_t(2) << 20U);
    program_.turn_on("answers");
    const auto begun = std::chrono::steady_clock::now();
    const Reply reply = program_.post(program_.trigger_url("answers"), R"({"name":"Contoso"})");
    EXPECT_EQ(reply.status, 503) << reply.text;
    EXPECT_EQ(reply.code(), "RunNotStored");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30));
    const std::string run = reply.headers.get_or("x-ms-workflow-run-id", "");
    EXPECT_NE(reply.text.find(run), std::string::npos) << reply.text;
    program_.lift_file_bound();
    const Json ended = program_.ended(run);
    EXPECT_EQ(string_or(ended, "status"), "Succeeded") << dump(ended).substr(0, 500);
    EXPECT_EQ(string_or(ended.at("output"), "name"), "Contoso");
}

TEST_F(StoreFault, OfAProcessKilledInAWaitLetsTheRunGoOn) {
    program_.serve();
    program_.turn_on("waits");
    const std::string run = program_.start("waits", {{"name", "Contoso"}});
    const Json waiting =
        program_.wait_for(run, [](const std::string& s) { return s == "Waiting"; });
    EXPECT_EQ(string_or(waiting, "headline"), "Waiting: A while");
    const std::string made = string_or(waiting.at("steps").front().at("output"), "made");
    EXPECT_FALSE(made.empty()) << dump(waiting);
    program_.kill();
    program_.serve();
    const Json ended = program_.ended(run);
    EXPECT_EQ(string_or(ended, "status"), "Succeeded") << dump(ended);
    EXPECT_EQ(string_or(ended.at("output"), "name"), "Contoso");
    EXPECT_EQ(string_or(ended.at("output"), "before"), made) << "what was decided stays decided";
    EXPECT_EQ(string_or(program_.api("GET", "/flows/bad/waits").body, "state"), "On");
}

TEST_F(StoreFault, OfAnOrderlyStopLetsTheRunGoOn) {
    program_.serve();
    program_.turn_on("waits");
    const std::string run = program_.start("waits", {{"name", "Contoso"}});
    program_.stop();
    program_.serve();
    EXPECT_EQ(string_or(program_.ended(run), "status"), "Succeeded");
}

TEST_F(StoreFault, OfAnyKindIsMendedByABackupWhoseOpenRunsWaitForAPerson) {
    program_.serve();
    program_.turn_on("waits");
    const std::string run = program_.start("waits", {{"name", "Contoso"}});
    program_.wait_for(run, [](const std::string& status) { return status == "Waiting"; });
    const std::string copy = program_.folder() + "/copy.db";
    const auto made = program_.cli({"backup", copy});
    ASSERT_EQ(made.exit_code, 0) << made.text();
    EXPECT_NE(made.output.find("secret.key"), std::string::npos);
    EXPECT_EQ(string_or(program_.cli_json({"restore", copy}).at("error"), "code"), "StoreInUse");
    program_.kill();
    program_.write_file("data/tideway.db", std::string(100'000, 'x'));
    const auto restored = program_.cli({"restore", copy});
    ASSERT_EQ(restored.exit_code, 0) << restored.text();
    program_.serve();
    const Json paused = program_.api("GET", "/runs/" + run).body;
    EXPECT_EQ(string_or(paused, "status"), "Paused");
    EXPECT_EQ(string_or(paused, "code"), "RestoredFromBackup");
    const Json decision = program_.cli_json({"decisions", "show", "run/" + run});
    EXPECT_EQ(string_or(decision, "flow"), "bad/waits");
    EXPECT_EQ(string_or(decision.at("answers").at(0), "answer"), "resume");
    EXPECT_EQ(program_.cli_json({"runs", "resume", "--all"}).at("resumed"), Json({run}));
    EXPECT_EQ(string_or(program_.ended(run), "status"), "Succeeded");
    EXPECT_EQ(program_.api("POST", "/runs/" + run + "/resume").code(), "RunNotPaused");
}

}  // namespace
}  // namespace tideway::testing
