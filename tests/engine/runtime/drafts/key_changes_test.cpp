#include "engine/runtime/drafts/key_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideway::runtime {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

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
