#include "engine/model/schedule.h"

#include <gtest/gtest.h>

#include "engine/base/time_zones.h"

namespace tideway::model {
namespace {

Timestamp at(std::string_view text) {
    return parse_utc(text).value();
}

Schedule schedule_of(const char* json) {
    auto schedule = parse_schedule(Json::parse(json));
    EXPECT_TRUE(schedule) << schedule.error().text();
    return schedule ? *schedule : Schedule();
}

// The first firings of a flow that is turned on at `turned_on`, as ISO texts.
std::vector<std::string> firings(
    const char* json, std::string_view turned_on, std::size_t count = 3
) {
    const Schedule schedule = schedule_of(json);
    const Timestamp on = at(turned_on);
    std::vector<std::string> out;
    for (const Timestamp firing :
         next_firings(schedule, anchor_of(schedule, on), on - Duration(1), count)) {
        out.push_back(format_utc(firing));
    }
    return out;
}

using Texts = std::vector<std::string>;

std::string problem(const char* json) {
    const auto schedule = parse_schedule(Json::parse(json));
    EXPECT_FALSE(schedule);
    return schedule ? "" : schedule.error().code + ": " + schedule.error().text();
}

TEST(Schedule, FiresAtOnceAndThenByIntervalWithoutAStart) {
    EXPECT_EQ(
        firings(R"({"frequency":"Minute","interval":15})", "2026-02-03T10:07:30Z"),
        (Texts{"2026-02-03T10:07:30Z", "2026-02-03T10:22:30Z", "2026-02-03T10:37:30Z"})
    );
}

// The example of Power Automate's documentation: every two days from the 7th, seen on the 8th.
TEST(Schedule, CountsFromAStartInThePastAndDropsWhatWasBefore) {
    EXPECT_EQ(
        firings(
            R"({"frequency":"Day","interval":2,"start_time":"2017-09-07T14:00:00Z"})",
            "2017-09-08T13:00:00Z"
        ),
        (Texts{"2017-09-09T14:00:00Z", "2017-09-11T14:00:00Z", "2017-09-13T14:00:00Z"})
    );
}

TEST(Schedule, WaitsForAStartInTheFuture) {
    EXPECT_EQ(
        firings(
            R"({"frequency":"Hour","interval":1,"start_time":"2026-05-01T00:15:00Z"})",
            "2026-02-03T10:00:00Z",
            2
        ),
        (Texts{"2026-05-01T00:15:00Z", "2026-05-01T01:15:00Z"})
    );
}

TEST(Schedule, WaitsForTheNextSlotOfItsHoursAndMinutes) {
    EXPECT_EQ(
        firings(
            R"({"frequency":"Day","schedule":{"hours":[16,8],"minutes":[30,45]}})",
            "2026-02-03T08:40:11Z",
            4
        ),
        (Texts{
            "2026-02-03T08:45:00Z",
            "2026-02-03T16:30:00Z",
            "2026-02-03T16:45:00Z",
            "2026-02-04T08:30:00Z"})
    );
}

TEST(Schedule, TakesTheMinuteOfTheFirstRunWhereNoMinutesAreGiven) {
    EXPECT_EQ(
        firings(R"({"frequency":"Day","schedule":{"hours":8}})", "2026-02-03T10:25:00Z", 2),
        (Texts{"2026-02-04T08:25:00Z", "2026-02-05T08:25:00Z"})
    );
}

TEST(Schedule, FiresOnWeekDaysOfEveryOtherWeekFromTheWeekOfItsAnchor) {
    // 2026-02-04 is a Wednesday; its week began on Sunday the 1st.
    EXPECT_EQ(
        firings(
            R"({"frequency":"Week","interval":2,"start_time":"2026-02-04T00:00:00Z",
                "schedule":{"week_days":["Monday","Thursday"],"hours":[9],"minutes":[0]}})",
            "2026-02-01T00:00:00Z"
        ),
        (Texts{"2026-02-05T09:00:00Z", "2026-02-16T09:00:00Z", "2026-02-19T09:00:00Z"})
    );
}

