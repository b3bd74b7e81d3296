// Flows that start by themselves: shown before they are saved, and fired once for each time
// although the process is killed.
#include <set>

#include <gtest/gtest.h>

#include "engine/base/clock.h"
#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

constexpr const char* kTick = R"(
return flow {
  title = "Tick",
  trigger = trigger.recurrence { frequency = "Second", interval = 1, after_downtime = "all" },
  run = function(event)
    return event.scheduledTime
  end,
})";

constexpr const char* kMorning = R"(
return flow {
  title = "Every working day",
  trigger = trigger.recurrence {
    frequency = "Week",
    time_zone = "W. Europe Standard Time",
    schedule = { week_days = { "Monday", "Friday" }, hours = 8, minutes = { 0, 30 } },
  },
  run = function() end,
})";

constexpr const char* kNever = R"(
return flow {
  title = "Wrong",
  trigger = trigger.recurrence { frequency = "Day", schedule = { hours = 25 } },
  run = function() end,
})";

class Schedules : public ::testing::Test {
  protected:
    // The times for which the flow fired, oldest first.
    std::vector<std::string> fired() const {
        std::vector<std::string> out;
        const Reply reply = program_.api("GET", "/events?flow=bad/tick");
        for (const Json& event : reply.body.at("value")) {
            out.insert(out.begin(), string_or(event["payload"], "scheduledTime"));
        }
        return out;
    }

    std::size_t wait_for_firings(std::size_t count) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
        while (std::chrono::steady_clock::now() < end && fired().size() < count) {
            tests::between_looks();
        }
        const std::size_t got = fired().size();
        EXPECT_GE(got, count) << program_.log();
        return got;
    }

    // What the runs that have ended well gave back.
    std::multiset<std::string> results() const {
        std::multiset<std::string> out;
        const Reply reply = program_.api("GET", "/runs?flow=bad/tick&status=Succeeded&limit=500");
        for (const Json& run : reply.body.at("value")) {
            out.insert(string_or(run, "output"));
        }
        return out;
    }

    Program program_;
};

TEST_F(Schedules, FireOnceForEachTimeAlthoughTheProcessIsKilled) {
    program_.write_flow("tick", kTick);
    program_.init();
    program_.serve();
    program_.turn_on("tick");
    std::size_t count = 0;
    for (int kill = 0; kill < 3; ++kill) {
        count = wait_for_firings(count + 2);
        program_.kill();
        program_.serve();
    }
    wait_for_firings(count + 2);
    ASSERT_EQ(program_.cli({"flows", "off", "tick"}).exit_code, 0);
    const std::vector<std::string> times = fired();
    ASSERT_LT(times.size(), 100U) << "the list of events shows no more";
    for (std::size_t i = 1; i < times.size(); ++i) {
        EXPECT_EQ(*parse_utc(times[i]) - *parse_utc(times[i - 1]), std::chrono::seconds(1))
            << times[i - 1] << " " << times[i];
    }
    const std::multiset<std::string> wanted(times.begin(), times.end());
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (results() != wanted && std::chrono::steady_clock::now() < end) {
        tests::between_looks();
    }
    EXPECT_EQ(results(), wanted);
}

TEST_F(Schedules, ShowTheirNextTenFiringsBeforeAndAfterTheyAreOn) {
    program_.write_flow("morning", kMorning);
    program_.init();
    const auto checked = program_.cli({"flows", "check", program_.pack_folder()});
    EXPECT_EQ(checked.exit_code, 0) << checked.text();
    EXPECT_NE(checked.output.find("Next firings (Europe/Berlin, UTC):"), std::string::npos);
    const Json before = program_.cli_json({"flows", "check", program_.pack_folder()});
    EXPECT_EQ(before["flows"][0]["next_firings"]["value"].size(), 10U);

    program_.serve();
    program_.turn_on("morning");
    const Json shown = program_.cli_json({"flows", "show", "morning"});
    const Json& firings = shown["next_firings"]["value"];
    ASSERT_EQ(firings.size(), 10U);
    for (const Json& firing : firings) {
        const std::string time = string_or(firing, "local").substr(10);
        EXPECT_TRUE(time == "T08:00:00" || time == "T08:30:00") << time;
    }
    EXPECT_EQ(program_.api("GET", "/flows/bad/morning/firings?count=3").body["value"].size(), 3U);
    EXPECT_EQ(program_.api("GET", "/flows/bad/morning/firings?count=0").code(), "InvalidCount");
    const std::string text = program_.cli({"flows", "show", "morning"}).output;
    EXPECT_NE(text.find(string_or(firings[9], "at")), std::string::npos) << text;
    EXPECT_NE(text.find("acts next"), std::string::npos) << text;
}

TEST_F(Schedules, ThatAreWrongAreRefusedWithWhatToWrite) {
    program_.write_flow("never", kNever);
    program_.init();
    const auto checked = program_.cli({"flows", "check", program_.pack_folder()});
    EXPECT_NE(checked.exit_code, 0);
    EXPECT_NE(
        checked.output.find("The schedule's `hours` holds 25. [InvalidRecurrence]"),
        std::string::npos
    ) << checked.text();
    EXPECT_NE(checked.output.find("Write numbers from 0 to 23."), std::string::npos);
    program_.serve();
    const auto on = program_.cli({"flows", "on", "never"});
    EXPECT_NE(on.exit_code, 0);
    EXPECT_NE(on.text().find("holds 25"), std::string::npos) << on.text();
}

}  // namespace
}  // namespace tideway::testing
