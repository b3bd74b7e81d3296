// History as its users ask for it: search, groups, cancelling many, retention.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kDeals = R"(
return flow { title = "Deals", trigger = trigger.manual {}, run = function(event)
  track { deal = event.deal, amount = event.amount }
  if event.hold then delay("Hold", 3600) end
  if event.fails then
    scope("Write", function() fail("DealLocked", "The deal is locked by Fabrikam.") end)
  end
  outcome("done", "for " .. event.deal)
end })";

constexpr const char* kHolds = R"(
return flow { title = "Holds", trigger = trigger.child {}, run = function() delay("Hold", 3600) end })";

constexpr const char* kCalls = R"(
return flow { title = "Calls", trigger = trigger.manual {}, run = function()
  run_child_flow("Call", "holds", {})
end })";

class HistoryOfProgram : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("deals", kDeals);
        program_.write_flow("holds", kHolds);
        program_.write_flow("calls", kCalls);
        program_.init();
        program_.serve();
        for (const char* flow : {"deals", "holds", "calls"}) {
            program_.turn_on(flow);
        }
    }

    std::vector<std::string> listed(std::vector<std::string> options) const {
        options.insert(options.begin(), {"runs", "list"});
        std::vector<std::string> out;
        const Json page = program_.cli_json(std::move(options));
        for (const Json& run : page.at("value")) {
            out.push_back(string_or(run, "id"));
        }
        return out;
    }

    std::string held(const std::string& deal) const {
        const std::string run = program_.start("deals", {{"deal", deal}, {"hold", true}});
        program_.wait_for(run, [](const std::string& status) { return status == "Waiting"; });
        return run;
    }

    Program program_;
};

using Ids = std::vector<std::string>;

TEST_F(HistoryOfProgram, FindsARunByWhatItTrackedAlsoAfterAKill) {
    const std::string first = held("ABC");
    const std::string second =
        string_or(program_.run("deals", {{"deal", "XYZ"}, {"amount", 12.5}}), "id");
    program_.kill();
    program_.serve();
    EXPECT_EQ(listed({"--tracked", "deal=ABC"}), Ids{first});
    EXPECT_EQ(listed({"--tracked", "deal=XYZ", "--tracked", "amount=12.5"}), Ids{second});
    EXPECT_EQ(listed({"--tracked", "deal=abc"}), Ids{});
    EXPECT_THAT(program_.cli({"runs", "show", second}).output, HasSubstr("tracked  deal = XYZ"));
    EXPECT_EQ(
        program_.cli_json({"runs", "show", second}).at("tracked").at("amount"),
        Json::array({"12.5"})
    );
}

TEST_F(HistoryOfProgram, FindsRunsByErrorTextOutcomeAndTime) {
    const std::string failed =
        string_or(program_.run("deals", {{"deal", "A"}, {"fails", true}}), "id");
    const std::string good = string_or(program_.run("deals", {{"deal", "B"}}), "id");
    EXPECT_EQ(listed({"--code", "DealLocked"}), Ids{failed});
    EXPECT_EQ(listed({"--text", "locked by fabrikam"}), Ids{failed});
    EXPECT_EQ(listed({"--text", "for b"}), Ids{good});
    EXPECT_EQ(listed({"--outcome", "done", "--flow", "deals"}), Ids{good});
    EXPECT_EQ(listed({"--status", "Failed,TimedOut"}), Ids{failed});
    EXPECT_EQ(listed({"--from", "2020-01-01", "--limit", "1"}), Ids{good});
    EXPECT_EQ(listed({"--to", "2020-01-01"}), Ids{});
}

TEST_F(HistoryOfProgram, SaysWhatIsWrongWithASearch) {
    EXPECT_THAT(
        program_.cli({"runs", "list", "--from", "yesterday"}).errors,
        HasSubstr("'from' is 'yesterday', not a time")
    );
    EXPECT_THAT(
        program_.cli({"runs", "list", "--status", "Broken"}).errors,
        HasSubstr("'Broken' is not a status")
    );
    EXPECT_THAT(program_.cli({"runs", "list", "--tracked", "deal"}).errors, HasSubstr("deal=ABC"));
    EXPECT_THAT(program_.cli({"runs", "list", "--root", "x"}).errors, HasSubstr("the id of a run"));
    EXPECT_EQ(program_.api("GET", "/runs?colour=red").code(), "InvalidFilter");
    EXPECT_EQ(program_.api("GET", "/events?status=Odd").code(), "InvalidFilter");
}

TEST_F(HistoryOfProgram, GroupsFailuresThatAreTheSame) {
    for (const char* deal : {"A", "B", "C"}) {
        program_.run("deals", {{"deal", deal}, {"fails", true}});
    }
    const Json groups = program_.cli_json({"runs", "groups"}).at("value");
    ASSERT_EQ(groups.size(), 1U) << groups;
    const Json& group = groups.front();
    EXPECT_EQ(group.at("count"), 3);
    EXPECT_EQ(group.at("code"), "DealLocked");
    EXPECT_EQ(group.at("flow"), "bad/deals");
    EXPECT_EQ(group.at("failed_step"), "Write");
    EXPECT_EQ(listed({"--fingerprint", string_or(group, "fingerprint")}).size(), 3U);
    EXPECT_THAT(
        program_.cli({"runs", "groups"}).output, HasSubstr("The deal is locked by Fabrikam.")
    );
}

