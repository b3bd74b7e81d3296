#include <cstdlib>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <lua.hpp>

#include "engine/script/language.h"
#include "engine/script/library.h"
#include "tests/engine/script/value_library_fixture.h"

namespace tideway::script {
namespace {

using Money = ValueLibrary;
using Time = ValueLibrary;

TEST_F(ValueLibrary, HasExactlyTheFunctionsOfTheLanguageTable) {
    std::string expected;
    for (const LanguageFunction& function : language_functions()) {
        const std::string name(function.name);
        const std::string table = name.substr(0, name.find('.'));
        if (table == "time" || table == "text" || table == "list" || table == "money" ||
            table == "uri") {
            EXPECT_EQ(value("type(" + name + ")"), "\"function\"") << name;
            expected += "x";
        }
    }
    EXPECT_EQ(
        run("local n = 0 for _, t in pairs(lib) do for _ in pairs(t) do n = n + 1 end end return n"
        ),
        std::to_string(expected.size())
    );
}

TEST_F(ValueLibrary, NeedsNoGlobals) {
    const std::unique_ptr<lua_State, decltype(&lua_close)> bare(luaL_newstate(), &lua_close);
    lua_pushcfunction(bare.get(), [](lua_State* inner) {
        open_value_libraries(inner);
        lua_getfield(inner, -1, "list");
        lua_getfield(inner, -1, "any");
        lua_newtable(inner);
        lua_call(inner, 1, 1);
        return 1;
    });
    EXPECT_EQ(lua_pcall(bare.get(), 0, 1, 0), LUA_OK) << lua_tostring(bare.get(), -1);
    EXPECT_EQ(lua_toboolean(bare.get(), -1), 0);
}

TEST_F(ValueLibrary, NamesThePlaceTheFunctionAndTheArgumentInErrors) {
    EXPECT_EQ(
        run("\nreturn text.trim(5)"),
        "flow.lua:2: text.trim: the text (first argument) must be a text, got a number"
    );
    EXPECT_EQ(
        run("return text.trim()"),
        "flow.lua:1: text.trim: the text (first argument) must be a text, got nil"
    );
    EXPECT_EQ(
        run("\n\nlist.map({}, 5)"),
        "flow.lua:3: list.map: the second argument must be a function or the name of a field, "
        "got a number"
    );
    EXPECT_EQ(
        run("return list.take({1}, 1.5)"),
        "flow.lua:1: list.take: the number of items (second argument) must be a whole number, "
        "got a number"
    );
    EXPECT_EQ(
        run("return text.trim(null)"),
        "flow.lua:1: text.trim: the text (first argument) must be a text, got null"
    );
}

// --- money ---

TEST_F(Money, NormalisesNumbersAndTexts) {
    EXPECT_EQ(value("money.normalise('42000.00')"), "\"42000\"");
    EXPECT_EQ(value("money.normalise(' -0.50 ')"), "\"-0.5\"");
    EXPECT_EQ(value("money.normalise('+007')"), "\"7\"");
    EXPECT_EQ(value("money.normalise('-0.00')"), "\"0\"");
    EXPECT_EQ(value("money.normalise('.5')"), "\"0.5\"");
    EXPECT_EQ(value("money.normalise(0.1)"), "\"0.1\"");
    EXPECT_EQ(value("money.normalise(1e21)"), "\"1000000000000000000000\"");
    EXPECT_EQ(value("money.normalise('1.5e-3')"), "\"0.0015\"");
    EXPECT_EQ(value("money.normalise(math.mininteger)"), "\"-9223372036854775808\"");
}

TEST_F(Money, RefusesWhatIsNoAmount) {
    EXPECT_EQ(
        run("money.add('1,000', 1)"),
        "flow.lua:1: money.add: '1,000' is not an amount; an amount is a number or a text such as "
        "\"42000.00\", with a point and without thousands separators"
    );
    for (const char* bad :
         {"''",
          "'0x10'",
          "'1.2.3'",
          "'.'",
          "'1e'",
          "'1e99999'",
          "'--1'",
          "nil",
          "null",
          "{}",
          "0/0",
          "1/0",
          "('9'):rep(201)",
          "'1e300'"}) {
        EXPECT_NE(
            run(std::string("money.normalise(") + bad + ")").find("is not an amount"),
            std::string::npos
        ) << bad;
        EXPECT_EQ(value(std::string("money.is_amount(") + bad + ")"), "false") << bad;
    }
}

TEST_F(Money, ComputesExactly) {
    EXPECT_EQ(value("money.add(0.1, 0.2)"), "\"0.3\"");
    EXPECT_EQ(value("money.add('99999999999999999999.99', '0.01')"), "\"100000000000000000000\"");
    EXPECT_EQ(value("money.sub('0.3', '0.1')"), "\"0.2\"");
    EXPECT_EQ(value("money.sub(1, '1.005')"), "\"-0.005\"");
    EXPECT_EQ(value("money.sub('-5', '-7.5')"), "\"2.5\"");
    EXPECT_EQ(value("money.add('-5', '5')"), "\"0\"");
    EXPECT_EQ(value("money.mul('1.1', '1.1')"), "\"1.21\"");
    EXPECT_EQ(value("money.mul('-123456789.123', '987654321.5')"), "\"-121932631295845145.0445\"");
    EXPECT_EQ(value("money.mul('0.00', '-3')"), "\"0\"");
    EXPECT_NE(
        run("money.mul(('9'):rep(150), ('9'):rep(150))").find("more than 200 digits"),
        std::string::npos
    );
}

TEST_F(Money, ComparesByValue) {
    EXPECT_EQ(value("money.equal('42000.00', 42000)"), "true");
    EXPECT_EQ(value("money.equal(0.1 + 0.2, '0.3')"), "false");
    EXPECT_EQ(value("money.equal(nil, null)"), "true");
    EXPECT_EQ(value("money.equal(nil, 0)"), "false");
    EXPECT_EQ(value("money.compare('10', '9.99')"), "1");
    EXPECT_EQ(value("money.compare('-10', '9.99')"), "-1");
    EXPECT_EQ(value("money.compare('-10', '-9.99')"), "-1");
    EXPECT_EQ(value("money.compare('1.0', 1)"), "0");
}

TEST_F(Money, RoundsHalfAwayFromZero) {
    EXPECT_EQ(value("money.round('2.5', 0)"), "\"3\"");
    EXPECT_EQ(value("money.round('-2.5', 0)"), "\"-3\"");
    EXPECT_EQ(value("money.round('2.4999', 0)"), "\"2\"");
    EXPECT_EQ(value("money.round('1.005')"), "\"1.01\"");
    EXPECT_EQ(value("money.round('9.999', 2)"), "\"10\"");
    EXPECT_EQ(value("money.round('0.004', 2)"), "\"0\"");
    EXPECT_EQ(value("money.round('0.5', 0)"), "\"1\"");
    EXPECT_EQ(value("money.round('1550', -2)"), "\"1600\"");
    EXPECT_EQ(value("money.round('49', -2)"), "\"0\"");
    EXPECT_EQ(value("money.format(42000)"), "\"42000.00\"");
    EXPECT_EQ(value("money.format('-0.005', 2)"), "\"-0.01\"");
    EXPECT_EQ(value("money.format('0.001', 2)"), "\"0.00\"");
    EXPECT_EQ(value("money.format('7.9', 0)"), "\"8\"");
    EXPECT_EQ(value("money.number('42000.50')"), "42000.5");
    EXPECT_EQ(value("money.number('42000.00')"), "42000");
}

// --- time ---

TEST_F(Time, ReadsTheFormsThatServicesWrite) {
    EXPECT_EQ(value("time.parse('2026-03-31T23:30:00.1230000Z')"), "\"2026-03-31T23:30:00.123Z\"");
    EXPECT_EQ(value("time.parse('2026-03-31T23:30:00-05:00')"), "\"2026-04-01T04:30:00Z\"");
    EXPECT_EQ(value("time.parse('2026-03-31T23:30:00')"), "\"2026-03-31T23:30:00Z\"");
    EXPECT_EQ(value("time.parse('2026-03-31')"), "\"2026-03-31T00:00:00Z\"");
    EXPECT_EQ(
        run("time.parse('31.03.2026')"),
        "flow.lua:1: time.parse: '31.03.2026' is not a time; write it as 2026-03-31T23:30:00Z"
    );
    EXPECT_EQ(value("time.is_time('2026-02-30')"), "false");
    EXPECT_EQ(value("time.is_time(5)"), "false");
}

TEST_F(Time, ComparesDatesAsDates) {
    EXPECT_EQ(value("time.date('2026-03-31T23:30:00Z')"), "\"2026-03-31\"");
    EXPECT_EQ(value("time.equal_date('2026-03-31', '2026-03-31T23:30:00Z')"), "true");
    EXPECT_EQ(value("time.equal_date('2026-03-31', '2026-04-01')"), "false");
    EXPECT_EQ(value("time.equal_date('1969-12-31T01:00:00Z', '1969-12-31T23:00:00Z')"), "true");
    EXPECT_EQ(value("time.equal_date('1969-12-31T23:00:00Z', '1970-01-01T01:00:00Z')"), "false");
    EXPECT_EQ(value("time.equal_date(nil, nil)"), "true");
    EXPECT_EQ(value("time.equal_date('2026-03-31', null)"), "false");
    EXPECT_EQ(value("time.equal('2026-03-31T01:00:00+01:00', '2026-03-31')"), "true");
    EXPECT_EQ(value("time.compare('2026-03-31', '2026-03-30T23:59:59.999Z')"), "1");
}

TEST_F(Time, AddsAmountsAndClampsTheEndOfMonths) {
    EXPECT_EQ(
        value("time.add('2026-01-31T10:00:00Z', { months = 1 })"), "\"2026-02-28T10:00:00Z\""
    );
    EXPECT_EQ(value("time.add('2024-02-29', { years = 1 })"), "\"2025-02-28T00:00:00Z\"");
    EXPECT_EQ(
        value("time.add('2026-03-01', { days = -1, hours = 2, minutes = 3, seconds = 4 })"),
        "\"2026-02-28T02:03:04Z\""
    );
    EXPECT_EQ(value("time.add('2026-03-01', { weeks = 2 })"), "\"2026-03-15T00:00:00Z\"");
    EXPECT_EQ(
        run("time.add('2026-03-01', { day = 1 })"),
        "flow.lua:1: time.add: unknown field 'day'; it has seconds, minutes, hours, days, weeks, "
        "months and years"
    );
    for (const char* bad :
         {"{ days = 9223372036854775807 }",
          "{ years = 8000 }",
          "{ years = -3000 }",
          "{ months = 1.5 }",
          "{ weeks = 399999999999 }",
          "{ years = 399999999999 }"}) {
        EXPECT_NE(
            run(std::string("return time.add('2026-03-01', ") + bad + ")").find("time.add: "),
            std::string::npos
        ) << bad;
    }
}

TEST_F(Time, MeasuresDifferencesInSeconds) {
    EXPECT_EQ(value("time.difference('2026-03-01', '2026-03-02T00:00:01Z')"), "86401");
    EXPECT_EQ(value("time.difference('2026-03-02', '2026-03-01')"), "-86400");
    EXPECT_EQ(value("time.difference('2026-03-01', '2026-03-01T00:00:00.5Z')"), "0.5");
    EXPECT_EQ(value("time.to_seconds('1970-01-02')"), "86400");
    EXPECT_EQ(value("time.from_seconds(-1)"), "\"1969-12-31T23:59:59Z\"");
}

TEST_F(Time, FormatsByPattern) {
    EXPECT_EQ(
        value("time.format('2026-03-05T14:07:09.045Z', 'yyyy-MM-dd HH:mm:ss.fff')"),
        "\"2026-03-05 14:07:09.045\""
    );
    EXPECT_EQ(
        value("time.format('2026-03-05T14:07:09Z', \"dddd, d MMMM yy 'at' h:mm tt\")"),
        "\"Thursday, 5 March 26 at 2:07 PM\""
    );
    EXPECT_EQ(value("time.format('2026-03-05T00:07:09Z', 'ddd MMM hh')"), "\"Thu Mar 12\"");
    EXPECT_EQ(
        value("time.format('2026-07-05T23:30:00Z', 'yyyy-MM-dd HH:mm', 'Europe/Berlin')"),
        "\"2026-07-06 01:30\""
    );
}

TEST_F(Time, KnowsIanaAndWindowsZones) {
    EXPECT_EQ(
        value("time.from_utc('2026-07-05T12:00:00Z', 'W. Europe Standard Time')"),
        "\"2026-07-05T14:00:00+02:00\""
    );
    EXPECT_EQ(
        value("time.from_utc('2026-01-05T12:00:00Z', 'America/New_York')"),
        "\"2026-01-05T07:00:00-05:00\""
    );
    EXPECT_EQ(value("time.from_utc('2026-01-05T12:00:00Z', 'UTC')"), "\"2026-01-05T12:00:00Z\"");
    EXPECT_EQ(
        value("time.to_utc('2026-07-05T14:00:00', 'Romance Standard Time')"),
        "\"2026-07-05T12:00:00Z\""
    );
    EXPECT_EQ(
        value("time.to_utc('2026-10-25T02:30:00', 'Europe/Berlin')"), "\"2026-10-25T00:30:00Z\""
    );
    EXPECT_EQ(
        value("time.to_utc('2026-03-29T02:30:00', 'Europe/Berlin')"), "\"2026-03-29T01:00:00Z\""
    );
    EXPECT_NE(
        run("time.to_utc('2026-07-05T14:00:00Z', 'UTC')").find("not a local time"),
        std::string::npos
    );
    EXPECT_EQ(
        run("time.from_utc('2026-01-05', 'Mars/Crater')"),
        "flow.lua:1: time.from_utc: unknown time zone 'Mars/Crater'; use a name such as "
        "\"Europe/Berlin\" or \"W. Europe Standard Time\""
    );
}

TEST_F(Time, FindsDays) {
    EXPECT_EQ(value("time.start_of_day('2026-03-31T23:30:00Z')"), "\"2026-03-31T00:00:00Z\"");
    EXPECT_EQ(
        value("time.start_of_day('2026-03-31T23:30:00Z', 'Europe/Berlin')"),
        "\"2026-03-31T22:00:00Z\""
    );
    EXPECT_EQ(value("time.day_of_week('2026-03-29')"), "0");
    EXPECT_EQ(
        value("time.parts('2026-03-31T23:30:05.25Z')"),
        "{day=31,hour=23,microsecond=250000,minute=30,month=3,second=5,year=2026}"
    );
}

// --- memory ---

void* limited(void* rest, void* block, std::size_t before, std::size_t after) {
    auto& left = *static_cast<std::int64_t*>(rest);
    const std::int64_t grown =
        static_cast<std::int64_t>(after) - static_cast<std::int64_t>(block == nullptr ? 0 : before);
    if (after == 0) {
        left -= grown;
        std::free(block);
        return nullptr;
    }
    if (grown > 0 && grown > left) {
        return nullptr;
    }
    left -= grown;
    return std::realloc(block, after);
}

TEST(ValueLibraryMemory, ReportsTheMemoryCapAsALuaError) {
    std::int64_t left = 2 << 20;
    const std::unique_ptr<lua_State, decltype(&lua_close)> state(
        lua_newstate(&limited, &left), &lua_close
    );
    lua_pushcfunction(state.get(), [](lua_State* inner) {
        luaL_openlibs(inner);
        open_value_libraries(inner);
        lua_setglobal(inner, "lib");
        return 0;
    });
    ASSERT_EQ(lua_pcall(state.get(), 0, 0, 0), LUA_OK);
    for (const char* text :
         {"return lib.text.pad_left('', 1 << 40)",
          "return lib.text.replace(('x'):rep(10000), 'x', ('y'):rep(10000))",
          "local t = {} for i = 1, 50 do t[i] = ('x'):rep(20000) end "
          "return lib.text.join(t, ('y'):rep(50000))"}) {
        ASSERT_EQ(luaL_loadstring(state.get(), text), LUA_OK);
        EXPECT_EQ(lua_pcall(state.get(), 0, 1, 0), LUA_ERRMEM) << text;
        lua_settop(state.get(), 0);
    }
}

}  // namespace
}  // namespace tideway::script