TEST(Schedule, KeepsTheWeekDayOfItsStartWhereNoneIsGiven) {
    EXPECT_EQ(
        firings(
            R"({"frequency":"Week","start_time":"2017-09-09T17:00:00Z"})", "2017-09-01T00:00:00Z", 2
        ),
        (Texts{"2017-09-09T17:00:00Z", "2017-09-16T17:00:00Z"})
    );
}

TEST(Schedule, CountsNegativeMonthDaysFromTheEnd) {
    EXPECT_EQ(
        firings(
            R"({"frequency":"Month","schedule":{"month_days":[-1,15],"hours":0,"minutes":0}})",
            "2028-02-01T12:00:00Z",
            4
        ),
        (Texts{
            "2028-02-15T00:00:00Z",
            "2028-02-29T00:00:00Z",
            "2028-03-15T00:00:00Z",
            "2028-03-31T00:00:00Z"})
    );
}

TEST(Schedule, FiresOnWeekDaysByTheirPlaceInTheMonth) {
    EXPECT_EQ(
        firings(
            R"({"frequency":"Month","schedule":{"hours":9,"minutes":0,"monthly_occurrences":
                [{"day":"Monday","occurrence":1},{"day":"Friday","occurrence":-1}]}})",
            "2026-11-20T00:00:00Z",
            4
        ),
        (Texts{
            "2026-11-27T09:00:00Z",
            "2026-12-07T09:00:00Z",
            "2026-12-25T09:00:00Z",
            "2027-01-04T09:00:00Z"})
    );
}

TEST(Schedule, SkipsMonthsWithoutTheFifthOfAWeekDay) {
    EXPECT_EQ(
        firings(
            R"({"frequency":"Month","schedule":{"hours":9,"minutes":0,
                "monthly_occurrences":{"day":"Sunday","occurrence":5}}})",
            "2026-01-01T00:00:00Z"
        ),
        (Texts{"2026-03-29T09:00:00Z", "2026-05-31T09:00:00Z", "2026-08-30T09:00:00Z"})
    );
}

TEST(Schedule, SkipsMonthsWithoutTheDay) {
    EXPECT_EQ(
        firings(
            R"({"frequency":"Month","schedule":{"month_days":31,"hours":6,"minutes":0}})",
            "2026-02-01T00:00:00Z"
        ),
        (Texts{"2026-03-31T06:00:00Z", "2026-05-31T06:00:00Z", "2026-07-31T06:00:00Z"})
    );
}

TEST(Schedule, TakesTheLastDayOfAShorterMonthThanThatOfItsStart) {
    EXPECT_EQ(
        firings(
            R"({"frequency":"Month","start_time":"2026-01-31T08:00:00Z"})", "2026-01-01T00:00:00Z"
        ),
        (Texts{"2026-01-31T08:00:00Z", "2026-02-28T08:00:00Z", "2026-03-31T08:00:00Z"})
    );
}

TEST(Schedule, EndsWhereItsDayNeverComes) {
    EXPECT_TRUE(firings(
                    R"({"frequency":"Month","interval":12,"start_time":"2026-02-01T00:00:00Z",
                        "schedule":{"month_days":[31]}})",
                    "2026-02-01T00:00:00Z"
    )
                    .empty());
}

TEST(Schedule, KeepsTheClockOfItsZoneOverAClockChange) {
    for (const char* zone : {"Europe/Berlin", "W. Europe Standard Time"}) {
        const std::string json = std::string(R"({"frequency":"Day","time_zone":")") + zone +
                                 R"(","start_time":"2026-03-27T08:00:00"})";
        EXPECT_EQ(
            firings(json.c_str(), "2026-03-28T00:00:00Z", 2),
            (Texts{"2026-03-28T07:00:00Z", "2026-03-29T06:00:00Z"})
        );
    }
}

