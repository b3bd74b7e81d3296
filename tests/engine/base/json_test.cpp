#include "engine/base/json.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/limits.h"

namespace tideway {
namespace {

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

TEST(Json, AcceptsNestingUpToTheLimitAndRefusesMoreBeforeReadingIt) {
    EXPECT_TRUE(parse_json(nested(limits::kJsonDepthMax), "it"));
    const auto deep = parse_json(nested(limits::kJsonDepthMax + 1), "The body");
    ASSERT_FALSE(deep);
    EXPECT_EQ(deep.error().code, "InvalidJSON");
    EXPECT_NE(deep.error().message.find("The body is nested deeper than 128"), std::string::npos);
    EXPECT_FALSE(parse_json(std::string(10'000'000, '['), "it"));
}

TEST(Json, DoesNotCountBracketsInTexts) {
    EXPECT_TRUE(parse_json("\"" + std::string(1000, '[') + "\\\"[\"", "it"));
    EXPECT_TRUE(parse_json(R"({"a":"\\","b":["]"]})", "it"));
}

TEST(Json, NamesTheTextThatIsNoJson) {
    for (const char* text : {"", "{", "{} x", "nan", "{\"a\":1,}", "'a'", "\"\xFF\""}) {
        const auto parsed = parse_json(text, "connector.json of http");
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, "InvalidJSON");
        EXPECT_EQ(parsed.error().message.find("connector.json of http is not valid JSON"), 0U);
    }
}

TEST(Json, SaysLineColumnAndCauseInItsOwnWords) {
    const std::vector<std::pair<const char*, const char*>> kTexts = {
        {"{\"a\": tru}", "line 1, column 7: unexpected tru."},
        {"{\n  \"a\": 1,\n}", "line 3, column 1: unexpected }."},
        {"{\"a\" 1}", "line 1, column 6: unexpected 1."},
        {"{\"\u00e9\": x}", "line 1, column 7: unexpected x."},
        {"[1, 2", "line 1, column 6: it ends before the value is complete."},
        {" \n", "line 2, column 1: it is empty."},
        {"[\"open]",
         "line 1, column 2: a text is not closed, or holds a control character, an "
         "unknown escape or bytes that are not UTF-8."},
        {"[1e999]", "line 1, column 2: the number 1e999 is too large."},
        {"{\"a\" \"b c\"}", "line 1, column 6: unexpected \"b c\"."},
        {"{} {}", "line 1, column 4: unexpected {."},
    };
    for (const auto& [text, cause] : kTexts) {
        const auto parsed = parse_json(text, "The body");
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().message, std::string("The body is not valid JSON: ") + cause);
    }
}

TEST(Json, SortsKeysSoThatTheDumpIsCanonical) {
    EXPECT_EQ(
        dump(*parse_json(R"({ "b" : 1, "a": {"d":2,"c":3} })", "it")),
        R"({"a":{"c":3,"d":2},"b":1})"
    );
}

TEST(Json, ReadsMembersWithFallbacks) {
    const Json object = *parse_json(R"({"t":"x","n":7,"b":true,"null":null,"f":1.5})", "it");
    EXPECT_EQ(string_or(object, "t"), "x");
    EXPECT_EQ(string_or(object, "n", "none"), "none");
    EXPECT_EQ(int_or(object, "n", 0), 7);
    EXPECT_EQ(int_or(object, "f", 3), 3);
    EXPECT_TRUE(bool_or(object, "b", false));
    EXPECT_TRUE(bool_or(object, "null", true));
    EXPECT_EQ(find(object, "absent"), nullptr);
    EXPECT_EQ(find(Json(7), "t"), nullptr);
    EXPECT_EQ(*require_string(object, "t", "It"), "x");
    EXPECT_NE(
        require_string(object, "n", "The pack")
            .error()
            .message.find("The pack needs a text field 'n'"),
        std::string::npos
    );
}

TEST(Json, WritesBytesThatAreNotUtf8WithoutFailing) {
    EXPECT_TRUE(Json::accept(dump(Json("\xFF"))));
    EXPECT_EQ(quote_json("a\"b\n"), R"("a\"b\n")");
}

}  // namespace
}  // namespace tideway
