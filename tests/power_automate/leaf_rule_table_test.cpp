// The tables of the published leaf rule, row by row: the actions with their "run after", what the
// rule gives for them, and the flow of the same shape, which must end the same.
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/run_history.h"

namespace tideway::testing {
namespace {

using model::Status;
using enum model::Status;

struct PublishedAction {
    std::string name;
    std::map<std::string, std::set<Status>> run_after;
    Status ends_as = kSucceeded;  // if it runs
};

const std::set<Status> kHowever = {kSucceeded, kFailed, kSkipped, kTimedOut};

// The rule, over actions that are listed behind those that they run after.
class PublishedContainer {
  public:
    explicit PublishedContainer(const std::vector<PublishedAction>& actions) {
        std::set<std::string> leaves;
        for (const PublishedAction& action : actions) {
            run(action);
            leaves.insert(action.name);
            for (const auto& [before, statuses] : action.run_after) {
                leaves.erase(before);
            }
        }
        combine(actions, leaves);
    }

    const std::map<std::string, Status>& actions() const { return ended_; }

    Status status() const { return status_; }

  private:
    void run(const PublishedAction& action) {
        bool is_ready = true;
        for (const auto& [before, statuses] : action.run_after) {
            is_ready = is_ready && statuses.contains(ended_.at(before));
        }
        ended_[action.name] = is_ready ? action.ends_as : kSkipped;
    }

    void combine(const std::vector<PublishedAction>& actions, std::set<std::string> leaves) {
        std::set<Status> found;
        while (!leaves.empty()) {
            const std::string leaf = *leaves.begin();
            leaves.erase(leaves.begin());
            found.insert(ended_.at(leaf));
            for (const PublishedAction& action : actions) {
                if (action.name == leaf && ended_.at(leaf) == kSkipped) {
                    for (const auto& [before, statuses] : action.run_after) {
                        leaves.insert(before);
                    }
                }
            }
        }
        status_ = found.contains(kFailed)     ? kFailed
                  : found.contains(kTimedOut) ? kTimedOut
                                              : kSucceeded;
    }

