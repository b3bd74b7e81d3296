// Resubmitting as its users do it: plan, apply, abort, resume, also over a kill -9.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kOrders = R"(
return flow { title = "Orders", trigger = trigger.manual {}, run = function(event)
  compose("Note", { n = event.n, id = uuid() })
  delay("Wait", event.pause or 0)
  if event.broken then
    scope("Write", function() fail("Locked", "The order is locked by Fabrikam.") end)
  end
  return event.n
end })";

constexpr const char* kRepaired = R"(
return flow { title = "Orders", trigger = trigger.manual {}, run = function(event)
  delay("Wait", event.pause or 0)
  return event.n
end })";

class ResubmitOfProgram : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("orders", kOrders);
        program_.init();
        program_.serve();
        program_.turn_on("orders");
    }

    std::string failed(int n) const {
        return string_or(program_.run("orders", {{"n", n}, {"broken", true}}), "id");
    }

    void repair() const {
        program_.write_flow("orders", kRepaired);
        EXPECT_EQ(program_.cli({"flows", "publish"}).exit_code, 0);
    }

    Json shown(const std::string& id) const {
        return program_.cli_json({"resubmissions", "show", id, "--items"});
    }

    Json ended(const std::string& id) const {
        Json out;
        EXPECT_TRUE(tests::becomes([&] {
            out = shown(id);
            return string_or(out, "state") != "Running" && !out.at("runs").contains("Started");
        })) << out;
        return out;
    }

    Program program_;
};

TEST_F(ResubmitOfProgram, OfOneRunWorksAsBefore) {
    const std::string run = failed(1);
    repair();
    const auto said = program_.cli({"runs", "resubmit", run, "--code", "current"});
    EXPECT_EQ(said.exit_code, 0) << said.text();
    EXPECT_THAT(said.output, HasSubstr("with the current version; the run " + run));
    const auto patched =
        program_.cli_json({"runs", "resubmit", run, "--patch", R"({"broken":null,"n":7})"});
    const Json again = program_.ended(patched.at("runs").front().get<std::string>());
    EXPECT_EQ(again.at("output"), 7) << again;
    EXPECT_EQ(string_or(again, "resubmit_of"), run);
}

TEST_F(ResubmitOfProgram, WithTheDraftLeavesWhatIsPublishedAsItIs) {
    const std::string first = failed(1);
    failed(2);
    program_.write_flow("orders", kRepaired);
    const auto one = program_.cli_json({"runs", "resubmit", first, "--code", "draft"});
    const Json again = program_.ended(one.at("runs").front().get<std::string>());
    EXPECT_EQ(string_or(again, "status"), "Succeeded") << again;
    const Json all = program_.cli_json({"runs", "resubmit", "--all", "--code", "draft", "--apply"});
    EXPECT_EQ(string_or(all, "state"), "Done") << all;
    EXPECT_EQ(all.at("runs").at("Succeeded"), 1) << all;
    const Json published = program_.run("orders", {{"n", 3}, {"broken", true}});
    EXPECT_EQ(string_or(published, "status"), "Failed") << published;
}

TEST_F(ResubmitOfProgram, OfManyIsPlannedThenApplied) {
    for (int n = 1; n <= 3; ++n) {
        failed(n);
    }
    repair();
    const Json plan = program_.cli_json(
        {"runs",
         "resubmit",
         "--flow",
         "orders",
         "--status",
         "Failed",
         "--code",
         "current",
         "--plan"}
    );
    EXPECT_EQ(plan.at("made"), 3);
    EXPECT_EQ(plan.at("runs").size(), 3U);
    const auto text = program_.cli({"runs", "resubmit", "--all", "--code", "current", "--plan"});
    EXPECT_THAT(text.output, HasSubstr("3 of 3 runs will be made again"));
    EXPECT_THAT(text.output, HasSubstr("Nothing is done yet"));
    EXPECT_EQ(program_.cli_json({"resubmissions", "list"}).at("value").size(), 0U);
    const auto changed = program_.cli(
        {"runs", "resubmit", "--all", "--code", "original", "--apply", "--expect", "0000"}
    );
    EXPECT_EQ(changed.exit_code, 1);
    EXPECT_THAT(changed.errors, HasSubstr("Plan it again"));
    const Json done = program_.cli_json(
        {"runs",
         "resubmit",
         "--all",
         "--code",
         "current",
         "--apply",
         "--expect",
         string_or(plan, "plan")}
    );
    EXPECT_EQ(string_or(done, "state"), "Done") << done;
    EXPECT_EQ(done.at("runs").at("Succeeded"), 3);
    const auto nothing = program_.cli({"runs", "resubmit", "--all", "--apply"});
    EXPECT_EQ(nothing.exit_code, 1);
    EXPECT_THAT(nothing.errors, HasSubstr("resubmitted already"));
    const Json items = shown(dump(done.at("id"))).at("items");
    const Json run = program_.ended(string_or(items.front(), "run"));
    EXPECT_EQ(run.at("resubmission"), done.at("id"));
    EXPECT_EQ(string_or(run, "resubmit_of"), string_or(items.front(), "original"));
}

