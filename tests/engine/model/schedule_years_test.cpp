// Years of schedules over clock changes, against a computation that shares nothing with them: days
// are listed by stepping from the anchor, and what clocks show in each minute is asked of the C
// library, not of the library that the engine uses.
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "engine/model/schedule.h"

namespace tideway::model {
namespace {

constexpr std::int64_t kMinuteSeconds = 60;
constexpr std::int64_t kDayMinutes = 1440;

struct Span {
    const char* zone;
    std::int64_t first;  // minutes since 1970
    std::int64_t end;
};

std::int64_t minute_of(std::string_view text) {
    return to_micros(parse_utc(text).value()) / 1'000'000 / kMinuteSeconds;
}

std::vector<Span> spans() {
    const auto years = [](const char* zone, const char* first, const char* end) {
        return Span{zone, minute_of(first), minute_of(end)};
    };
    return {
        years("Europe/Berlin", "2024-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        years("America/New_York", "2024-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        // Half an hour.
        years("Australia/Lord_Howe", "2024-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        // The clock change is at midnight: 00:00 is missing, or 23:00 comes twice.
        years("America/Sao_Paulo", "2017-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        years("Asia/Beirut", "2022-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        // Four changes in some years.
        years("Africa/Casablanca", "2023-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        // 2011-12-30 is missing as a whole.
        years("Pacific/Apia", "2010-06-01T00:00:00Z", "2013-01-01T00:00:00Z"),
        years("Asia/Kathmandu", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
    };
}

// What clocks of a zone show, minute by minute, from the C library. Local minutes are those since
// 1970 on that clock. Not for several threads: the process uses that zone meanwhile.
class Clocks {
  public:
    explicit Clocks(const Span& span)
        : first_(span.first) {
        setenv("TZ", span.zone, 1);
        tzset();
        shown_.resize(static_cast<std::size_t>(span.end - span.first + 2 * kMargin));
        for (std::int64_t minute = span.first; minute < span.end; ++minute) {
            const std::time_t seconds = minute * kMinuteSeconds;
            std::tm shown{};
            localtime_r(&seconds, &shown);
            const std::int64_t local = minute + shown.tm_gmtoff / kMinuteSeconds;
            local_.push_back(local);
            Shown& at = shown_.at(index(local));
            at.first = at.first == 0 ? minute : at.first;
            at.last = minute;
        }
        unsetenv("TZ");
        tzset();
    }

    std::int64_t local(std::int64_t minute) const {
        return local_.at(static_cast<std::size_t>(minute - first_));
    }

    // The minutes at which clocks show it: none when it is skipped, two when it comes twice.
    std::vector<std::int64_t> shown_at(std::int64_t local) const {
        const Shown& at = shown_.at(index(local));
        if (at.first == 0) {
            return {};
        }
        return at.first == at.last ? std::vector{at.first} : std::vector{at.first, at.last};
    }

    // The minute after which clocks skip `local`; nothing before and after what is known.
    std::optional<std::int64_t> jump_over(std::int64_t local) const {
        if (local <= local_.front() || local >= local_.back()) {
            return std::nullopt;
        }
        while (shown_.at(index(local)).first == 0) {
            --local;
        }
        return shown_.at(index(local)).last;
    }

  private:
    struct Shown {
        std::int64_t first = 0;  // 0: never
        std::int64_t last = 0;
    };

    static constexpr std::int64_t kMargin = 5 * kDayMinutes;

    std::size_t index(std::int64_t local) const {
        return static_cast<std::size_t>(local - first_ + kMargin);
    }

    std::int64_t first_;
    std::vector<std::int64_t> local_;
    std::vector<Shown> shown_;
};

// Walked once for all tests.
const Clocks& clocks_of(const Span& span) {
    static std::map<std::string, Clocks> known;
    return known.try_emplace(span.zone, span).first->second;
}

std::tm civil(std::int64_t day) {
    const std::time_t seconds = day * kDayMinutes * kMinuteSeconds;
    std::tm out{};
    gmtime_r(&seconds, &out);
    return out;
}

// The days (since 1970) from `first` to `end` on which a schedule fires, by stepping through them.
std::set<std::int64_t> days_of(const Schedule& schedule, std::int64_t first, std::int64_t end) {
    std::set<std::int64_t> out;
    if (schedule.frequency == Frequency::kDay) {
        for (std::int64_t day = first; day < end; day += schedule.interval) {
            out.insert(day);
        }
        return out;
    }
    if (schedule.frequency == Frequency::kWeek) {
        std::vector<int> week_days = schedule.week_days;
        if (week_days.empty()) {
            week_days.push_back(civil(first).tm_wday);
        }
        const std::int64_t sunday = first - civil(first).tm_wday;
        for (std::int64_t week = sunday; week < end; week += 7 * schedule.interval) {
            for (const int day : week_days) {
                out.insert(week + day);
            }
        }
        return out;
    }
    std::tm month = civil(first);
    const int anchor_day = month.tm_mday;
    month.tm_mday = 1;
    while (timegm(&month) / kMinuteSeconds / kDayMinutes < end) {
        const std::int64_t first_of_month = timegm(&month) / kMinuteSeconds / kDayMinutes;
        std::vector<std::int64_t> days;
        for (std::int64_t day = first_of_month; civil(day).tm_mon == month.tm_mon; ++day) {
            days.push_back(day);
        }
        const auto length = static_cast<int>(days.size());
        for (const MonthlyOccurrence& occurrence : schedule.monthly_occurrences) {
            std::vector<std::int64_t> those;
            std::ranges::copy_if(days, std::back_inserter(those), [&](std::int64_t day) {
                return civil(day).tm_wday == occurrence.week_day;
            });
            if (occurrence.occurrence < 0) {
                std::ranges::reverse(those);
            }
            const auto place = static_cast<std::size_t>(std::abs(occurrence.occurrence)) - 1;
            if (place < those.size()) {
                out.insert(those[place]);
            }
        }
        std::vector<int> wanted = schedule.month_days;
        if (wanted.empty() && schedule.monthly_occurrences.empty()) {
            wanted.push_back(std::min(anchor_day, length));
        }
        for (const int day : wanted) {
            const int index = day > 0 ? day - 1 : length + day;
            if (index >= 0 && index < length) {
                out.insert(days[static_cast<std::size_t>(index)]);
            }
        }
        month.tm_mon += schedule.interval;
        timegm(&month);
    }
    return out;
}

std::vector<std::int64_t> minutes_for(
    const Schedule& schedule, const Clocks& clocks, std::int64_t local
) {
    std::vector<std::int64_t> shown = clocks.shown_at(local);
    if (shown.empty()) {
        const auto before = clocks.jump_over(local);
        if (!before || schedule.missing_hour == MissingHour::kSkip) {
            return {};
        }
        return {*before + (local - clocks.local(*before))};
    }
    if (shown.size() == 2 && schedule.doubled_hour == DoubledHour::kFirst) {
        shown.pop_back();
    }
    if (shown.size() == 2 && schedule.doubled_hour == DoubledHour::kLast) {
        shown.erase(shown.begin());
    }
    return shown;
}

std::set<std::int64_t> expected(
    const Schedule& schedule, const Clocks& clocks, std::int64_t anchor, std::int64_t end
) {
    std::set<std::int64_t> out;
    const std::int64_t local_anchor = clocks.local(anchor);
    std::vector<int> hours = schedule.hours;
    if (hours.empty()) {
        hours.push_back(static_cast<int>(local_anchor / 60 % 24));
    }
    std::vector<int> minutes = schedule.minutes;
    if (minutes.empty()) {
        minutes.push_back(static_cast<int>(local_anchor % 60));
    }
    const std::int64_t last_day = clocks.local(end) / kDayMinutes + 2;
    for (const std::int64_t day : days_of(schedule, local_anchor / kDayMinutes, last_day)) {
        for (const int hour : hours) {
            for (const int minute : minutes) {
                const std::int64_t local = day * kDayMinutes + hour * 60 + minute;
                for (const std::int64_t at : minutes_for(schedule, clocks, local)) {
                    if (at >= anchor && at < end) {
                        out.insert(at);
                    }
                }
            }
        }
    }
    return out;
}

// As the engine asks: from firing to firing, some at a time.
std::set<std::int64_t> computed(const Schedule& schedule, std::int64_t anchor, std::int64_t end) {
    const Timestamp from = from_micros(anchor * kMinuteSeconds * 1'000'000);
    const Timestamp until = from_micros(end * kMinuteSeconds * 1'000'000);
    std::set<std::int64_t> out;
    Timestamp after = from - Duration(1);
    while (after < until) {
        const auto next = next_firings(schedule, from, after, 37);
        for (const Timestamp at : next) {
            if (at < until) {
                out.insert(to_micros(at) / 1'000'000 / kMinuteSeconds);
            }
        }
        if (next.empty()) {
            break;
        }
        after = next.back();
    }
    return out;
}

class RandomSchedules {
  public:
    explicit RandomSchedules(unsigned seed)
        : random_(seed) {}

    int number(int least, int most) {
        return std::uniform_int_distribution<int>(least, most)(random_);
    }

    Schedule next(const char* zone) {
        Schedule out;
        out.time_zone = zone;
        out.frequency = static_cast<Frequency>(number(3, 5));
        out.interval = number(1, 4);
        if (number(0, 3) > 0) {
            // Around the hours at which clocks change.
            out.hours = some(0, number(0, 1) == 0 ? 4 : 23);
        }
        if (number(0, 2) > 0) {
            out.minutes = some(0, 59);
        }
        if (out.frequency == Frequency::kWeek) {
            out.week_days = some(0, 6);
        }
        if (out.frequency == Frequency::kMonth && number(0, 3) > 0) {
            out.month_days = some(-31, 31);
            std::erase(out.month_days, 0);
        }
        if (out.frequency == Frequency::kMonth && number(0, 1) > 0) {
            for (int i = number(1, 3); i > 0; --i) {
                const int place = number(1, 5) * (number(0, 1) == 0 ? 1 : -1);
                out.monthly_occurrences.push_back({number(0, 6), place});
            }
        }
        out.missing_hour = static_cast<MissingHour>(number(0, 1));
        out.doubled_hour = static_cast<DoubledHour>(number(0, 2));
        return out;
    }

  private:
    std::vector<int> some(int least, int most) {
        std::set<int> out;
        for (int i = number(1, 4); i > 0; --i) {
            out.insert(number(least, most));
        }
        return {out.begin(), out.end()};
    }

    std::mt19937 random_;
};

std::string text_of(const Schedule& schedule, std::int64_t anchor) {
    const auto list = [](const std::vector<int>& values) { return dump(Json(values)); };
    std::string occurrences;
    for (const MonthlyOccurrence& one : schedule.monthly_occurrences) {
        occurrences += " " + std::to_string(one.week_day) + "/" + std::to_string(one.occurrence);
    }
    return std::string(to_string(schedule.frequency)) + " " + std::to_string(schedule.interval) +
           " in " + schedule.time_zone + ", hours " + list(schedule.hours) + ", minutes " +
           list(schedule.minutes) + ", week days " + list(schedule.week_days) + ", month days " +
           list(schedule.month_days) + ", occurrences" + occurrences + ", from " +
           format_utc(from_micros(anchor * kMinuteSeconds * 1'000'000));
}

// Adds how many firings were compared.
void expect_equal(
    const Schedule& schedule, const Span& span, std::int64_t anchor, std::size_t& firings
) {
    const Clocks& clocks = clocks_of(span);
    // The last days are left out: clocks are known to the end of the span only.
    const std::int64_t end = span.end - 4 * kDayMinutes;
    const auto wanted = expected(schedule, clocks, anchor, end);
    const auto got = computed(schedule, anchor, end);
    ASSERT_EQ(got, wanted) << text_of(schedule, anchor);
    firings += wanted.size();
}

TEST(ScheduleYears, EveryKindAgreesWithAWalkOverTheMinutesOfEightZones) {
    std::size_t firings = 0;
    for (const Span& span : spans()) {
        // Ten minutes to three on the first day of the span that has one.
        const std::int64_t anchor = span.first + kDayMinutes + 170;
        for (const auto missing : {MissingHour::kShift, MissingHour::kSkip}) {
            for (const auto doubled :
                 {DoubledHour::kFirst, DoubledHour::kLast, DoubledHour::kBoth}) {
                for (const auto frequency :
                     {Frequency::kDay, Frequency::kWeek, Frequency::kMonth}) {
                    Schedule schedule;
                    schedule.time_zone = span.zone;
                    schedule.frequency = frequency;
                    schedule.missing_hour = missing;
                    schedule.doubled_hour = doubled;
                    ASSERT_NO_FATAL_FAILURE(expect_equal(schedule, span, anchor, firings));
                    schedule.minutes = {0, 30, 45};
                    schedule.hours = {0, 2, 23};
                    if (frequency == Frequency::kWeek) {
                        schedule.week_days = {0, 5, 6};
                    }
                    if (frequency == Frequency::kMonth) {
                        schedule.month_days = {-31, -1, 1, 31};
                        schedule.monthly_occurrences = {{1, 1}, {5, -1}, {0, 5}, {3, -5}};
                    }
                    ASSERT_NO_FATAL_FAILURE(expect_equal(schedule, span, anchor, firings));
                }
            }
        }
    }
    EXPECT_GT(firings, 50'000U);
}

TEST(ScheduleYears, RandomSchedulesAgreeWithAWalkOverTheMinutesOfEightZones) {
    constexpr unsigned kSeed = 20261121;
    RandomSchedules random(kSeed);
    std::size_t firings = 0;
    for (const Span& span : spans()) {
        for (int i = 0; i < 60; ++i) {
            const Schedule schedule = random.next(span.zone);
            const std::int64_t anchor =
                span.first + random.number(2, 300) * kDayMinutes + random.number(0, 1439);
            ASSERT_NO_FATAL_FAILURE(expect_equal(schedule, span, anchor, firings));
        }
    }
    EXPECT_GT(firings, 50'000U);
}

TEST(ScheduleYears, ElapsedFrequenciesAgreeWithCounting) {
    const std::vector<std::pair<Frequency, std::int64_t>> units{
        {Frequency::kSecond, 1}, {Frequency::kMinute, 60}, {Frequency::kHour, 3600}};
    for (const auto& [frequency, seconds] : units) {
        for (const int interval : {1, 7, 24}) {
            Schedule schedule;
            schedule.frequency = frequency;
            schedule.interval = interval;
            schedule.time_zone = "Europe/Berlin";
            const Timestamp anchor = parse_utc("2026-03-28T00:00:00Z").value();
            const auto got = next_firings(schedule, anchor, anchor - Duration(1), 1000);
            ASSERT_EQ(got.size(), 1000U);
            Timestamp wanted = anchor;
            for (const Timestamp at : got) {
                ASSERT_EQ(at, wanted);
                wanted += std::chrono::seconds(seconds * interval);
            }
            // Asked in the middle: the same ones.
            EXPECT_EQ(next_firings(schedule, anchor, got[499], 1).front(), got[500]);
            EXPECT_EQ(next_firings(schedule, anchor, got[499] - Duration(1), 1).front(), got[499]);
        }
    }
}

}  // namespace
}  // namespace tideway::model
