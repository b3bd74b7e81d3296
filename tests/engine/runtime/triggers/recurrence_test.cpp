#include "engine/runtime/triggers/recurrence.h"

#include <gtest/gtest.h>

#include "engine/base/limits.h"

namespace tideway::runtime {
namespace {

Timestamp at(std::string_view text) {
    return parse_utc(text).value();
}

model::Schedule schedule_of(const char* json) {
    return model::parse_schedule(Json::parse(json)).value();
}

model::Schedule hourly(const char* after_downtime) {
    return schedule_of((std::string(R"({"frequency":"Hour","start_time":"2026-02-03T00:00:00Z",)") +
                        R"("after_downtime":")" + after_downtime + "\"}")
                           .c_str());
}

RecurrenceCursor stands_at(const char* last) {
    return {"rule", at("2026-02-03T00:00:00Z"), at(last)};
}

// "08:00" or, where it stands for others, "08:00+3".
std::vector<std::string> shown(const DueFirings& due) {
    std::vector<std::string> out;
    for (const Firing& firing : due.firings) {
        std::string text = format_utc(firing.scheduled).substr(11, 5);
        text += firing.missed > 0 ? "+" + std::to_string(firing.missed) : "";
        out.push_back(std::move(text));
    }
    return out;
}

using Texts = std::vector<std::string>;

TEST(Recurrence, IsDueAtItsTimeAndNotBefore) {
    const model::Schedule schedule = hourly("skip");
    const RecurrenceCursor cursor = stands_at("2026-02-03T08:00:00Z");
    const DueFirings early = due_firings(schedule, cursor, at("2026-02-03T08:59:59.999999Z"));
    EXPECT_TRUE(early.firings.empty());
    EXPECT_EQ(early.last, cursor.last);
    const DueFirings due = due_firings(schedule, cursor, at("2026-02-03T09:00:00Z"));
    EXPECT_EQ(shown(due), Texts{"09:00"});
    EXPECT_EQ(due.last, at("2026-02-03T09:00:00Z"));
    EXPECT_EQ(next_firing(schedule, {"", cursor.anchor, due.last}), at("2026-02-03T10:00:00Z"));
}

TEST(Recurrence, DropsWhatWasMissedByDefault) {
    const DueFirings due =
        due_firings(hourly("skip"), stands_at("2026-02-03T08:00:00Z"), at("2026-02-03T12:30:00Z"));
    EXPECT_TRUE(due.firings.empty());
    EXPECT_EQ(due.last, at("2026-02-03T12:00:00Z"));
}

TEST(Recurrence, FiresInTimeDespiteWhatWasMissed) {
    const RecurrenceCursor cursor = stands_at("2026-02-03T08:00:00Z");
    const Timestamp now = at("2026-02-03T12:00:30Z");
    EXPECT_EQ(shown(due_firings(hourly("skip"), cursor, now)), Texts{"12:00"});
    EXPECT_EQ(shown(due_firings(hourly("once"), cursor, now)), (Texts{"11:00+2", "12:00"}));
    EXPECT_EQ(
        shown(due_firings(hourly("all"), cursor, now)), (Texts{"09:00", "10:00", "11:00", "12:00"})
    );
}

TEST(Recurrence, FiresOnceForAllThatWasMissed) {
    const DueFirings due =
        due_firings(hourly("once"), stands_at("2026-02-03T08:00:00Z"), at("2026-02-03T12:30:00Z"));
    EXPECT_EQ(shown(due), Texts{"12:00+3"});
}

TEST(Recurrence, KeepsTheLastOfVeryManyMissedFirings) {
    const auto schedule = schedule_of(
        R"({"frequency":"Second","start_time":"2026-02-03T00:00:00Z","after_downtime":"all"})"
    );
    const DueFirings due =
        due_firings(schedule, stands_at("2026-02-03T00:00:00Z"), at("2026-02-03T02:00:00Z"));
    ASSERT_EQ(due.firings.size(), limits::kMissedFiringsMax + 61);
    EXPECT_EQ(due.last, at("2026-02-03T02:00:00Z"));
    const auto once = schedule_of(
        R"({"frequency":"Second","start_time":"2026-02-03T00:00:00Z","after_downtime":"once"})"
    );
    const DueFirings one =
        due_firings(once, stands_at("2026-02-03T00:00:00Z"), at("2026-02-03T02:00:00Z"));
    EXPECT_EQ(one.firings.front().missed, 2 * 3600 - 61 - 1);
}

TEST(Recurrence, KeepsItsPlaceInTheCursor) {
    const RecurrenceCursor cursor = stands_at("2026-02-03T08:00:00.5Z");
    const auto read = read_recurrence(to_payload(cursor), "rule");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->anchor, cursor.anchor);
    EXPECT_EQ(read->last, cursor.last);
    EXPECT_FALSE(read_recurrence(to_payload(cursor), "another rule"));
    EXPECT_FALSE(read_recurrence(Payload(), "rule"));
    EXPECT_FALSE(read_recurrence(Payload("[1]"), "rule"));
}

TEST(Recurrence, TellsARunItsTimeOnBothClocks) {
    const auto schedule = schedule_of(R"({"frequency":"Day","time_zone":"Europe/Berlin"})");
    EXPECT_EQ(
        firing_event(schedule, {at("2026-03-29T06:00:00Z"), 2}).view(),
        R"({"localTime":"2026-03-29T08:00:00","missed":2,"scheduledTime":"2026-03-29T06:00:00Z",)"
        R"("timeZone":"Europe/Berlin"})"
    );
}

}  // namespace
}  // namespace tideway::runtime
