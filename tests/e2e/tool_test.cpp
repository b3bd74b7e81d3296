// Tools of packs from the command line.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

constexpr const char* kChecks = R"(
return flow {
  title = "Preflight",
  trigger = trigger.manual { inputs = {} },
  run = function()
    log(env("region"))
    return { findings = {
      { check = "Currencies", ok = true, message = "all there" },
      { check = "Users", ok = true, warning = true, message = "one is unknown", remedy = "Make a user." },
      { check = "Columns", ok = false, message = "Audit is missing", remedy = "Make it." },
    } }
  end,
})";

constexpr const char* kColumns = R"(
return flow {
  title = "Columns",
  trigger = trigger.manual { inputs = {} },
  run = function()
    if env("is_allowed") == false then
      return outcome("refused", "The user needs a role.")
    end
    compose("Look", 1)
    return { rows = {
      { what = "column", where = "opportunity", name = "name", state = "there" },
      { what = "column", where = "opportunity", name = "audit", state = "made", remark = "Audit" },
    } }
  end,
})";

constexpr const char* kEveryDay = R"(
return flow {
  title = "Every day",
  trigger = trigger.recurrence { frequency = "Day", interval = 1 },
  run = function() end,
})";

class Tools : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_file("pack/pack.json", R"({"name":"bad","version":"1.0.0",
            "variables":{"is_allowed":{"type":"Yes/No","default":true},"region":{"type":"String"}},
            "tools":{"preflight":"checks","crm":"columns"}})");
        program_.write_flow("checks", kChecks);
        program_.write_flow("columns", kColumns);
        program_.init();
        program_.serve();
    }

    void set(const std::string& variable, const std::string& value) {
        const auto done = program_.cli({"variables", "set", variable, value});
        ASSERT_EQ(done.exit_code, 0) << done.text();
    }

    Program program_;
};

TEST_F(Tools, ArePartOfTheirPackAndNameWhatTheyLack) {
    const Reply reply = program_.api("GET", "/tools");
    ASSERT_EQ(reply.status, 200) << reply.text;
    const Json& rows = reply.body.at("value");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].at("tool"), "crm");
    EXPECT_EQ(rows[0].at("flow"), "columns");
    EXPECT_TRUE(rows[0].at("problems").empty()) << reply.text;
    EXPECT_EQ(rows[1].at("tool"), "preflight");
    ASSERT_EQ(rows[1].at("problems").size(), 1U) << reply.text;
}

class PreflightGate : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_file("pack/pack.json", R"({"name":"bad","version":"1.0.0",
            "variables":{"region":{"type":"String","default":"EMEA"}},
            "tools":{"preflight":"checks"}})");
        program_.write_flow("checks", kChecks);
        program_.write_flow("daily", kEveryDay);
        program_.init();
        program_.serve();
    }

    std::string code_of(std::vector<std::string> arguments) const {
        const Json answer = program_.cli_json(std::move(arguments));
        const Json* error = find(answer, "error");
        return error == nullptr ? "" : string_or(*error, "code");
    }

    // What the newest record of an administrative act keeps.
    Json record_of(const std::string& act) const {
        sqlite3* database = nullptr;
        EXPECT_EQ(sqlite3_open(program_.database_file().c_str(), &database), SQLITE_OK);
        const std::string sql =
            "SELECT after FROM audit WHERE act = '" + act + "' ORDER BY id DESC LIMIT 1";
        std::string text;
        const auto keep = [](void* out, int, char** values, char**) {
            *static_cast<std::string*>(out) = values[0] == nullptr ? "" : values[0];
            return 0;
        };
        EXPECT_EQ(sqlite3_exec(database, sql.c_str(), keep, &text, nullptr), SQLITE_OK);
        sqlite3_close(database);
        return parse_json(text, "record").value_or(Json::object());
    }

    std::string state_of_daily() const {
        return string_or(program_.cli_json({"flows", "show", "daily"}), "state");
    }

    Program program_;
};