// 02:30 does not exist in Berlin on 2026-03-29.
TEST(Schedule, ShiftsOrSkipsAMissingHour) {
    const std::string rule = R"({"frequency":"Day","time_zone":"Europe/Berlin",
        "schedule":{"hours":2,"minutes":30},"missing_hour":")";
    EXPECT_EQ(
        firings((rule + "shift\"}").c_str(), "2026-03-29T00:00:00Z", 2),
        (Texts{"2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"})
    );
    EXPECT_EQ(
        firings((rule + "skip\"}").c_str(), "2026-03-29T00:00:00Z", 1),
        (Texts{"2026-03-30T00:30:00Z"})
    );
}

TEST(Schedule, FiresOnceWhenAShiftedTimeFallsOnAnother) {
    EXPECT_EQ(
        firings(
            R"({"frequency":"Day","time_zone":"Europe/Berlin",
                "schedule":{"hours":[2,3],"minutes":30}})",
            "2026-03-29T00:00:00Z",
            2
        ),
        (Texts{"2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"})
    );
}

// 02:30 comes twice in Berlin on 2026-10-25.
TEST(Schedule, TakesTheFirstTheLastOrBothOfADoubledHour) {
    const std::string rule = R"({"frequency":"Day","time_zone":"Europe/Berlin",
        "schedule":{"hours":2,"minutes":30},"doubled_hour":")";
    const auto on_that_day = [&rule](const char* policy) {
        return firings((rule + policy + "\"}").c_str(), "2026-10-24T12:00:00Z", 2);
    };
    EXPECT_EQ(on_that_day("first"), (Texts{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}));
    EXPECT_EQ(on_that_day("last"), (Texts{"2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"}));
    EXPECT_EQ(on_that_day("both"), (Texts{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"}));
}

TEST(Schedule, HoursAreElapsedTimeAndDoNotFollowClocks) {
    EXPECT_EQ(
        firings(
            R"({"frequency":"Hour","interval":24,"time_zone":"Europe/Berlin",
                "start_time":"2026-03-28T08:00:00"})",
            "2026-03-28T00:00:00Z",
            2
        ),
        (Texts{"2026-03-28T07:00:00Z", "2026-03-29T07:00:00Z"})
    );
}

TEST(Schedule, SaysWhatIsWrongAndWhatToWrite) {
    EXPECT_EQ(
        problem(R"({"frequency":"Fortnight"})"),
        "InvalidRecurrence: The recurrence's `frequency` is \"Fortnight\". Write one of Second, "
        "Minute, Hour, Day, Week, Month."
    );
    EXPECT_EQ(
        problem(R"({"frequency":"Day","interval":501})"),
        "InvalidRecurrence: The recurrence's `interval` is 501. With the frequency Day it is a "
        "whole number from 1 to 500."
    );
    EXPECT_EQ(
        problem(R"({"frequency":"Day","schedule":{"hours":[24]}})"),
        "InvalidRecurrence: The schedule's `hours` holds 24. Write numbers from 0 to 23."
    );
    EXPECT_EQ(
        problem(R"({"frequency":"Month","schedule":{"month_days":0}})"),
        "InvalidRecurrence: The schedule's `month_days` holds 0. Write days from 1 to 31, or from "
        "-1, the last day of the month, to -31."
    );
    EXPECT_EQ(
        problem(R"({"frequency":"Month","schedule":{"monthly_occurrences":
            [{"day":"Monday","occurrence":7}]}})"),
        "InvalidRecurrence: The schedule's `monthly_occurrences` holds the occurrence 7. Write 1, "
        "the first in the month, to 5, or -1, the last, to -5."
    );
    EXPECT_EQ(
        problem(R"({"frequency":"Day","time_zone":"Mars/Olympus"})"),
        "InvalidRecurrence: The recurrence's `time_zone` \"Mars/Olympus\" is not known. Use a name "
        "such as \"Europe/Berlin\" or \"W. Europe Standard Time\"."
    );
    EXPECT_EQ(
        problem(R"({"frequency":"Hour","schedule":{"minutes":[15]}})"),
        "InvalidRecurrence: The frequency Hour has no `hours` and `minutes` in its schedule. Use "
        "the frequency Day, Week or Month, or put the time into `start_time`."
    );
    EXPECT_EQ(
        problem(R"({"frequency":"Day","missing_hour":"later"})"),
        "InvalidRecurrence: The recurrence's `missing_hour` is \"later\". Write one of shift, skip."
    );
}

