// When a recurrence fires, as a pure computation over a description, an anchor and a time.
// Thread: any.
//
// Second, Minute and Hour count elapsed time from the anchor, whatever clocks do. Day, Week and
// Month are calendar rules on the clock of a time zone: days, weeks (from Sunday) and months are
// counted from the anchor's, `hours` and `minutes` that are not given are the anchor's own, and a
// month without the anchor's day takes its last one. What a calendar rule does on the days when
// clocks change is said by MissingHour and DoubledHour.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/result.h"

namespace tideway::model {

enum class Frequency { kSecond, kMinute, kHour, kDay, kWeek, kMonth };
std::string_view to_string(Frequency frequency);  // "Day"

// A local time that clocks skip when they go forward: later by as much as they skip, or not at all.
enum class MissingHour { kShift, kSkip };
// A local time that comes twice when clocks go back.
enum class DoubledHour { kFirst, kLast, kBoth };
// Firings that were due while nothing could fire: dropped, one for all of them, or each.
enum class AfterDowntime { kSkip, kOnce, kAll };

// A week day by its place in the month: the first Monday, the last Friday.
struct MonthlyOccurrence {
    int week_day = 0;    // 0 (Sunday) to 6
    int occurrence = 1;  // 1 to 5, -1 (the last) to -5. A month without it has no firing on it
};

struct Schedule {
    Frequency frequency = Frequency::kDay;
    int interval = 1;
    std::string time_zone = "Etc/UTC";  // IANA
    std::optional<Timestamp> start;     // no firing before it
    // Sorted, without doubles; empty: not given. Only of Day, Week and Month.
    std::vector<int> minutes;     // 0 to 59
    std::vector<int> hours;       // 0 to 23
    std::vector<int> week_days;   // 0 (Sunday) to 6; only of Week
    std::vector<int> month_days;  // 1 to 31, -1 (the last) to -31; only of Month. A month without
                                  // the day has no firing on it
    std::vector<MonthlyOccurrence> monthly_occurrences;  // only of Month; besides month_days
    MissingHour missing_hour = MissingHour::kShift;
    DoubledHour doubled_hour = DoubledHour::kFirst;
    AfterDowntime after_downtime = AfterDowntime::kSkip;
};

// Reads {frequency, interval, start_time, time_zone, schedule:{minutes, hours, week_days,
// month_days, monthly_occurrences}, missing_hour, doubled_hour, after_downtime}, as
// trigger.recurrence and polling triggers have it. Time zones have IANA or Windows names; without
// one it is UTC. A start_time without offset is a local time. Code "InvalidRecurrence", with what
// to write instead.
Result<Schedule> parse_schedule(const Json& config);

// What firings are counted from: the start, else the second in which the flow was turned on.
Timestamp anchor_of(const Schedule& schedule, Timestamp turned_on);

// The first `count` firings later than `after`, in order. Fewer when the schedule has no more
// within a hundred years, such as the 31st of every twelfth month from February.
std::vector<Timestamp> next_firings(
    const Schedule& schedule, Timestamp anchor, Timestamp after, std::size_t count
);

// "2026-03-29T08:00:00": what clocks in the schedule's zone show.
std::string local_time(const Schedule& schedule, Timestamp at);

}  // namespace tideway::model
