// time: points in time as ISO 8601 text in UTC. No clock is read here; now() is a journaled step.
#include <cmath>

#include <date/tz.h>

#include "engine/base/clock.h"
#include "engine/base/time_zones.h"
#include "engine/script/library.h"
#include "engine/script/values/binding.h"
#include "engine/script/values/time_format.h"

namespace tideway::script::library {
namespace {

using LocalTime = date::local_time<Duration>;

// A text without 'Z' or offset is taken as UTC, as Dataverse and Partner Center mean it.
std::optional<Timestamp> to_time(std::string_view text) {
    if (const auto at = parse_utc(text)) {
        return at;
    }
    return parse_utc(std::string(text) + "Z");
}

Timestamp time_argument(const Call& call, int index, const char* what = "the time") {
    const std::string_view text = call.text(index, what);
    if (const auto at = to_time(text)) {
        return *at;
    }
    call.fail(
        "'" + std::string(text.substr(0, 60)) + "' is not a time; write it as 2026-03-31T23:30:00Z"
    );
}

const date::time_zone& zone_argument(const Call& call, int index) {
    const std::string_view name = call.text(index, "the time zone");
    try {
        return *date::locate_zone(std::string(iana_zone(name)));
    } catch (const std::exception&) {
        call.fail(
            "unknown time zone '" + std::string(name.substr(0, 60)) +
            "'; use a name such as \"Europe/Berlin\" or \"W. Europe Standard Time\""
        );
    }
}

// Services know the years 1 to 9999 only, and so does the text form.
Timestamp in_range(const Call& call, Timestamp at) {
    const date::sys_days first = date::year(1) / 1 / 1;
    const date::sys_days end = date::year(10'000) / 1 / 1;
    if (at < first || at >= end) {
        call.fail("the result is outside the years 1 to 9999");
    }
    return at;
}

int push_time(const Call& call, lua_State* state, Timestamp at) {
    return push(state, format_utc(in_range(call, at)));
}

int parse(lua_State* state) {
    const Call call(state, "time.parse");
    return push_time(call, state, time_argument(call, 1));
}

int is_time(lua_State* state) {
    const Call call(state, "time.is_time");
    const bool is = lua_type(state, 1) == LUA_TSTRING && to_time(call.text(1, "the value"));
    lua_pushboolean(state, is ? 1 : 0);
    return 1;
}

LocalTime as_local(Timestamp at) {
    return LocalTime(at.time_since_epoch());
}

int format(lua_State* state) {
    const Call call(state, "time.format");
    const Timestamp at = time_argument(call, 1);
    const std::string_view pattern = call.text(2, "the pattern");
    LocalTime local = as_local(at);
    if (!lua_isnoneornil(state, 3)) {
        local = zone_argument(call, 3).to_local(at);
    }
    return push(state, format_time(local, pattern));
}

int date_part(lua_State* state) {
    const Call call(state, "time.date");
    return push(state, format_time(as_local(time_argument(call, 1)), "yyyy-MM-dd"));
}

// -1, 0, 1, with nothing equal to nothing and before everything.
int order(const Call& call, Duration unit) {
    const bool left = call.is_missing(1);
    const bool right = call.is_missing(2);
    if (left || right) {
        return left == right ? 0 : left ? -1 : 1;
    }
    const auto units = [unit](Timestamp at) {
        const auto count = at.time_since_epoch().count();
        const auto size = unit.count();
        return count >= 0 ? count / size : -((-count + size - 1) / size);
    };
    const auto a = units(time_argument(call, 1));
    const auto b = units(time_argument(call, 2, "the other time"));
    return a < b ? -1 : a > b ? 1 : 0;
}

int equal(lua_State* state) {
    lua_pushboolean(state, order(Call(state, "time.equal"), Duration(1)) == 0 ? 1 : 0);
    return 1;
}

int equal_date(lua_State* state) {
    const Duration day = std::chrono::hours(24);
    lua_pushboolean(state, order(Call(state, "time.equal_date"), day) == 0 ? 1 : 0);
    return 1;
}

int compare(lua_State* state) {
    const Call call(state, "time.compare");
    if (call.is_missing(1) || call.is_missing(2)) {
        call.fail("both arguments must be times");
    }
    lua_pushinteger(state, order(call, Duration(1)));
    return 1;
}

// The whole number at field `name` of the table, within bounds that cannot overflow.
lua_Integer amount_field(const Call& call, lua_State* state, const char* name) {
    constexpr lua_Integer kAmountMax = 400'000'000'000;  // seconds of more than 10,000 years
    const int type = lua_getfield(state, 2, name);
    int is_integer = 0;
    const lua_Integer value = type == LUA_TNIL ? 0 : lua_tointegerx(state, -1, &is_integer);
    lua_pop(state, 1);
    if (type != LUA_TNIL && (type != LUA_TNUMBER || is_integer == 0)) {
        call.fail(std::string(name) + " must be a whole number");
    }
    if (value > kAmountMax || value < -kAmountMax) {
        call.fail(std::string(name) + " is too large");
    }
    return value;
}

void check_amount_names(const Call& call, lua_State* state) {
    static constexpr std::array<std::string_view, 7> kNames = {
        "seconds", "minutes", "hours", "days", "weeks", "months", "years"};
    for (lua_pushnil(state); lua_next(state, 2) != 0; lua_pop(state, 1)) {
        if (is_hidden_key(state, -2)) {
            continue;
        }
        const std::string name =
            lua_type(state, -2) == LUA_TSTRING ? lua_tostring(state, -2) : "a number";
        if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
            call.fail(
                "unknown field '" + name +
                "'; it has seconds, minutes, hours, days, weeks, months and years"
            );
        }
    }
}

// 31 January and one month is the last day of February.
Timestamp add_months(const Call& call, Timestamp at, lua_Integer months) {
    constexpr lua_Integer kMonthsMax = 12 * 10'000;
    if (months > kMonthsMax || months < -kMonthsMax) {
        call.fail("the result is outside the years 1 to 9999");
    }
    const auto day = date::floor<date::days>(at);
    const date::year_month_day from(day);
    date::year_month_day to = from + date::months(static_cast<int>(months));
    if (!to.ok()) {
        to = to.year() / to.month() / date::last;
    }
    return date::sys_days(to) + (at - day);
}

int add(lua_State* state) {
    const Call call(state, "time.add");
    Timestamp at = time_argument(call, 1);
    call.table(2, "the amounts");
    check_amount_names(call, state);
    const lua_Integer years = amount_field(call, state, "years");
    const lua_Integer months = amount_field(call, state, "months");
    if (years != 0 || months != 0) {
        at = in_range(call, add_months(call, at, years * 12 + months));
    }

    // In double first: the sum cannot overflow there, and the years bound it below.
    struct Unit {
        const char* name;
        lua_Integer seconds;
    };

    static constexpr std::array<Unit, 5> kUnits = {
        {{"seconds", 1}, {"minutes", 60}, {"hours", 3600}, {"days", 86'400}, {"weeks", 604'800}}};
    constexpr double kSecondsMax = 4e11;
    for (const Unit& unit : kUnits) {
        const lua_Integer amount = amount_field(call, state, unit.name);
        if (std::abs(static_cast<double>(amount) * static_cast<double>(unit.seconds)) >
            kSecondsMax) {
            call.fail("the result is outside the years 1 to 9999");
        }
        at += std::chrono::seconds(amount * unit.seconds);
    }
    return push_time(call, state, at);
}

int push_seconds(lua_State* state, Duration duration) {
    constexpr std::int64_t kMicros = 1'000'000;
    if (duration.count() % kMicros == 0) {
        lua_pushinteger(state, duration.count() / kMicros);
    } else {
        lua_pushnumber(state, static_cast<double>(duration.count()) / static_cast<double>(kMicros));
    }
    return 1;
}

int difference(lua_State* state) {
    const Call call(state, "time.difference");
    const Timestamp from = time_argument(call, 1, "the earlier time");
    return push_seconds(state, time_argument(call, 2, "the later time") - from);
}

// Where the clocks go back the first of the two moments; where they go forward the moment of
// change.
Timestamp from_local(const date::time_zone& zone, LocalTime local) {
    return zone.to_sys(local, date::choose::earliest);
}

int to_utc(lua_State* state) {
    const Call call(state, "time.to_utc");
    const std::string text(call.text(1, "the local time"));
    const auto wall = parse_utc(text.size() == 10 ? text : text + "Z");
    if (!wall) {
        call.fail(
            "'" + text.substr(0, 60) +
            "' is not a local time; write it without zone or offset, as 2026-03-31T23:30:00"
        );
    }
    return push_time(call, state, from_local(zone_argument(call, 2), as_local(*wall)));
}

int from_utc(lua_State* state) {
    const Call call(state, "time.from_utc");
    const Timestamp at = time_argument(call, 1);
    const date::time_zone& zone = zone_argument(call, 2);
    const auto offset = zone.get_info(at).offset;
    const std::string shown = format_utc(in_range(call, at + offset));
    return push(state, shown.substr(0, shown.size() - 1) + format_offset(offset));
}

int start_of_day(lua_State* state) {
    const Call call(state, "time.start_of_day");
    const Timestamp at = time_argument(call, 1);
    if (lua_isnoneornil(state, 2)) {
        return push_time(call, state, date::floor<date::days>(at));
    }
    const date::time_zone& zone = zone_argument(call, 2);
    const LocalTime midnight = date::floor<date::days>(zone.to_local(at));
    return push_time(call, state, from_local(zone, midnight));
}

int day_of_week(lua_State* state) {
    const Call call(state, "time.day_of_week");
    const date::weekday day(date::floor<date::days>(time_argument(call, 1)));
    lua_pushinteger(state, static_cast<lua_Integer>(day.c_encoding()));
    return 1;
}

void set_number(lua_State* state, const char* name, lua_Integer value) {
    lua_pushinteger(state, value);
    lua_setfield(state, -2, name);
}

int parts(lua_State* state) {
    const Call call(state, "time.parts");
    const Timestamp at = time_argument(call, 1);
    const auto day = date::floor<date::days>(at);
    const date::year_month_day calendar(day);
    const date::hh_mm_ss<Duration> clock(at - day);
    lua_createtable(state, 0, 7);
    set_number(state, "year", static_cast<int>(calendar.year()));
    set_number(state, "month", static_cast<unsigned>(calendar.month()));
    set_number(state, "day", static_cast<unsigned>(calendar.day()));
    set_number(state, "hour", clock.hours().count());
    set_number(state, "minute", clock.minutes().count());
    set_number(state, "second", clock.seconds().count());
    set_number(state, "microsecond", clock.subseconds().count());
    return 1;
}

int to_seconds(lua_State* state) {
    const Call call(state, "time.to_seconds");
    return push_seconds(state, time_argument(call, 1).time_since_epoch());
}

int from_seconds(lua_State* state) {
    const Call call(state, "time.from_seconds");
    constexpr double kSecondsMax = 4e11;
    const double seconds = lua_type(state, 1) == LUA_TNUMBER ? lua_tonumber(state, 1) : NAN;
    if (!(std::abs(seconds) < kSecondsMax)) {
        call.fail("the seconds (first argument) must be a number of seconds since 1970");
    }
    const auto micros = static_cast<std::int64_t>(std::llround(seconds * 1e6));
    return push_time(call, state, from_micros(micros));
}

}  // namespace

void open_time(lua_State* state) {
    push_library(
        state,
        {{"parse", guarded<parse>},
         {"is_time", guarded<is_time>},
         {"format", guarded<format>},
         {"date", guarded<date_part>},
         {"equal", guarded<equal>},
         {"equal_date", guarded<equal_date>},
         {"compare", guarded<compare>},
         {"add", guarded<add>},
         {"difference", guarded<difference>},
         {"to_utc", guarded<to_utc>},
         {"from_utc", guarded<from_utc>},
         {"start_of_day", guarded<start_of_day>},
         {"day_of_week", guarded<day_of_week>},
         {"parts", guarded<parts>},
         {"to_seconds", guarded<to_seconds>},
         {"from_seconds", guarded<from_seconds>}}
    );
}

}  // namespace tideway::script::library
