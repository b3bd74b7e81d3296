// Turns as callers of an HTTP trigger and people at the command line see them, over a kill -9.
#include <gtest/gtest.h>

#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

constexpr const char* kInLine = R"(
return flow {
  title = "In line",
  trigger = trigger.http_request {
    concurrency      = { runs = 1, waiting = 1 },
    one_at_a_time_by = function(event) return event.body.record end,
    coalesce_by      = function(event) return event.body.record end,
  },
  run = function(event)
    if event.body.hold then delay("Hold", 3600) end
    return event.body.number
  end,
})";

class TurnOfProgram : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("line", kInLine);
        program_.init();
        program_.serve();
        program_.turn_on("line");
    }

    Reply post(const Json& body) const {
        return program_.post(program_.trigger_url("line"), dump(body));
    }

    std::string accepted(const Json& body) const {
        const Reply reply = post(body);
        EXPECT_EQ(reply.status, 202) << reply.text;
        return reply.headers.get_or("x-ms-workflow-run-id", "");
    }

    std::string hold() const {
        const std::string run = accepted({{"record", "a"}, {"number", 1}, {"hold", true}});
        program_.wait_for(run, [](const std::string& status) { return status == "Waiting"; });
        return run;
    }

    Program program_;
};

TEST_F(TurnOfProgram, ARunInLineNamesTheOneItWaitsForAndStartsAfterAKill) {
    const std::string first = hold();
    const std::string second = accepted({{"record", "a"}, {"number", 2}});
    EXPECT_EQ(accepted({{"record", "a"}, {"number", 3}}), second);
    program_.kill();
    program_.serve();
    const CommandResult shown = program_.cli({"runs", "show", second});
    EXPECT_NE(
        shown.output.find("Waiting: its turn: the run " + first + " with the same key comes first"),
        std::string::npos
    ) << shown.text();
    const CommandResult events = program_.cli({"events", "list", "--status", "Coalesced"});
    EXPECT_NE(events.output.find("The run " + second + " stands for it"), std::string::npos)
        << events.text();
    EXPECT_EQ(program_.cli({"runs", "cancel", first}).exit_code, 0);
    const Json run = program_.ended(second);
    EXPECT_EQ(string_or(run, "status"), "Succeeded");
    EXPECT_EQ(run.at("output"), Json(3));
}

TEST_F(TurnOfProgram, ACallerThatFindsTheLineFullIsToldToComeAgain) {
    hold();
    accepted({{"record", "b"}, {"number", 2}});
    const Reply refused = post({{"record", "c"}, {"number", 3}});
    EXPECT_EQ(refused.status, 429) << refused.text;
    EXPECT_EQ(refused.code(), "TooManyWaitingRuns");
    EXPECT_TRUE(refused.headers.get("Retry-After"));
    EXPECT_EQ(
        string_or(program_.refused_event("line"), "reason"),
        "The flow 'line' takes no event now: 1 of its runs may be under way and 1 may wait, and as "
        "many do."
    );
}

}  // namespace
}  // namespace tideway::testing
