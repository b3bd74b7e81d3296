#include "engine/model/step_path.h"

#include <gtest/gtest.h>

namespace tideway::model {
namespace {

TEST(StepPath, PrintsScopesOccurrencesAndIterations) {
    const std::vector<PathSegment> segments{
        {"(Scope) Synchronize", 1, 0}, {"For each line", 1, 3}, {"Create line", 2, 0}};
    EXPECT_EQ(print_path(segments), "(Scope) Synchronize/For each line[3]/Create line#2");
    EXPECT_EQ(print_path({}), "");
}

TEST(StepPath, ReadsBackWhatItPrintsWhateverTheNames) {
    const std::vector<std::vector<PathSegment>> cases{
        {{"a/b", 1, 0}},
        {{"100%", 2, 7}, {"#2", 1, 0}, {"[3]", 1, 1}},
        {{"%2F", 3, 0}, {"x#1[9]", 1, 0}},
        {{"Gr\xC3\xB6\xC3\x9F"
          "e",
          1,
          0}},
        {},
    };
    for (const auto& segments : cases) {
        EXPECT_EQ(parse_path(print_path(segments)), segments) << print_path(segments);
    }
}

TEST(StepPath, NeverFailsOnTextThatIsNoPath) {
    for (const char* text : {"a[0]", "a#1", "a[x]", "a%ZZ", "//", "[", "#", "a[99999999999999]"}) {
        EXPECT_FALSE(parse_path(text).empty()) << text;
    }
    EXPECT_EQ(parse_path("a%ZZ")[0].name, "a%ZZ");
}

TEST(StepPath, DescribesAPathForPeople) {
    EXPECT_EQ(
        describe_path("(Scope) Synchronize/For each line[3]/Create line#2"),
        "(Scope) Synchronize > For each line [3] > Create line (2)"
    );
}

TEST(StepPath, KnowsTheEnclosingScope) {
    EXPECT_EQ(parent_path("a/b[2]/c"), "a/b[2]");
    EXPECT_EQ(parent_path("a"), "");
}

}  // namespace
}  // namespace tideway::model
