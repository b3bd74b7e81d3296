#include <string>

#include <gtest/gtest.h>

#include "tests/engine/script/value_library_fixture.h"

namespace tideway::script {
namespace {

using Text = ValueLibrary;
using List = ValueLibrary;
using UriLibrary = ValueLibrary;

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
        value("list.distinct({ 1, 1.0, '1', { a = { 1 } }, { a = { 1 } }, true })"),
        "{1,\"1\",{a={1}},true}"
    );
    EXPECT_EQ(value("#list.distinct({ null, 1, null })"), "2");
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
        run("list.union({}, 5)").find("argument 2 must be a list, got a number"), std::string::npos
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

}  // namespace
}  // namespace tideway::script
