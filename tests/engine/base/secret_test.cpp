#include "engine/base/secret.h"

#include <ostream>
#include <type_traits>

#include <gtest/gtest.h>

#include "engine/base/json.h"

namespace tideway {
namespace {

template <typename T, typename = void>
struct CanBePrinted : std::false_type {};

template <typename T>
struct CanBePrinted<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<T>())>>
    : std::true_type {};

TEST(Secret, CannotBecomeTextJsonOrOutputByAccident) {
    EXPECT_FALSE((std::is_convertible_v<Secret, std::string>));
    EXPECT_FALSE((std::is_convertible_v<Secret, std::string_view>));
    EXPECT_FALSE((std::is_convertible_v<std::string, Secret>));
    EXPECT_FALSE((std::is_constructible_v<Json, Secret>));
    EXPECT_FALSE(CanBePrinted<Secret>::value);
    EXPECT_TRUE(CanBePrinted<int>::value);
}

TEST(Secret, IsEmptyAfterItWasMovedAway) {
    Secret from(std::string(100, 'x'));
    const Secret to = std::move(from);
    EXPECT_EQ(to.reveal(), std::string(100, 'x'));
    EXPECT_TRUE(from.empty()
    );  // NOLINT(bugprone-use-after-move): what the move left is the question
    Secret copy = to;
    copy = Secret("y");
    EXPECT_EQ(to.reveal().size(), 100U);
    EXPECT_EQ(copy.reveal(), "y");
}

}  // namespace
}  // namespace tideway