    std::map<std::string, Status> ended_;
    Status status_ = kSucceeded;
};

struct LeafRuleRow {
    std::string name;
    std::vector<PublishedAction> actions;
    std::string body;  // of the flow; A, B, C ... are its steps
    Status run = kSucceeded;
};

// Steps of the flows below: ok("A"), bad("A"), late("A").
std::string with_steps(std::string body) {
    const auto replace = [&body](std::string_view word, std::string_view inside) {
        for (auto at = body.find(word); at != std::string::npos; at = body.find(word, at)) {
            const std::string name = body.substr(at + word.size(), 3);
            const std::string step =
                "scope(" + name + ", function() " + std::string(inside) + " end)";
            body.replace(at, word.size() + 4, step);
            at += step.size();
        }
    };
    replace("ok(", "log(\"done\")");
    replace("bad(", "fail(\"Bad\", \"It broke.\")");
    replace("late(", "error { code = \"Late\", message = \"Too late.\", status = \"TimedOut\" }");
    return body;
}

class LeafRuleTable : public ::testing::TestWithParam<LeafRuleRow> {};

TEST_P(LeafRuleTable, Holds) {
    const LeafRuleRow& row = GetParam();
    const PublishedContainer published(row.actions);
    EXPECT_EQ(published.status(), row.run) << "the published rule";
    RuntimeWorld world(
        {{"row",
          "return flow { title = \"Row\", trigger = trigger.manual {}, run = function()\n" +
              with_steps(row.body) + "\nend }"}},
        WorldOptions{.durability = store::Durability::kProcess}
    );
    const auto run = world.run("row");
    EXPECT_EQ(run.status, row.run);
    for (const auto& [name, status] : published.actions()) {
        EXPECT_EQ(status_of(world, run, name), status) << name;
    }
}

const LeafRuleRow kRows[] = {
    // How the statuses of leaves are combined.
    {"AllLeavesSucceeded", {{"A", {}}, {"B", {{"A", {kSucceeded}}}}}, R"(ok("A") ok("B"))"},
    {"AFailedLeafFailsTheContainer", {{"A", {}, kFailed}}, R"(bad("A"))", kFailed},
    {"ATimedOutLeafTimesItOut", {{"A", {}, kTimedOut}}, R"(late("A"))", kTimedOut},
    {"FailedOutweighsTimedOut",
     {{"A", {}, kTimedOut}, {"B", {}, kFailed}},
     R"(parallel("P", { a = function() late("A") end, b = function() bad("B") end }))",
     kFailed},
    {"TimedOutOutweighsSucceeded",
     {{"A", {}, kTimedOut}, {"B", {}}},
     R"(parallel("P", { a = function() late("A") end, b = function() ok("B") end }))",
     kTimedOut},
    // A skipped leaf is replaced by what it ran after, repeatedly.
    {"ASkippedLeafStandsForItsPredecessor",
     {{"A", {}, kFailed}, {"B", {{"A", {kSucceeded}}}}},
     R"(bad("A") ok("B"))",
     kFailed},
    {"SkippedLeavesAreReplacedRepeatedly",
     {{"A", {}, kFailed},
      {"B", {{"A", {kSucceeded}}}},
      {"C", {{"B", {kSucceeded}}}},
      {"D", {{"C", {kSucceeded}}}}},
     R"(bad("A") ok("B") ok("C") ok("D"))",
     kFailed},
    {"ASkippedLeafBehindATimeOutTimesOut",
     {{"A", {}, kTimedOut}, {"B", {{"A", {kSucceeded}}}}},
     R"(late("A") ok("B"))",
     kTimedOut},
    // Handlers.
    {"AFailureIsHandledByALeafThatSucceeds",
     {{"A", {}, kFailed}, {"C", {{"A", {kFailed}}}}},
     R"(local a = try("T", function() bad("A") end)
        if condition("Failed?", a.status == "Failed") then ok("C") end)"},
    {"AHandlerThatIsNotNeededStandsForWhatWentWell",
     {{"A", {}}, {"C", {{"A", {kFailed}}}}},
     R"(local a = try("T", function() ok("A") end)
        if condition("Failed?", a.status == "Failed") then ok("C") end)"},
    {"AHandlerThatFailsFailsTheContainer",
     {{"A", {}, kFailed}, {"C", {{"A", {kFailed}}}, kFailed}},
     R"(local a = try("T", function() bad("A") end)
        if condition("Failed?", a.status == "Failed") then bad("C") end)",
     kFailed},
    {"ATimeOutIsHandledByALeafThatSucceeds",
     {{"A", {}, kTimedOut}, {"C", {{"A", {kTimedOut}}}}},
     R"(local a = try("T", function() late("A") end)
        if condition("Late?", a.status == "TimedOut") then ok("C") end)"},
    {"AHandlerOfAnotherStatusHandlesNothing",
     {{"A", {}, kFailed}, {"C", {{"A", {kTimedOut}}}}},
     R"(local a = try("T", function() bad("A") end)
        if condition("Late?", a.status == "TimedOut") then ok("C")
        elseif a.error then error(a.error, 0) end)",
     kFailed},
    {"AHandlerBesideASkippedSuccessBranchLeavesTheFailure",
     {{"A", {}, kFailed}, {"B", {{"A", {kSucceeded}}}}, {"C", {{"A", {kFailed, kTimedOut}}}}},
     R"(local a = try("T", function() bad("A") end)
        if condition("Well?", a.error == nil) then ok("B") else ok("C") error(a.error, 0) end)",
     kFailed},
    {"AJoinThatTakesEveryStatusCuresThat",
     {{"A", {}, kFailed},
      {"J", {{"A", kHowever}}},
      {"B", {{"J", {kFailed}}}},
      {"C", {{"J", {kSucceeded}}}}},
     R"(local a = try("T", function() bad("A") end)
        ok("J")
        if condition("Well?", a.error == nil) then ok("B") else ok("C") end)"},
    // Try, catch, finally.
    {"FinallyRunsWhenTryWentWell",
     {{"A", {}}, {"C", {{"A", {kFailed, kTimedOut, kSkipped}}}}, {"F", {{"C", kHowever}}}},
     R"(local a = try("T", function() ok("A") end)
        try("Catch", function() if condition("Failed?", a.error ~= nil) then ok("C") end end)
        ok("F"))"},
    {"FinallyRunsWhenCatchHandled",
     {{"A", {}, kFailed}, {"C", {{"A", {kFailed, kTimedOut, kSkipped}}}}, {"F", {{"C", kHowever}}}},
     R"(local a = try("T", function() bad("A") end)
        try("Catch", function() if condition("Failed?", a.error ~= nil) then ok("C") end end)
        ok("F"))"},
    {"FinallyIsTheOnlyLeafAlsoWhenCatchFailed",
     {{"A", {}, kFailed},
      {"C", {{"A", {kFailed, kTimedOut, kSkipped}}}, kFailed},
      {"F", {{"C", kHowever}}}},
     R"(local a = try("T", function() bad("A") end)
        try("Catch", function() if condition("Failed?", a.error ~= nil) then bad("C") end end)
        ok("F"))"},
    {"AFinallyThatFailsFailsTheContainer",
     {{"A", {}}, {"C", {{"A", {kFailed}}}}, {"F", {{"C", kHowever}}, kFailed}},
     R"(local a = try("T", function() ok("A") end)
        try("Catch", function() if condition("Failed?", a.error ~= nil) then ok("C") end end)
        bad("F"))",
     kFailed},
    // Branches: several keys of "run after" are all waited for.
    {"AJoinIsSkippedWhenOneBranchFailed",
     {{"A", {}}, {"B", {}, kFailed}, {"J", {{"A", {kSucceeded}}, {"B", {kSucceeded}}}}},
     R"(parallel("P", { a = function() ok("A") end, b = function() bad("B") end })
        ok("J"))",
     kFailed},
    {"ABranchMayHandleItsFailureItself",
     {{"A", {}},
      {"B", {}, kFailed},
      {"C", {{"B", {kFailed}}}},
      {"J", {{"A", {kSucceeded}}, {"C", {kSucceeded}}}}},
     R"(parallel("P", { a = function() ok("A") end, b = function()
          local b = try("T", function() bad("B") end)
          if condition("Failed?", b.error ~= nil) then ok("C") end
        end })
        ok("J"))"},
    // Containers.
    {"AContainerIsSkippedWithAllThatIsInIt",
     {{"A", {}, kFailed},
      {"S", {{"A", {kSucceeded}}}},
      {"X", {{"S", {kSucceeded}}}},
      {"Y", {{"X", {kSucceeded}}}}},
     R"(bad("A") scope("S", function() ok("X") scope("Y", function() ok("Z") end) end))",
     kFailed},
    {"AContainerEndsAsItsLeavesDo",
     {{"A", {}, kFailed}, {"S", {}, kFailed}, {"B", {{"S", {kSucceeded}}}}},
     R"(scope("S", function() bad("A") end) ok("B"))",
     kFailed},
    {"AContainerThatHandlesItsFailureSucceeds",
     {{"S", {}}, {"B", {{"S", {kSucceeded}}}}},
     R"(scope("S", function() try("T", function() bad("A") end) end) ok("B"))"},
};

INSTANTIATE_TEST_SUITE_P(
    Rows,
    LeafRuleTable,
    ::testing::ValuesIn(kRows),
    [](const ::testing::TestParamInfo<LeafRuleRow>& row) { return row.param.name; }
);

}  // namespace
}  // namespace tideway::testing
