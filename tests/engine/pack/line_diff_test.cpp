#include "engine/pack/line_diff.h"

#include <gtest/gtest.h>

namespace tideway::pack {
namespace {

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

}  // namespace
}  // namespace tideway::pack
