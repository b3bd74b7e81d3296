#include <cstdlib>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <lua.hpp>

#include "engine/script/language.h"
#include "engine/script/library.h"

namespace tideway::script {
namespace {

// Prints any value: tables with sorted keys, through the library under test where it helps.
const char* const kPrinter = R"lua(
local function show(value)
  if type(value) == "string" then return string.format("%q", value) end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for i = 1, #value do parts[i] = show(value[i]) end
  for _, key in ipairs(lib.list.keys(value)) do
    if type(key) ~= "number" then parts[#parts + 1] = key .. "=" .. show(value[key]) end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end
return show
)lua";

class ValueLibrary : public testing::Test {
  protected:
    ValueLibrary()
        : state_(luaL_newstate(), &lua_close) {
        luaL_openlibs(state_.get());
        lua_State* const state = state_.get();
        lua_pushcfunction(state, [](lua_State* inner) {
            open_value_libraries(inner);
            return 1;
        });
        EXPECT_EQ(lua_pcall(state, 0, 1, 0), LUA_OK) << lua_tostring(state, -1);
        lua_pushvalue(state, -1);
        lua_setglobal(state, "lib");
        for (const char* name : {"time", "text", "list", "money", "uri"}) {
            lua_getfield(state, -1, name);
            lua_setglobal(state, name);
        }
        lua_settop(state, 0);
        lua_pushlightuserdata(state, nullptr);
        lua_setglobal(state, "null");
        EXPECT_EQ(luaL_loadstring(state, kPrinter), LUA_OK);
        lua_call(state, 0, 1);
        lua_setglobal(state, "show");
    }

    // The printed value of an expression, or the error that it raises.
    std::string value(const std::string& expression) {
        return run("return show(" + expression + ")");
    }

    std::string run(const std::string& text) {
        lua_State* const state = state_.get();
        if (luaL_loadbuffer(state, text.data(), text.size(), "=flow.lua") != LUA_OK ||
            lua_pcall(state, 0, 1, 0) != LUA_OK) {
            std::string error = lua_tostring(state, -1);
            lua_settop(state, 0);
            return error;
        }
        std::string out = lua_tostring(state, -1) != nullptr ? lua_tostring(state, -1) : "";
        lua_settop(state, 0);
        return out;
    }

