#include "engine/model/pattern.h"

#include <gtest/gtest.h>

namespace tideway::model {
namespace {

bool found(std::string_view expression, std::string_view text) {
    const auto pattern = Pattern::compile(expression);
    EXPECT_TRUE(pattern) << expression;
    return pattern && pattern->found_in(text).value_or(false);
}

TEST(Pattern, FindsAnywhereUnlessItIsAnchored) {
    EXPECT_TRUE(found("b+", "abbc"));
    EXPECT_TRUE(found("^a.c$", "abc"));
    EXPECT_FALSE(found("^b", "abc"));
    EXPECT_FALSE(found("c$", "abcd"));
    EXPECT_TRUE(found("", ""));
    EXPECT_TRUE(found("^$", ""));
}

TEST(Pattern, CountsRepeats) {
    EXPECT_TRUE(
        found("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "0f9d0b7c-1111-4222-8333-444455556666")
    );
    EXPECT_FALSE(found("^a{2,3}$", "a"));
    EXPECT_TRUE(found("^a{2,3}$", "aaa"));
    EXPECT_FALSE(found("^a{2,3}$", "aaaa"));
    EXPECT_TRUE(found("^a{2,}$", "aaaaaa"));
    EXPECT_TRUE(found("^a{0}$", ""));
    EXPECT_TRUE(found("^x{,2}$", "x{,2}"));
    EXPECT_TRUE(found("^(ab)*?c?$", "ababc"));
}

TEST(Pattern, KnowsClassesAndEscapes) {
    EXPECT_TRUE(found("^\\d\\D\\w\\W\\s\\S$", "1x_- y"));
    EXPECT_TRUE(found("^[^a-c\\d]$", "d"));
    EXPECT_FALSE(found("^[^a-c\\d]$", "5"));
    EXPECT_TRUE(found("^[a\\-z]+$", "a-z"));
    EXPECT_TRUE(found("^[-a]$", "-"));
    EXPECT_TRUE(found("^\\x41\\u00e9\\.$", "A\xC3\xA9."));
    EXPECT_TRUE(found("\\bdeal\\b", "a deal, closed"));
    EXPECT_FALSE(found("\\bdeal\\b", "ideals"));
}

TEST(Pattern, ReadsCharactersAndNotBytes) {
    EXPECT_TRUE(found("^.$", "\xF0\x9F\x90\xB2"));
    EXPECT_TRUE(found("^[\xC3\xA4-\xC3\xBC]$", "\xC3\xB6"));
    EXPECT_TRUE(found("^...$", "a\xFFz"));
}

TEST(Pattern, TriesEveryAlternative) {
    EXPECT_TRUE(found("^(?:won|lost|)$", "lost"));
    EXPECT_TRUE(found("^(?:won|lost|)$", ""));
    EXPECT_FALSE(found("^(?:won|lost)$", "wonlost"));
}

TEST(Pattern, RefusesWhatItCannotMatchInBoundedTime) {
    for (const char* expression :
         {"(a",
          "a)",
          "[a",
          "*a",
          "a**",
          "(?=a)",
          "(?<n>a)",
          "(a)\\1",
          "\\p{L}",
          "a{3,2}",
          "a{5000}",
          "((a{900}){900}){900}",
          "\\",
          "[z-a]"}) {
        const auto pattern = Pattern::compile(expression);
        ASSERT_FALSE(pattern) << expression;
        EXPECT_EQ(pattern.error().code, "PatternNotSupported");
    }
    EXPECT_FALSE(Pattern::compile(std::string(5000, '(') + std::string(5000, ')')));
}

TEST(Pattern, AnswersAtOnceWhereABacktrackingMatcherNeedsForEver) {
    EXPECT_FALSE(found("^(a+)+$", std::string(20000, 'a') + "b"));
    EXPECT_FALSE(found("^(a|a)*(a|a)*(a|a)*$", std::string(20000, 'a') + "b"));
}

TEST(Pattern, SaysThatItDoesNotKnowWhenTheTextIsTooLong) {
    const auto pattern = Pattern::compile("x{900}y");
    ASSERT_TRUE(pattern);
    EXPECT_EQ(pattern->found_in(std::string(1U << 20U, 'x')), std::nullopt);
}

}  // namespace
}  // namespace tideway::model
