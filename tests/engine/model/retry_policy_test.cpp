#include "engine/model/retry_policy.h"

#include <gtest/gtest.h>

namespace tideway::model {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Duration, ReadsIso8601AndPlainSeconds) {
    EXPECT_EQ(parse_duration("PT7.5S"), Duration(milliseconds(7500)));
    EXPECT_EQ(parse_duration("P1DT1H30M"), Duration(hours(25) + minutes(30)));
    EXPECT_EQ(parse_duration("P2W"), Duration(hours(24 * 14)));
    EXPECT_EQ(parse_duration("90"), Duration(seconds(90)));
    EXPECT_EQ(parse_duration("PT0S"), Duration(0));
}

TEST(Duration, RefusesMonthsYearsAndNonsense) {
    for (const char* text :
         {"", "P", "PT", "P1Y", "P1M", "PT1D", "1 h", "PTS", "PT5", "P1H", "PT1.2.3S"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(RetryPolicy, DefaultsToFourExponentialRetries) {
    const auto policy = parse_retry_policy(Json::object());
    ASSERT_TRUE(policy);
    EXPECT_EQ(policy->kind, RetryKind::kExponential);
    EXPECT_EQ(policy->count, 4);
    EXPECT_FALSE(delay_before(*policy, 5, 0.5, std::nullopt));
}

TEST(RetryPolicy, GrowsWithinItsBounds) {
    RetryPolicy policy;
    policy.interval = seconds(10);
    policy.minimum = seconds(0);
    policy.maximum = hours(1);
    EXPECT_EQ(delay_before(policy, 1, 0.0, std::nullopt), Duration(0));
    EXPECT_EQ(delay_before(policy, 2, 0.0, std::nullopt), Duration(seconds(10)));
    EXPECT_EQ(delay_before(policy, 3, 0.0, std::nullopt), Duration(seconds(20)));
    EXPECT_EQ(delay_before(policy, 3, 0.5, std::nullopt), Duration(seconds(30)));
    policy.maximum = seconds(15);
    EXPECT_EQ(delay_before(policy, 4, 0.9, std::nullopt), Duration(seconds(15)));
}

TEST(RetryPolicy, LetsTheServersOwnWaitReplaceThePolicys) {
    RetryPolicy policy;
    EXPECT_EQ(delay_before(policy, 1, 0.5, seconds(57)), Duration(seconds(57)));
    policy.count = 0;
    EXPECT_FALSE(delay_before(policy, 1, 0.5, seconds(57)));
}

TEST(RetryPolicy, ReadsWhatAnAuthorWrites) {
    const auto fixed =
        parse_retry_policy(Json{{"type", "fixed"}, {"count", 2}, {"interval", "PT10S"}});
    ASSERT_TRUE(fixed);
    EXPECT_EQ(delay_before(*fixed, 2, 0.3, std::nullopt), Duration(seconds(10)));
    EXPECT_FALSE(delay_before(*fixed, 3, 0.3, std::nullopt));
    const auto none = parse_retry_policy(Json{{"type", "none"}});
    ASSERT_TRUE(none);
    EXPECT_FALSE(delay_before(*none, 1, 0.3, std::nullopt));
}

TEST(RetryPolicy, RefusesUnknownWordsAndNumbersOutOfRange) {
    EXPECT_FALSE(parse_retry_policy(Json{{"type", "sometimes"}}));
    EXPECT_FALSE(parse_retry_policy(Json{{"type", "fixed"}, {"count", 91}}));
    EXPECT_FALSE(parse_retry_policy(Json{{"type", "fixed"}, {"count", -1}}));
    const auto bad = parse_retry_policy(Json{{"type", "fixed"}, {"interval", "soon"}});
    ASSERT_FALSE(bad);
    EXPECT_NE(bad.error().message.find("interval"), std::string::npos);
}

}  // namespace
}  // namespace tideway::model
