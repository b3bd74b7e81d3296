#include "engine/model/schedule.h"

#include <algorithm>
#include <array>
#include <set>

#include <date/tz.h>

namespace tideway::model {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr date::days kSearch{36'525};
// Clocks of different offsets are at most 26 hours apart: a day's firings are never later than
// those of the third day after it.
constexpr date::days kOffsetsApart{2};

constexpr std::array<std::string_view, 6> kFrequencies{
    "Second", "Minute", "Hour", "Day", "Week", "Month"};

bool is_calendar(Frequency frequency) {
    return frequency >= Frequency::kDay;
}

seconds unit_of(Frequency frequency) {
    switch (frequency) {
        case Frequency::kHour:
            return hours(1);
        case Frequency::kMinute:
            return minutes(1);
        default:
            return seconds(1);
    }
}

int last_day_of(const date::year_month_day& day) {
    const auto last = date::year_month_day_last(day.year(), date::month_day_last(day.month()));
    return static_cast<int>(static_cast<unsigned>(last.day()));
}

// A calendar rule with its anchor taken apart.
class CalendarRule {
  public:
    CalendarRule(const Schedule& schedule, Timestamp anchor)
        : schedule_(schedule),
          zone_(*date::locate_zone(schedule.time_zone)),
          anchor_(date::floor<seconds>(anchor)) {
        const auto local = zone_.to_local(anchor_);
        first_day_ = date::floor<date::days>(local);
        const date::hh_mm_ss time(local - first_day_);
        hours_ = schedule.hours;
        if (hours_.empty()) {
            hours_.push_back(static_cast<int>(time.hours().count()));
        }
        minutes_ = schedule.minutes;
        if (minutes_.empty()) {
            minutes_.push_back(static_cast<int>(time.minutes().count()));
            second_ = time.seconds();
        }
    }

    date::local_days local_day(Timestamp at) const {
        return date::floor<date::days>(zone_.to_local(at));
    }

    bool has_day(date::local_days day) const {
        switch (schedule_.frequency) {
            case Frequency::kWeek:
                return is_in_week(day);
            case Frequency::kMonth:
                return is_in_month(date::year_month_day(day));
            default:
                return (day - first_day_).count() % schedule_.interval == 0;
        }
    }

    void add_firings(date::local_days day, Timestamp after, std::set<Timestamp>& out) const {
        for (const int hour : hours_) {
            for (const int minute : minutes_) {
                const auto local = day + hours(hour) + minutes(minute) + second_;
                for (const date::sys_seconds at : instants(local)) {
                    if (at > after && at >= anchor_) {
                        out.insert(at);
                    }
                }
            }
        }
    }

  private:
    bool is_in_week(date::local_days day) const {
        const auto sunday_of = [](date::local_days of) {
            return of - (date::weekday(of) - date::Sunday);
        };
        const auto weeks = (sunday_of(day) - sunday_of(first_day_)).count() / 7;
        if (weeks % schedule_.interval != 0) {
            return false;
        }
        if (schedule_.week_days.empty()) {
            return date::weekday(day) == date::weekday(first_day_);
        }
        const int week_day = static_cast<int>(date::weekday(day).c_encoding());
        return std::ranges::binary_search(schedule_.week_days, week_day);
    }

    bool is_in_month(const date::year_month_day& day) const {
        const date::year_month_day first(first_day_);
        const auto months = (day.year() / day.month()) - (first.year() / first.month());
        if (months.count() % schedule_.interval != 0) {
            return false;
        }
        const int last = last_day_of(day);
        const int number = static_cast<int>(static_cast<unsigned>(day.day()));
        if (schedule_.month_days.empty() && schedule_.monthly_occurrences.empty()) {
            const int wanted = static_cast<int>(static_cast<unsigned>(first.day()));
            return number == std::min(wanted, last);
        }
        return std::ranges::binary_search(schedule_.month_days, number) ||
               std::ranges::binary_search(schedule_.month_days, number - last - 1) ||
               is_occurrence(date::weekday(day), number, last);
    }

