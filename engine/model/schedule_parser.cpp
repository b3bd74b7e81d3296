// Reading a Schedule from what an author wrote.
#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include <date/tz.h>

#include "engine/base/time_zones.h"
#include "engine/model/schedule.h"

namespace tideway::model {
namespace {

constexpr const char* kCode = "InvalidRecurrence";

template <typename Value>
using Words = std::pair<std::string_view, Value>;

struct FrequencyWord {
    std::string_view name;
    Frequency frequency;
    int interval_max;  // as Power Automate's
};

constexpr std::array<FrequencyWord, 6> kFrequencyWords{{
    {"Second", Frequency::kSecond, 9'999'999},
    {"Minute", Frequency::kMinute, 72'000},
    {"Hour", Frequency::kHour, 12'000},
    {"Day", Frequency::kDay, 500},
    {"Week", Frequency::kWeek, 71},
    {"Month", Frequency::kMonth, 16},
}};
constexpr std::array<Words<MissingHour>, 2> kMissingWords{{
    {"shift", MissingHour::kShift},
    {"skip", MissingHour::kSkip},
}};
constexpr std::array<Words<DoubledHour>, 3> kDoubledWords{{
    {"first", DoubledHour::kFirst},
    {"last", DoubledHour::kLast},
    {"both", DoubledHour::kBoth},
}};
constexpr std::array<Words<AfterDowntime>, 3> kDowntimeWords{{
    {"skip", AfterDowntime::kSkip},
    {"once", AfterDowntime::kOnce},
    {"all", AfterDowntime::kAll},
}};
constexpr std::array<std::string_view, 7> kWeekDays{
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
// The last two are every trigger's.
constexpr std::array<std::string_view, 10> kFields{
    "frequency",
    "interval",
    "start_time",
    "time_zone",
    "schedule",
    "missing_hour",
    "doubled_hour",
    "after_downtime",
    "title",
    "connection"};
constexpr std::array<std::string_view, 5> kScheduleFields{
    "minutes", "hours", "week_days", "month_days", "monthly_occurrences"};
constexpr std::array<std::string_view, 2> kOccurrenceFields{"day", "occurrence"};
constexpr int kOccurrencesMax = 5;  // of a week day in a month

tl::unexpected<Error> invalid(std::string message, std::string remedy) {
    return fail(ErrorKind::kInvalidInput, kCode, std::move(message), std::move(remedy));
}

std::string listed(std::span<const std::string_view> words) {
    std::string out;
    for (const std::string_view word : words) {
        out += (out.empty() ? "" : ", ") + std::string(word);
    }
    return out;
}

tideway::Status only(
    const Json& object, std::span<const std::string_view> fields, const std::string& what
) {
    if (!object.is_object()) {
        return invalid(what + " is not a table.", "It has the fields " + listed(fields) + ".");
    }
    for (const auto& [key, value] : object.items()) {
        if (std::ranges::find(fields, key) == fields.end()) {
            return invalid(what + " has no field '" + key + "'.", "It has " + listed(fields) + ".");
        }
    }
    return {};
}

template <typename Value, std::size_t N>
Result<Value> word_of(
    const Json& config, std::string_view key, const std::array<Words<Value>, N>& words
) {
    const Json* given = find(config, key);
    if (given == nullptr) {
        return words.front().second;
    }
    std::vector<std::string_view> known;
    for (const auto& [word, value] : words) {
        if (given->is_string() && given->get<std::string>() == word) {
            return value;
        }
        known.push_back(word);
    }
    return invalid(
        "The recurrence's `" + std::string(key) + "` is " + dump(*given) + ".",
        "Write one of " + listed(known) + "."
    );
}

Result<FrequencyWord> frequency_of(const Json& config) {
    const std::string given = string_or(config, "frequency");
    std::vector<std::string_view> known;
    for (const FrequencyWord& word : kFrequencyWords) {
        if (word.name == given) {
            return word;
        }
        known.push_back(word.name);
    }
    return invalid(
        given.empty() ? std::string("The recurrence has no `frequency`.")
                      : "The recurrence's `frequency` is \"" + given + "\".",
        "Write one of " + listed(known) + "."
    );
}

Result<int> interval_of(const Json& config, const FrequencyWord& frequency) {
    const Json* given = find(config, "interval");
    if (given == nullptr) {
        return 1;
    }
    const bool is_right =
        given->is_number_integer() && *given >= 1 && *given <= frequency.interval_max;
    if (is_right) {
        return given->get<int>();
    }
    return invalid(
        "The recurrence's `interval` is " + dump(*given) + ".",
        "With the frequency " + std::string(frequency.name) + " it is a whole number from 1 to " +
            std::to_string(frequency.interval_max) + "."
    );
}

// A number, or a list of numbers, from the smallest to the largest that are allowed, without zero
// when it lies between.
struct Range {
    int min = 0;
    int max = 0;
};

Result<int> number_of(const Json& value, std::string_view key, const Range& range) {
    const bool is_right = value.is_number_integer() && value >= range.min && value <= range.max &&
                          (range.min >= 0 || value != 0);
    if (is_right) {
        return value.get<int>();
    }
    return invalid(
        "The schedule's `" + std::string(key) + "` holds " + dump(value) + ".",
        range.min >= 0 ? "Write numbers from " + std::to_string(range.min) + " to " +
                             std::to_string(range.max) + "."
                       : "Write days from 1 to 31, or from -1, the last day of the month, to -31."
    );
}

Result<int> week_day_of(const Json& value, std::string_view key) {
    const auto* const found = value.is_string()
                                  ? std::ranges::find(kWeekDays, value.get<std::string>())
                                  : kWeekDays.end();
    if (found != kWeekDays.end()) {
        return static_cast<int>(found - kWeekDays.begin());
    }
    return invalid(
        "The schedule's `" + std::string(key) + "` holds " + dump(value) + ".",
        "Write " + listed(kWeekDays) + "."
    );
}

// What stands under `key`, one or several.
template <typename Value, typename Read>
Result<std::vector<Value>> read_all(const Json& schedule, std::string_view key, Read read) {
    std::vector<Value> out;
    const Json* given = find(schedule, key);
    if (given == nullptr) {
        return out;
    }
    const Json list = given->is_array() ? *given : Json::array({*given});
    for (const Json& value : list) {
        TIDEWAY_TRY_ASSIGN(const Value one, read(value));
        out.push_back(one);
    }
    if (out.empty()) {
        return invalid(
            "The schedule's `" + std::string(key) + "` is empty: it would never fire.",
            "Name at least one, or leave the field out."
        );
    }
    return out;
}

template <typename Read>
Result<std::vector<int>> numbers_of(const Json& schedule, std::string_view key, Read read) {
    TIDEWAY_TRY_ASSIGN(std::vector<int> out, read_all<int>(schedule, key, read));
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

// {day = "Monday", occurrence = 1}, as Power Automate writes it.
Result<MonthlyOccurrence> occurrence_of(const Json& value) {
    constexpr std::string_view kKey = "monthly_occurrences";
    TIDEWAY_TRY(only(value, kOccurrenceFields, "An entry of `monthly_occurrences`"));
    MonthlyOccurrence out;
    TIDEWAY_TRY_ASSIGN(out.week_day, week_day_of(value.value("day", Json()), kKey));
    const Json wanted = value.value("occurrence", Json());
    const bool is_right = wanted.is_number_integer() && wanted >= -kOccurrencesMax &&
                          wanted <= kOccurrencesMax && wanted != 0;
    if (!is_right) {
        return invalid(
            "The schedule's `monthly_occurrences` holds the occurrence " + dump(wanted) + ".",
            "Write 1, the first in the month, to 5, or -1, the last, to -5."
        );
    }
    out.occurrence = wanted.get<int>();
    return out;
}

tideway::Status check_fields_of_frequency(const Schedule& schedule) {
    const std::string frequency(to_string(schedule.frequency));
    if (schedule.frequency < Frequency::kDay &&
        !(schedule.minutes.empty() && schedule.hours.empty())) {
        return invalid(
            "The frequency " + frequency + " has no `hours` and `minutes` in its schedule.",
            "Use the frequency Day, Week or Month, or put the time into `start_time`."
        );
    }
    if (schedule.frequency != Frequency::kWeek && !schedule.week_days.empty()) {
        return invalid(
            "The frequency " + frequency + " has no `week_days`.", "Use the frequency Week."
        );
    }
    if (schedule.frequency != Frequency::kMonth && !schedule.month_days.empty()) {
        return invalid(
            "The frequency " + frequency + " has no `month_days`.", "Use the frequency Month."
        );
    }
    if (schedule.frequency != Frequency::kMonth && !schedule.monthly_occurrences.empty()) {
        return invalid(
            "The frequency " + frequency + " has no `monthly_occurrences`.",
            "Use the frequency Month."
        );
    }
    return {};
}

tideway::Status read_schedule(const Json& config, Schedule& out) {
    const Json* schedule = find(config, "schedule");
    if (schedule == nullptr) {
        return {};
    }
    TIDEWAY_TRY(only(*schedule, kScheduleFields, "The recurrence's `schedule`"));
    const auto in_range = [](std::string_view key, Range range) {
        return [key, range](const Json& value) { return number_of(value, key, range); };
    };
    TIDEWAY_TRY_ASSIGN(out.minutes, numbers_of(*schedule, "minutes", in_range("minutes", {0, 59})));
    TIDEWAY_TRY_ASSIGN(out.hours, numbers_of(*schedule, "hours", in_range("hours", {0, 23})));
    const auto week_day = [](const Json& value) { return week_day_of(value, "week_days"); };
    TIDEWAY_TRY_ASSIGN(out.week_days, numbers_of(*schedule, "week_days", week_day));
    TIDEWAY_TRY_ASSIGN(
        out.month_days, numbers_of(*schedule, "month_days", in_range("month_days", {-31, 31}))
    );
    TIDEWAY_TRY_ASSIGN(
        out.monthly_occurrences,
        read_all<MonthlyOccurrence>(*schedule, "monthly_occurrences", &occurrence_of)
    );
    return check_fields_of_frequency(out);
}

tideway::Status read_zone(const Json& config, Schedule& out) {
    const std::string name = string_or(config, "time_zone");
    if (name.empty()) {
        return {};
    }
    try {
        out.time_zone = date::locate_zone(std::string(iana_zone(name)))->name();
    } catch (const std::exception&) {
        return invalid(
            "The recurrence's `time_zone` \"" + name.substr(0, 60) + "\" is not known.",
            "Use a name such as \"Europe/Berlin\" or \"W. Europe Standard Time\"."
        );
    }
    return {};
}

tideway::Status read_start(const Json& config, Schedule& out) {
    const Json* given = find(config, "start_time");
    if (given == nullptr) {
        return {};
    }
    const std::string text = given->is_string() ? given->get<std::string>() : "";
    const auto time = text.find('T');
    const bool has_offset =
        time != std::string::npos && text.find_first_of("Z+-", time) != std::string::npos;
    if (const auto at = parse_utc(text); at && has_offset) {
        out.start = date::floor<std::chrono::seconds>(*at);
        return {};
    }
    const auto local = parse_utc(has_offset ? "" : text);
    if (!local) {
        return invalid(
            "The recurrence's `start_time` is " + dump(*given) + ".",
            "Write 2026-03-31T08:00:00, a local time, or 2026-03-31T08:00:00Z."
        );
    }
    const date::local_seconds clock(date::floor<std::chrono::seconds>(*local).time_since_epoch());
    // A start in a skipped hour is later by what was skipped, one in a doubled hour is the first.
    const auto offset = date::locate_zone(out.time_zone)->get_info(clock).first.offset;
    out.start = Timestamp(clock.time_since_epoch() - offset);
    return {};
}

}  // namespace

Result<Schedule> parse_schedule(const Json& config) {
    TIDEWAY_TRY(only(config, kFields, "A recurrence"));
    Schedule out;
    TIDEWAY_TRY_ASSIGN(const FrequencyWord frequency, frequency_of(config));
    out.frequency = frequency.frequency;
    TIDEWAY_TRY_ASSIGN(out.interval, interval_of(config, frequency));
    TIDEWAY_TRY(read_zone(config, out));
    TIDEWAY_TRY(read_start(config, out));
    TIDEWAY_TRY(read_schedule(config, out));
    TIDEWAY_TRY_ASSIGN(out.missing_hour, word_of(config, "missing_hour", kMissingWords));
    TIDEWAY_TRY_ASSIGN(out.doubled_hour, word_of(config, "doubled_hour", kDoubledWords));
    TIDEWAY_TRY_ASSIGN(out.after_downtime, word_of(config, "after_downtime", kDowntimeWords));
    return out;
}

}  // namespace tideway::model
