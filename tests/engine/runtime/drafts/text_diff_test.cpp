#include "engine/runtime/drafts/text_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideway::runtime {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string diff(std::string_view from, std::string_view to) {
    return unified_diff("a", "b", from, to);
}

std::string lines(int first, int last) {
    std::string out;
    for (int i = first; i <= last; ++i) {
        out += std::to_string(i) + "\n";
    }
    return out;
}

TEST(UnifiedDiff, OfEqualTextsIsEmpty) {
    EXPECT_EQ(diff("x\ny\n", "x\ny\n"), "");
}

TEST(UnifiedDiff, HasThreeLinesAroundAChange) {
    EXPECT_EQ(
        diff(lines(1, 9), lines(1, 4) + "five\n" + lines(6, 9)),
        "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
    );
}

TEST(UnifiedDiff, ShowsChangesNearEachOtherTogetherAndOthersApart) {
    const std::string near = diff(lines(1, 12), lines(2, 7) + lines(9, 12));
    EXPECT_EQ(near.find("@@ -1,11 +1,9 @@\n"), 12U) << near;
    const std::string apart = diff(lines(1, 30), "0\n" + lines(2, 29));
    EXPECT_EQ(
        apart,
        "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-1\n+0\n 2\n 3\n 4\n@@ -27,4 +27,3 @@\n 27\n 28\n 29\n-30\n"
    );
}

TEST(UnifiedDiff, OfANewFileIsAllNew) {
    EXPECT_EQ(diff("", "x\ny\n"), "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+x\n+y\n");
}

TEST(UnifiedDiff, SaysWhereTheLastLineIsNotEnded) {
    EXPECT_EQ(
        diff("x\n", "x"), "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+x\n\\ No newline at end of file\n"
    );
}

TEST(KeyChanges, GoThroughObjectsByName) {
    const Json before = {{"a", 1}, {"b", {{"c", 1}, {"d", {1, 2}}}}, {"gone", true}};
    const Json after = {{"a", 1}, {"b", {{"c", 2}, {"d", {1, 3}}}}, {"n/w", "x"}};
    const auto changes = key_changes(before, after);
    ASSERT_THAT(changes, SizeIs(4));
    EXPECT_EQ(changes[0].key, "/b/c");
    EXPECT_EQ(changes[0].before, Json(1));
    EXPECT_EQ(changes[0].after, Json(2));
    EXPECT_EQ(changes[1].key, "/b/d");
    EXPECT_EQ(changes[2].key, "/gone");
    EXPECT_FALSE(changes[2].after);
    EXPECT_EQ(changes[3].key, "/n~1w");
    EXPECT_FALSE(changes[3].before);
    EXPECT_THAT(key_changes(before, before), IsEmpty());
}

}  // namespace
}  // namespace tideway::runtime