TEST_F(HistoryOfProgram, CancelsWhatMatchesOnlyWhenConfirmed) {
    const std::string first = held("A");
    const std::string second = held("B");
    const std::string other = held("C");
    const auto preview = program_.cli({"runs", "cancel", "--flow", "deals", "--text", "a"});
    EXPECT_THAT(preview.output, HasSubstr("1 open run matches; nothing is cancelled yet"));
    EXPECT_EQ(string_or(program_.api("GET", "/runs/" + first).body, "status"), "Waiting");
    EXPECT_THAT(
        program_.cli({"runs", "cancel", "--tracked", "deal=A", "--yes"}).output,
        HasSubstr("1 run is cancelled")
    );
    EXPECT_EQ(string_or(program_.ended(first), "status"), "Cancelled");
    const Json rest = program_.cli_json({"runs", "cancel", "--all", "--yes"});
    EXPECT_EQ(rest.at("cancelled").size(), 2U);
    EXPECT_EQ(string_or(program_.ended(second), "status"), "Cancelled");
    EXPECT_EQ(string_or(program_.ended(other), "status"), "Cancelled");
    EXPECT_EQ(program_.cli({"runs", "cancel"}).exit_code, 1);
    EXPECT_EQ(program_.cli({"runs", "cancel", "--status", "Failed", "--yes"}).exit_code, 1);
    EXPECT_EQ(program_.cli({"runs", "cancel", "--all", "--flow", "deals"}).exit_code, 1);
}

TEST_F(HistoryOfProgram, CancelsATreeOfCallsFromItsLeafAndFromItsTop) {
    const auto call = [this] {
        const std::string top = program_.start("calls");
        std::string child;
        EXPECT_TRUE(tests::becomes([&] {
            const Ids children = listed({"--parent", top, "--status", "Waiting"});
            child = children.empty() ? "" : children.front();
            return !child.empty();
        }));
        return std::pair(top, child);
    };
    const auto [top, child] = call();
    EXPECT_THAT(program_.cli({"runs", "show", top}).output, HasSubstr("run " + child));
    EXPECT_EQ(program_.cli_json({"runs", "cancel", child, "--tree"}).at("cancelled").size(), 2U);
    EXPECT_EQ(string_or(program_.ended(top), "status"), "Cancelled");
    EXPECT_EQ(string_or(program_.ended(child), "status"), "Cancelled");
    const auto [second_top, second_child] = call();
    EXPECT_EQ(program_.cli({"runs", "cancel", second_top}).exit_code, 0);
    EXPECT_EQ(string_or(program_.ended(second_child), "status"), "Cancelled");
}

TEST_F(HistoryOfProgram, ShowsALineageFromBothEnds) {
    const std::string first = string_or(program_.run("deals", {{"deal", "A"}}), "id");
    const Json answer = program_.cli_json({"runs", "resubmit", first});
    const std::string second = answer.at("runs").front();
    program_.ended(second);
    EXPECT_THAT(program_.cli({"runs", "show", first}).output, HasSubstr("lineage  " + second));
    EXPECT_THAT(program_.cli({"runs", "show", second}).output, HasSubstr("lineage  " + first));
    EXPECT_EQ(listed({"--root", first}), (Ids{second, first}));
}

TEST_F(HistoryOfProgram, KeepsHistoryAsLongAsItIsTold) {
    program_.run("deals", {{"deal", "A"}});
    EXPECT_THAT(program_.cli({"history", "show"}).output, HasSubstr("kept for 28 days"));
    EXPECT_EQ(program_.cli({"history", "keep", "90"}).exit_code, 0);
    const Json set = program_.cli_json({"history", "keep", "7", "--flow", "deals"});
    EXPECT_EQ(set.at("days"), 90);
    for (const Json& flow : set.at("flows")) {
        if (flow.at("flow") == "bad/deals") {
            EXPECT_EQ(flow.at("days"), 7);
            EXPECT_EQ(flow.at("runs"), 1);
        }
    }
    EXPECT_EQ(program_.cli_json({"history", "keep", "--default"}).at("days"), 28);
    EXPECT_EQ(program_.cli_json({"history", "keep", "400", "--ledger"}).at("ledger_days"), 400);
    EXPECT_THAT(program_.cli({"history", "keep", "0"}).text(), HasSubstr("takes a number of days"));
    EXPECT_EQ(program_.api("PUT", "/history/retention", {{"days", -1}}).code(), "InvalidRetention");
    EXPECT_EQ(
        program_.api("PUT", "/history/retention", {{"days", 5}, {"flow", "none"}}).status, 404
    );
    EXPECT_THAT(program_.cli({"doctor"}).output, HasSubstr("history"));
}

TEST_F(HistoryOfProgram, FindsEventsByStatusAndTime) {
    program_.run("deals", {{"deal", "A"}});
    const Json events =
        program_.cli_json({"events", "list", "--flow", "deals", "--from", "2020-01-01"});
    ASSERT_EQ(events.at("value").size(), 1U);
    EXPECT_EQ(events.at("value").front().at("flow"), "bad/deals");
    EXPECT_TRUE(program_.cli_json({"events", "list", "--to", "2020-01-01"}).at("value").empty());
    EXPECT_TRUE(program_.cli_json({"events", "list", "--status", "Refused"}).at("value").empty());
}

}  // namespace
}  // namespace tideway::testing
