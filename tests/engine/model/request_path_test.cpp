#include "engine/model/request_path.h"

#include <gtest/gtest.h>

namespace tideway::model {
namespace {

std::optional<PathParameters> match(const char* path, const std::vector<std::string>& segments) {
    const auto parsed = parse_request_path(path);
    EXPECT_TRUE(parsed) << parsed.error().text();
    return parsed ? match_path(*parsed, segments) : std::nullopt;
}

TEST(RequestPath, GivesItsParametersSegmentBySegment) {
    const auto found = match("customer/{id}/orders/{order}", {"customer", "a/b", "orders", "7"});
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, (PathParameters{{"id", "a/b"}, {"order", "7"}}));
    EXPECT_EQ(*match("/customer/{id}", {"customer", "42"}), (PathParameters{{"id", "42"}}));
    EXPECT_TRUE(match("status", {"status"})->empty());
}

TEST(RequestPath, DoesNotFitAnotherAddress) {
    EXPECT_FALSE(match("customer/{id}", {"customer"}));
    EXPECT_FALSE(match("customer/{id}", {"customer", ""}));
    EXPECT_FALSE(match("customer/{id}", {"customer", "1", "2"}));
    EXPECT_FALSE(match("customer/{id}", {"Customer", "1"}));
    EXPECT_FALSE(match("customer/{id}", {}));
}

TEST(RequestPath, IsRefusedWithWhatIsWrongInIt) {
    const auto message = [](const std::string& text) {
        const auto parsed = parse_request_path(text);
        return parsed ? std::string() : parsed.error().message;
    };
    EXPECT_EQ(message(""), "The relative_path '' has an empty segment.");
    EXPECT_EQ(message("a//b"), "The relative_path 'a//b' has an empty segment.");
    EXPECT_EQ(message("a/"), "The relative_path 'a/' has an empty segment.");
    EXPECT_EQ(
        message("a/{b}c"),
        "The relative_path 'a/{b}c' has the segment '{b}c': a parameter is a whole segment, {name} "
        "of letters, digits and _."
    );
    EXPECT_NE(message("a/{}"), "");
    EXPECT_NE(message("a/{1}"), "");
    EXPECT_NE(message("a/{b-c}"), "");
    EXPECT_EQ(message("{a}/{a}"), "The relative_path '{a}/{a}' has the parameter 'a' twice.");
    EXPECT_NE(message("a?b=c"), "");
    std::string long_path = "a";
    for (int i = 0; i < 20; ++i) {
        long_path += "/a";
    }
    EXPECT_NE(message(long_path), "");
}

}  // namespace
}  // namespace tideway::model
