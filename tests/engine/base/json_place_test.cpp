// Where a value stands in a JSON text.
#include "engine/base/json_place.h"

#include <string>

#include <gtest/gtest.h>

namespace tideway {
namespace {

constexpr const char* kText =
    "{\n \"a\": [1,\n  {\"b\": \"x,}\\\"\", \"c d\":\n null}],\n \"e\": 2\n}";

std::string place(const std::string& pointer, JsonPart part = JsonPart::kValue) {
    const TextPlace at = place_in_json(kText, Json::json_pointer(pointer), part);
    return std::to_string(at.line) + ":" + std::to_string(at.column);
}

TEST(JsonPlace, IsThatOfTheValue) {
    EXPECT_EQ(place(""), "1:1");
    EXPECT_EQ(place("/a"), "2:7");
    EXPECT_EQ(place("/a/1"), "3:3");
    EXPECT_EQ(place("/a/1/c d"), "4:2");
    EXPECT_EQ(place("/e"), "5:7");
}

TEST(JsonPlace, MayBeThatOfTheName) {
    EXPECT_EQ(place("/a", JsonPart::kName), "2:2");
    EXPECT_EQ(place("/a/1/c d", JsonPart::kName), "3:18");
    EXPECT_EQ(place("/a/0", JsonPart::kName), "2:8") << "items have none";
}

TEST(JsonPlace, OfWhatIsNotThereIsTheNearestValueAroundIt) {
    EXPECT_EQ(place("/a/1/none"), "3:3");
    EXPECT_EQ(place("/a/1/none", JsonPart::kName), "3:3");
    EXPECT_EQ(place("/none/b"), "1:1");
}

}  // namespace
}  // namespace tideway