TEST_F(PreflightGate, KeepsAFlowThatEventsStartFromBeingTurnedOn) {
    const auto refused = program_.cli({"flows", "on", "daily"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.errors.find("problem  Columns  Audit is missing"), std::string::npos)
        << refused.errors;
    EXPECT_EQ(code_of({"flows", "on", "--all"}), "PreflightFoundProblems");
    EXPECT_NE(state_of_daily(), "On");
}

TEST_F(PreflightGate, LeavesAFlowThatPeopleStartAlone) {
    EXPECT_EQ(code_of({"flows", "on", "checks"}), "");
}

TEST_F(PreflightGate, IsPassedByWhoSaysSo) {
    EXPECT_EQ(code_of({"flows", "on", "daily", "--no-preflight"}), "");
    EXPECT_EQ(state_of_daily(), "On");
}

TEST_F(PreflightGate, StandsInTheServerForWhoeverAsksItDirectly) {
    const Reply one = program_.api("POST", "/flows/bad/daily/on");
    EXPECT_EQ(one.status, 409) << one.text;
    EXPECT_EQ(one.code(), "PreflightFoundProblems");
    const Json& asked = one.body.at("error").at("details").at("preflights").at(0);
    EXPECT_EQ(asked.at("pack"), "bad");
    EXPECT_EQ(asked.at("findings").size(), 3U) << one.text;
    const Json run = program_.ended(asked.at("run").get<std::string>());
    EXPECT_EQ(run.at("muted"), true) << run.dump();
    EXPECT_EQ(string_or(run, "started_by"), "admin") << run.dump();
    EXPECT_EQ(program_.api("POST", "/flows-on").code(), "PreflightFoundProblems");
    EXPECT_NE(state_of_daily(), "On");
}

TEST_F(PreflightGate, IsLeftOutByARequestThatSaysSoAndTheRecordKeepsIt) {
    EXPECT_EQ(
        program_.api("POST", "/flows/bad/daily/on", {{"preflight", "no"}}).code(),
        "InvalidPreflight"
    );
    EXPECT_EQ(program_.api("POST", "/flows/bad/daily/on", {{"preflight", "skip"}}).status, 200);
    EXPECT_EQ(state_of_daily(), "On");
    program_.write_flow("daily", std::string(kEveryDay) + " -- edited");
    EXPECT_EQ(program_.api("POST", "/packs/bad/publish").code(), "PreflightFoundProblems");
    EXPECT_EQ(program_.api("POST", "/packs/bad/publish", {{"preflight", "skip"}}).status, 200);
    for (const char* act : {"flows.on", "packs.publish"}) {
        EXPECT_EQ(record_of(act).at("preflight"), "skip") << act;
    }
}

// One that fails says nothing about its pack: the act is refused, and its run has the reason.
TEST_F(PreflightGate, IsNotPassedByAPreflightThatFails) {
    std::string failing = kChecks;
    failing.replace(failing.find("log(env"), 4, "fail(\"NotNow\", \"It is closed.\") log(");
    program_.write_flow("checks", failing);
    EXPECT_EQ(code_of({"flows", "publish", "bad"}), "");
    const Reply refused = program_.api("POST", "/flows/bad/daily/on");
    EXPECT_EQ(refused.code(), "ToolFailed") << refused.text;
    EXPECT_NE(refused.text.find("It is closed."), std::string::npos) << refused.text;
}

TEST_F(PreflightGate, AsksTheDraftBeforeItIsPublishedWhileEventsCome) {
    program_.cli_json({"flows", "on", "daily", "--no-preflight"});
    std::string mended = kChecks;
    mended.replace(mended.find("ok = false"), 10, "ok = true ");
    program_.write_flow("daily", std::string(kEveryDay) + " -- edited");
    EXPECT_EQ(code_of({"flows", "publish", "bad"}), "PreflightFoundProblems");
    program_.write_flow("checks", mended);
    EXPECT_EQ(code_of({"flows", "publish", "bad"}), "");
}

TEST_F(Tools, ThePreflightListsItsFindingsAndFailsWhenOneIsWrong) {
    set("bad/region", "EMEA");
    const auto said = program_.cli({"preflight"});
    EXPECT_EQ(said.exit_code, 1);
    EXPECT_NE(said.output.find("ok       Currencies  all there"), std::string::npos);
    EXPECT_NE(
        said.output.find("warning  Users  one is unknown\n         Make a user."), std::string::npos
    );
    EXPECT_NE(said.output.find("problem  Columns  Audit is missing"), std::string::npos);
    EXPECT_NE(said.errors.find("1 checks did not pass."), std::string::npos) << said.errors;
}

TEST_F(Tools, DoctorRunsThePreflightOfAPackThatHasWhatItNeeds) {
    const auto before = program_.cli({"doctor"});
    EXPECT_NE(before.output.find("preflight bad  not yet: "), std::string::npos) << before.output;
    set("bad/region", "EMEA");
    const auto after = program_.cli({"doctor"});
    EXPECT_EQ(after.exit_code, 1);
    EXPECT_NE(
        after.output.find("problem  preflight bad: Columns  Audit is missing Make it."),
        std::string::npos
    ) << after.output;
}

TEST_F(Tools, TheColumnsOfTheCrmArePlannedAndThenMade) {
    const auto plan = program_.cli({"crm", "plan"});
    EXPECT_EQ(plan.exit_code, 0) << plan.text();
    EXPECT_NE(plan.output.find("would be made"), std::string::npos) << plan.output;
    EXPECT_NE(plan.output.find("tideway crm apply bad"), std::string::npos);
    const auto off = program_.cli({"crm", "apply", "bad"});
    EXPECT_EQ(off.exit_code, 1);
    EXPECT_NE(off.errors.find("Turn it on: tideway flows on bad/columns"), std::string::npos)
        << off.errors;
    program_.turn_on("columns");
    const Json made = program_.cli_json({"crm", "apply"});
    EXPECT_EQ(made.at("effects"), "live");
    EXPECT_EQ(made.at("rows")[1].at("state"), "made");
}

TEST_F(Tools, ThatAreNotThereAreNamed) {
    const auto none = program_.cli({"verify-tenant"});
    EXPECT_EQ(none.exit_code, 1);
    EXPECT_NE(none.errors.find("No pack has a flow for 'verify_tenant'."), std::string::npos)
        << none.errors;
    const auto other = program_.cli({"crm", "plan", "other"});
    EXPECT_EQ(other.exit_code, 1);
    EXPECT_NE(other.errors.find("The pack 'other'"), std::string::npos) << other.errors;
}

TEST_F(Tools, OfARoleThatIsMissingMakeNothing) {
    set("bad/is_allowed", "No");
    const auto refused = program_.cli({"crm", "plan"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.errors.find("The user needs a role."), std::string::npos) << refused.errors;
}

}  // namespace
}  // namespace tideway::testing