    bool is_occurrence(date::weekday week_day, int number, int last) const {
        const int from_start = (number - 1) / 7 + 1;
        const int from_end = -((last - number) / 7 + 1);
        return std::ranges::any_of(
            schedule_.monthly_occurrences,
            [&](const MonthlyOccurrence& wanted) {
                return wanted.week_day == static_cast<int>(week_day.c_encoding()) &&
                       (wanted.occurrence == from_start || wanted.occurrence == from_end);
            }
        );
    }

    // When clocks of the zone show this; the policies for clock changes are applied.
    std::vector<date::sys_seconds> instants(date::local_seconds local) const {
        const date::local_info info = zone_.get_info(local);
        const date::sys_seconds first(local.time_since_epoch() - info.first.offset);
        const date::sys_seconds second(local.time_since_epoch() - info.second.offset);
        if (info.result == date::local_info::nonexistent) {
            // Read with the offset from before the change, it lies after it by what was skipped.
            return schedule_.missing_hour == MissingHour::kShift
                       ? std::vector<date::sys_seconds>{first}
                       : std::vector<date::sys_seconds>();
        }
        if (info.result == date::local_info::unique) {
            return {first};
        }
        switch (schedule_.doubled_hour) {
            case DoubledHour::kFirst:
                return {first};
            case DoubledHour::kLast:
                return {second};
            case DoubledHour::kBoth:
                break;
        }
        return {first, second};
    }

    const Schedule& schedule_;
    const date::time_zone& zone_;
    date::sys_seconds anchor_;
    date::local_days first_day_;
    std::vector<int> hours_;
    std::vector<int> minutes_;
    seconds second_{0};
};

std::vector<Timestamp> first_of(const std::set<Timestamp>& found, std::size_t count) {
    std::vector<Timestamp> out(found.begin(), found.end());
    out.resize(std::min(out.size(), count));
    return out;
}

std::vector<Timestamp> calendar_firings(
    const Schedule& schedule, Timestamp anchor, Timestamp after, std::size_t count
) {
    const CalendarRule rule(schedule, anchor);
    date::local_days day = rule.local_day(std::max(anchor, after)) - kOffsetsApart;
    date::local_days end = day + kSearch;
    std::set<Timestamp> found;
    for (bool is_enough = false; day < end; day += date::days(1)) {
        if (!rule.has_day(day)) {
            continue;
        }
        rule.add_firings(day, after, found);
        if (!is_enough && found.size() >= count) {
            is_enough = true;
            end = day + kOffsetsApart + date::days(1);
        }
    }
    return first_of(found, count);
}

std::vector<Timestamp> elapsed_firings(
    const Schedule& schedule, Timestamp anchor, Timestamp after, std::size_t count
) {
    const Duration step = unit_of(schedule.frequency) * schedule.interval;
    const std::int64_t steps = after < anchor ? 0 : (after - anchor) / step + 1;
    std::vector<Timestamp> out;
    for (Timestamp at = anchor + steps * step; out.size() < count; at += step) {
        out.push_back(at);
    }
    return out;
}

}  // namespace

std::string_view to_string(Frequency frequency) {
    return kFrequencies.at(static_cast<std::size_t>(frequency));
}

Timestamp anchor_of(const Schedule& schedule, Timestamp turned_on) {
    return schedule.start.value_or(date::floor<seconds>(turned_on));
}

std::vector<Timestamp> next_firings(
    const Schedule& schedule, Timestamp anchor, Timestamp after, std::size_t count
) {
    if (count == 0) {
        return {};
    }
    return is_calendar(schedule.frequency) ? calendar_firings(schedule, anchor, after, count)
                                           : elapsed_firings(schedule, anchor, after, count);
}

std::string local_time(const Schedule& schedule, Timestamp at) {
    const auto local = date::locate_zone(schedule.time_zone)->to_local(date::floor<seconds>(at));
    return date::format("%FT%T", local);
}

}  // namespace tideway::model