TEST(Schedule, RefusesWhatItDoesNotKnow) {
    for (const char* json : {
             R"({})",
             R"([])",
             R"({"frequency":"Day","every":2})",
             R"({"frequency":"Day","interval":0})",
             R"({"frequency":"Day","interval":"2"})",
             R"({"frequency":"Day","interval":1.5})",
             R"({"frequency":"Day","start_time":"tomorrow"})",
             R"({"frequency":"Day","start_time":5})",
             R"({"frequency":"Day","schedule":[]})",
             R"({"frequency":"Day","schedule":{"hour":8}})",
             R"({"frequency":"Day","schedule":{"hours":[]}})",
             R"({"frequency":"Day","schedule":{"hours":["8"]}})",
             R"({"frequency":"Day","schedule":{"week_days":["Monday"]}})",
             R"({"frequency":"Week","schedule":{"week_days":["monday"]}})",
             R"({"frequency":"Week","schedule":{"month_days":[1]}})",
             R"({"frequency":"Month","schedule":{"month_days":[32]}})",
             R"({"frequency":"Week","schedule":{"monthly_occurrences":{"day":"Monday","occurrence":1}}})",
             R"({"frequency":"Month","schedule":{"monthly_occurrences":{"day":"Mon","occurrence":1}}})",
             R"({"frequency":"Month","schedule":{"monthly_occurrences":{"day":"Monday"}}})",
             R"({"frequency":"Month","schedule":{"monthly_occurrences":{"day":"Monday","occurrence":0}}})",
             R"({"frequency":"Month","schedule":{"monthly_occurrences":{"day":"Monday","occurrence":6}}})",
             R"({"frequency":"Month","schedule":{"monthly_occurrences":"first Monday"}})",
             R"({"frequency":"Day","doubled_hour":true})",
             R"({"frequency":"Day","after_downtime":"some"})",
         }) {
        const auto schedule = parse_schedule(Json::parse(json));
        ASSERT_FALSE(schedule) << json;
        EXPECT_EQ(schedule.error().code, "InvalidRecurrence") << json;
        EXPECT_FALSE(schedule.error().remedy.empty()) << json;
    }
}

TEST(Schedule, ReadsStartsWithAndWithoutOffset) {
    const auto start = [](const char* text) {
        const std::string json = std::string(R"({"frequency":"Day","time_zone":"Asia/Tokyo",)") +
                                 R"("start_time":")" + text + "\"}";
        return format_utc(schedule_of(json.c_str()).start.value());
    };
    EXPECT_EQ(start("2026-03-31T08:00:00"), "2026-03-30T23:00:00Z");
    EXPECT_EQ(start("2026-03-31T08:00:00Z"), "2026-03-31T08:00:00Z");
    EXPECT_EQ(start("2026-03-31T08:00:00+02:00"), "2026-03-31T06:00:00Z");
    EXPECT_EQ(start("2026-03-31"), "2026-03-30T15:00:00Z");
}

TEST(TimeZones, TranslatesWindowsNamesAndKeepsOthers) {
    EXPECT_EQ(iana_zone("W. Europe Standard Time"), "Europe/Berlin");
    EXPECT_EQ(iana_zone("Pacific Standard Time"), "America/Los_Angeles");
    EXPECT_EQ(iana_zone("Europe/Paris"), "Europe/Paris");
}

}  // namespace
}  // namespace tideway::model