    std::unique_ptr<lua_State, decltype(&lua_close)> state_;
};

using Money = ValueLibrary;
using Time = ValueLibrary;
using Text = ValueLibrary;
using List = ValueLibrary;
using UriLibrary = ValueLibrary;

TEST_F(ValueLibrary, HasExactlyTheFunctionsOfTheLanguageTable) {
    std::string expected;
    for (const LanguageFunction& function : language_functions()) {
        const std::string name(function.name);
        const std::string table = name.substr(0, name.find('.'));
        if (table == "time" || table == "text" || table == "list" || table == "money" ||
            table == "uri") {
            EXPECT_EQ(
                value("type(" + name + ")"),
                "\"function\""
            ) << name;
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

// --- text ---

TEST_F(Text, CutsAndSearches) {
    EXPECT_EQ(value("text.trim(' \\u{A0}\\t x y \\r\\n')"), "\"x y\"");
    EXPECT_EQ(
        value("{ text.starts_with('abc', 'ab'), text.ends_with('abc', 'bc'), "
              "text.contains('a.c', '.c'), text.contains('abc', 'a.c') }"),
        "{true,true,true,false}"
    );
    EXPECT_EQ(value("text.index_of('\\u{e9}t\\u{e9}', 't')"), "2");
    EXPECT_EQ(value("text.index_of('abc', 'x')"), "nil");
    EXPECT_EQ(
        value("{ text.strip_prefix('urn:x', 'urn:'), text.strip_suffix('a.lua', '.lua'), "
              "text.strip_prefix('x', 'y') }"),
        R"({"x","a","x"})"
    );
}

TEST_F(Text, SplitsAndJoins) {
    EXPECT_EQ(value("text.split('a;;b', ';')"), R"({"a","","b"})");
    EXPECT_EQ(value("text.split('', ';')"), R"({""})");
    EXPECT_EQ(value("text.split('a.b', '')"), R"({"a.b"})");
    EXPECT_EQ(value("text.lines('a\\r\\nb\\n\\nc\\rd\\n')"), R"({"a","b","","c","d"})");
    EXPECT_EQ(value("text.lines('')"), "{}");
    EXPECT_EQ(value("text.join({ 'a', 1, 2.5 }, ', ')"), "\"a, 1, 2.5\"");
    EXPECT_EQ(value("text.join({})"), "\"\"");
    EXPECT_EQ(
        run("text.join({ 'a', {} })"),
        "flow.lua:1: text.join: item 2 is a table, only texts and numbers can be joined"
    );
    EXPECT_EQ(value("#text.join(text.split(('x,'):rep(5000), ','), '--')"), "15000");
}

TEST_F(Text, ReplacesPlainText) {
    EXPECT_EQ(value("text.replace('a.b.c', '.', '%1')"), "\"a%1b%1c\"");
    EXPECT_EQ(value("text.replace('abc', 'x', 'y')"), "\"abc\"");
    EXPECT_NE(run("text.replace('abc', '', 'y')").find("must not be empty"), std::string::npos);
}

TEST_F(Text, CountsCodePoints) {
    EXPECT_EQ(value("text.length('\\u{1F600}\\u{e9}x')"), "3");
    EXPECT_EQ(value("text.length('\\xff\\xc3')"), "2");
    EXPECT_EQ(value("text.substring('\\u{e9}bcd', 2, 3)"), "\"bc\"");
    EXPECT_EQ(value("text.substring('abcd', -2)"), "\"cd\"");
    EXPECT_EQ(value("text.substring('abcd', 0, 99)"), "\"abcd\"");
    EXPECT_EQ(value("text.substring('abcd', 3, 2)"), "\"\"");
    EXPECT_EQ(value("text.substring('abcd', math.mininteger, math.maxinteger)"), "\"abcd\"");
}

TEST_F(Text, TruncatesWithoutCuttingACodePoint) {
    EXPECT_EQ(value("text.truncate('\\u{e9}\\u{e9}\\u{e9}', 2) == '\\u{e9}\\u{e9}'"), "true");
    EXPECT_EQ(value("text.truncate('abcdef', 4, '...')"), "\"a...\"");
    EXPECT_EQ(value("text.truncate('abc', 3, '...')"), "\"abc\"");
    EXPECT_EQ(value("text.truncate_bytes('a\\u{20AC}b', 3)"), "\"a\"");
    EXPECT_EQ(value("text.truncate_bytes('a\\u{20AC}b', 4) == 'a\\u{20AC}'"), "true");
    EXPECT_EQ(value("text.truncate_bytes('abc', 0)"), "\"\"");
}

TEST_F(Text, ChangesFormOnly) {
    EXPECT_EQ(value("text.lower('AB\\u{C9}') == 'ab\\u{C9}'"), "true");
    EXPECT_EQ(value("text.upper('ab1')"), "\"AB1\"");
    EXPECT_EQ(value("text.equal_ignoring_case('Contoso', 'CONTOSO')"), "true");
    EXPECT_EQ(value("text.equal_ignoring_case(nil, '')"), "false");
    EXPECT_EQ(value("text.normalise_line_ends('a\\r\\nb\\rc\\n')"), "\"a\\\nb\\\nc\\\n\"");
    EXPECT_EQ(
        value(
            "{ text.is_blank(nil), text.is_blank(null), text.is_blank(' \\n'), text.is_blank('x') }"
        ),
        "{true,true,true,false}"
    );
    EXPECT_EQ(
        value("{ text.pad_left('7', 3, '0'), text.pad_right('ab', 4), text.pad_left('abc', 2) }"),
        R"({"007","ab  ","abc"})"
    );
    EXPECT_EQ(value("text.to_base64('Contoso')"), "\"Q29udG9zbw==\"");
    EXPECT_EQ(value("text.from_base64('Q29udG9zbw==')"), "\"Contoso\"");
    EXPECT_NE(run("text.from_base64('*')").find("is not base64"), std::string::npos);
}

// --- list ---

TEST_F(List, CallsBackWithItemAndPosition) {
    EXPECT_EQ(value("list.map({ 3, 4 }, function(x, i) return x * i end)"), "{3,8}");
    EXPECT_EQ(value("list.map({ { id = 'a' }, {}, { id = 'b' } }, 'id')"), R"({"a","b"})");
    EXPECT_EQ(value("list.filter({ 1, 2, 3 }, function(x) return x % 2 == 1 end)"), "{1,3}");
    EXPECT_EQ(
        value("list.find({ { n = 1 }, { n = 2 } }, function(x) return x.n == 2 end)"), "{n=2}"
    );
    EXPECT_EQ(value("list.find({}, 'x')"), "nil");
    EXPECT_EQ(
        value("{ list.any({ 1 }), list.any({}), list.any({ 1, 2 }, function(x) return x > 1 end) }"
        ),
        "{true,false,true}"
    );
    EXPECT_EQ(value("{ list.all({}, 'x'), list.all({ { x = 1 }, {} }, 'x') }"), "{true,false}");
    EXPECT_EQ(
        value("{ list.count({ 1, 2 }), list.count({ 1, 2 }, function(x) return x == 2 end) }"),
        "{2,1}"
    );
    EXPECT_EQ(
        value("{ list.sum({ 1, 2 }), list.sum({ { a = 1.5 }, { a = 2 } }, 'a'), list.sum({}) }"),
        "{3,3.5,0}"
    );
    EXPECT_NE(run("list.sum({ '1' })").find("money.add"), std::string::npos);
}

TEST_F(List, LetsCallbacksYield) {
    EXPECT_EQ(
        run("local co = coroutine.wrap(function() return list.map({ 1, 2 }, function(x) "
            "return coroutine.yield(x) end) end)\n"
            "co() co('a') return show(co('b'))"),
        R"({"a","b"})"
    );
    EXPECT_EQ(
        run("local co = coroutine.wrap(function() return list.sort_by({ 2, 1 }, function(x) "
            "coroutine.yield() return x end) end)\n"
            "co() co() return show(co())"),
        "{1,2}"
    );
}

TEST_F(List, SortsStably) {
    EXPECT_EQ(
        value("list.map(list.sort_by({ {k=2,n=1}, {k=1,n=2}, {k=2,n=3}, {k=1,n=4} }, 'k'), 'n')"),
        "{2,4,1,3}"
    );
    EXPECT_EQ(
        value("list.sort_by({ 'b', 2, true, 'a', 10, false, 1.5 }, function(x) return x end)"),
        R"({1.5,2,10,"a","b",false,true})"
    );
    EXPECT_EQ(value("list.map(list.sort_by({ {n=1}, {k='x',n=2} }, 'k'), 'n')"), "{2,1}");
    EXPECT_NE(run("list.sort_by({ 1 }, function() return 0/0 end)").find("NaN"), std::string::npos);
}

TEST_F(List, Groups) {
    EXPECT_EQ(
        value("list.group_by({ 'ab', 'ac', 'b' }, function(x) return x:sub(1, 1) end)"),
        R"({a={"ab","ac"},b={"b"}})"
    );
    EXPECT_NE(run("list.group_by({ {} }, 'id')").find("no text and no number"), std::string::npos);
}

TEST_F(List, ComparesItemsByWhatTheyHold) {
    EXPECT_EQ(value("list.deep_equal({ 1, { a = 'x' } }, { 1.0, { a = 'x' } })"), "true");
    EXPECT_EQ(value("list.deep_equal({ a = 1 }, { a = 1, b = 2 })"), "false");
    EXPECT_EQ(value("list.deep_equal({ a = 1, b = 2 }, { a = 1 })"), "false");
    EXPECT_EQ(value("list.deep_equal({ null }, { null })"), "true");
    EXPECT_EQ(value("list.deep_equal('1', 1)"), "false");
    EXPECT_EQ(value("list.contains({ { id = 1 } }, { id = 1 })"), "true");
    EXPECT_EQ(value("list.index_of({ 'a', 'b' }, 'b')"), "2");
    EXPECT_EQ(value("list.index_of({ 'a' }, nil)"), "nil");
    EXPECT_EQ(
        value("list.distinct({ 1, 1.0, '1', { a = { 1 } }, { a = { 1 } }, null, null, true })"),
        "{1,\"1\",{a={1}},userdata: (nil),true}"
    );
    EXPECT_EQ(value("list.distinct({ '\\x01{}', {}, {}, '\\x01{}' })"), "{\"\\1{}\",{}}");
}

TEST_F(List, RefusesCyclesAndExplosionsInsteadOfHanging) {
    const std::string deep =
        "local function twins() local t = {} for i = 1, 100 do t = { t, t } end "
        "return t end\n";
    EXPECT_NE(
        run(deep + "return list.deep_equal(twins(), twins())").find("too large"), std::string::npos
    );
    EXPECT_NE(
        run("local a, b = {}, {} a[1] = a b[1] = b return list.deep_equal(a, b)")
            .find("contain themselves"),
        std::string::npos
    );
    EXPECT_NE(
        run("local a = {} a[1] = a list.distinct({ a })").find("contain themselves"),
        std::string::npos
    );
    EXPECT_NE(run("list.distinct({ print })").find("only data can be compared"), std::string::npos);
}

TEST_F(List, WorksOnListsAsSets) {
    EXPECT_EQ(value("list.union({ 1, 2 }, { 2, 3 }, { 1 })"), "{1,2,3}");
    EXPECT_EQ(value("list.intersection({ 3, 1, 2, 1 }, { 1, 3 })"), "{3,1}");
    EXPECT_EQ(value("list.difference({ 3, 1, 2, 3 }, { 1 })"), "{3,2}");
    EXPECT_EQ(value("list.difference({ { id = 1 }, { id = 2 } }, { { id = 1 } })"), "{{id=2}}");
    EXPECT_NE(
        run("list.union({}, 5)").find("argument 2 must be a list, got a number"),
        std::string::npos
    );
}

TEST_F(List, TakesListsApart) {
    EXPECT_EQ(value("{ list.first({ 1, 2 }), list.last({ 1, 2 }) }"), "{1,2}");
    EXPECT_EQ(value("list.last({})"), "nil");
    EXPECT_EQ(value("list.reverse({ 1, 2, 3 })"), "{3,2,1}");
    EXPECT_EQ(
        value("{ list.take({ 1, 2 }, 1), list.take({ 1 }, 9), list.take({ 1 }, 0) }"),
        "{{1},{1},{}}"
    );
    EXPECT_EQ(
        value("{ list.skip({ 1, 2 }, 1), list.skip({ 1 }, 9), list.skip({ 1 }, 0) }"),
        "{{2},{},{1}}"
    );
    EXPECT_EQ(value("list.concat({ 1 }, {}, { 2 })"), "{1,2}");
    EXPECT_EQ(
        value("list.keys({ b = 1, a = 2, [10] = 3, [2] = 4, [1.5] = 5 })"), R"({1.5,2,10,"a","b"})"
    );
    EXPECT_EQ(value("list.values({ b = 1, a = 2 })"), "{2,1}");
}

// --- uri ---

TEST_F(UriLibrary, EncodesAndDecodesComponents) {
    EXPECT_EQ(value("uri.encode_component(\"a b/\\u{e9}'~\")"), "\"a%20b%2F%C3%A9%27~\"");
    EXPECT_EQ(value("uri.decode_component('a%20b%2f+')"), "\"a b/+\"");
    EXPECT_NE(run("uri.decode_component('%4')").find("'%' at byte 1"), std::string::npos);
}

TEST_F(UriLibrary, TakesAddressesApart) {
    EXPECT_EQ(
        value("uri.parse('HTTPS://user@Contoso.com:8443/api/x?a=1#top')"),
        R"({fragment="top",host="contoso.com",path="/api/x",port=8443,query="a=1",scheme="https",user="user"})"
    );
    EXPECT_EQ(
        value("uri.parse('https://contoso.com')"),
        R"({host="contoso.com",path="/",port=443,scheme="https"})"
    );
    EXPECT_EQ(value("uri.parse('/a/b?')"), R"({path="/a/b",query=""})");
    EXPECT_EQ(
        value("uri.parse('http://[::1]:80/')"), R"({host="[::1]",path="/",port=80,scheme="http"})"
    );
    EXPECT_EQ(value("uri.host('https://Contoso.com/x')"), "\"contoso.com\"");
    EXPECT_NE(run("uri.host('/x')").find("has no host"), std::string::npos);
    EXPECT_NE(run("uri.parse('http://a:99999/')").find("is not a port"), std::string::npos);
}

TEST_F(UriLibrary, PutsAddressesTogether) {
    EXPECT_EQ(
        value("uri.query { top = 5, filter = \"name eq 'x y'\", on = true, ids = { 1, 2 }, no = "
              "null }"),
        "\"filter=name%20eq%20%27x%20y%27&ids=1&ids=2&on=true&top=5\""
    );
    EXPECT_EQ(value("uri.query {}"), "\"\"");
    EXPECT_EQ(
        value("uri.join('https://contoso.com/', '/api', 'v1/', 7)"),
        "\"https://contoso.com/api/v1/7\""
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