TEST_F(ResubmitOfProgram, PatchesEventsWithALuaFunction) {
    const std::string run = failed(4);
    const std::string fix = program_.folder() + "/fix.lua";
    std::ofstream(fix) << "return function(input, run)\n"
                          "  input.broken = run.error_code ~= 'Locked'\n"
                          "  input.n = input.n * 10\n"
                          "  return input\nend";
    const Json done =
        program_.cli_json({"runs", "resubmit", "--all", "--patch-lua", fix, "--apply"});
    EXPECT_EQ(string_or(done, "state"), "Done") << done;
    EXPECT_EQ(done.at("choices").at("patch_lua").at("file"), "fix.lua");
    const Json again = program_.ended(string_or(shown("1").at("items").front(), "run"));
    EXPECT_EQ(again.at("output"), 40) << again;
    std::ofstream(fix) << "return function(input)\n  return input.n.m.o\nend";
    const auto refused = program_.cli({"runs", "resubmit", run, "--patch-lua", fix, "--plan"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.errors, HasSubstr(run));
    EXPECT_THAT(refused.errors, HasSubstr("fix.lua:2:"));
}

TEST_F(ResubmitOfProgram, GoesOnAfterAKill) {
    for (int n = 1; n <= 30; ++n) {
        failed(n);
    }
    repair();
    const Json made = program_.cli_json(
        {"runs",
         "resubmit",
         "--all",
         "--code",
         "current",
         "--patch",
         R"({"pause":0.2})",
         "--apply",
         "--at-once",
         "3",
         "--detach"}
    );
    const std::string id = dump(made.at("id"));
    for (const int reached : {4, 12}) {
        ASSERT_TRUE(tests::becomes([&] {
            return int_or(shown(id).at("runs"), "Succeeded", 0) >= reached;
        }));
        program_.kill();
        program_.serve();
    }
    const Json done = ended(id);
    EXPECT_EQ(string_or(done, "state"), "Done") << done;
    EXPECT_EQ(done.at("runs").at("Succeeded"), 30) << done;
    std::set<std::string> runs;
    for (const Json& item : done.at("items")) {
        runs.insert(string_or(item, "run"));
    }
    EXPECT_EQ(runs.size(), 30U);
    const Json all = program_.cli_json({"runs", "list", "--status", "Succeeded", "--limit", "500"});
    EXPECT_EQ(all.at("value").size(), 30U);
}

TEST_F(ResubmitOfProgram, StopsIsAbortedAndResumed) {
    for (int n = 1; n <= 4; ++n) {
        failed(n);
    }
    const auto stopped =
        program_.cli({"runs", "resubmit", "--all", "--apply", "--at-once", "1", "--stop-after", "2"}
        );
    EXPECT_EQ(stopped.exit_code, 1);
    EXPECT_THAT(stopped.output, HasSubstr("Stopped"));
    EXPECT_THAT(stopped.output, HasSubstr("2 of the new runs have failed"));
    const Json resumed = program_.cli_json({"resubmissions", "resume", "1"});
    EXPECT_EQ(string_or(resumed, "state"), "Running");
    EXPECT_EQ(ended("1").at("runs").at("Failed"), 4);
    const auto done = program_.cli({"resubmissions", "abort", "1"});
    EXPECT_EQ(done.exit_code, 1);
    EXPECT_THAT(done.errors, HasSubstr("is done"));
    EXPECT_THAT(
        program_.cli({"resubmissions", "show", "9"}).errors, HasSubstr("no resubmission 9")
    );
}

TEST_F(ResubmitOfProgram, SaysWhatIsWrongWithARequest) {
    const auto text_of = [this](std::vector<std::string> options) {
        options.insert(options.begin(), {"runs", "resubmit"});
        const auto result = program_.cli(std::move(options));
        EXPECT_EQ(result.exit_code, 1) << result.text();
        return result.errors;
    };
    EXPECT_THAT(text_of({"--flow", "orders"}), HasSubstr("planned first (--plan)"));
    EXPECT_THAT(text_of({"--plan"}), HasSubstr("or --all"));
    EXPECT_THAT(text_of({"--all", "--plan", "--apply"}), HasSubstr("one of them"));
    EXPECT_THAT(text_of({"--status", "Running", "--plan"}), HasSubstr("cannot be resubmitted"));
    EXPECT_THAT(text_of({"--all", "--code", "newest", "--plan"}), HasSubstr("not a code choice"));
    EXPECT_THAT(text_of({"--all", "--patch", "[1", "--plan"}), HasSubstr("--patch"));
    EXPECT_THAT(text_of({"--all", "--at-once", "5000", "--apply"}), HasSubstr("1 to 500"));
    EXPECT_THAT(text_of({"nothing"}), HasSubstr("no run 'nothing'"));
    const std::string run = failed(1);
    EXPECT_THAT(text_of({run, "--from-step", "Nowhere"}), HasSubstr("never came to"));
}

}  // namespace
}  // namespace tideway::testing
