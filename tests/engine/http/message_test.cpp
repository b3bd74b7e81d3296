#include "engine/http/message.h"

#include <gtest/gtest.h>

namespace tideway::http {
namespace {

using std::chrono::seconds;

TEST(Headers, CompareNamesWithoutCaseAndKeepOrder) {
    Headers headers{{"Content-Type", "text/plain"}, {"X-A", "1"}};
    headers.add("x-a", "2");
    EXPECT_EQ(headers.get("CONTENT-TYPE"), "text/plain");
    EXPECT_EQ(headers.get("X-a"), "1");
    EXPECT_EQ(headers.size(), 3U);
    headers.set("X-A", "3");
    EXPECT_EQ(headers.get("x-a"), "3");
    EXPECT_EQ(headers.size(), 2U);
    headers.remove("content-type");
    EXPECT_FALSE(headers.get("Content-Type"));
    EXPECT_EQ(headers.get_or("Content-Type", "none"), "none");
}

TEST(StatusNames, AreThoseOfPowerAutomate) {
    EXPECT_EQ(reason_phrase(404), "Not Found");
    EXPECT_EQ(status_code_name(404), "NotFound");
    EXPECT_EQ(status_code_name(200), "OK");
    EXPECT_EQ(status_code_name(429), "429");
    EXPECT_EQ(status_code_name(599), "599");
    EXPECT_EQ(reason_phrase(599), "Unknown");
}

TEST(RetryAfter, ReadsSeconds) {
    const Timestamp now = *parse_utc("2026-02-03T10:00:00Z");
    EXPECT_EQ(retry_after(Headers{{"Retry-After", "120"}}, now), Duration(seconds(120)));
    EXPECT_EQ(retry_after(Headers{{"Retry-After", "0"}}, now), Duration::zero());
    EXPECT_FALSE(retry_after(Headers{}, now));
    EXPECT_FALSE(retry_after(Headers{{"Retry-After", "soon"}}, now));
    EXPECT_FALSE(retry_after(Headers{{"Retry-After", "-5"}}, now));
}

TEST(RetryAfter, ReadsEveryFormOfHttpDate) {
    const Timestamp now = *parse_utc("2026-02-03T10:00:00Z");
    for (const char* text : {
             "Tue, 03 Feb 2026 10:02:00 GMT",
             "Tuesday, 03-Feb-26 10:02:00 GMT",
             "Tue Feb  3 10:02:00 2026",
         }) {
        EXPECT_EQ(retry_after(Headers{{"Retry-After", text}}, now), Duration(seconds(120))) << text;
    }
    EXPECT_EQ(
        retry_after(Headers{{"Retry-After", "Tue, 03 Feb 2026 09:00:00 GMT"}}, now),
        Duration::zero()
    );
}

TEST(RetryAfter, BoundsAbsurdWaits) {
    const Timestamp now = *parse_utc("2026-02-03T10:00:00Z");
    const auto wait = retry_after(Headers{{"Retry-After", "99999999999999999999999"}}, now);
    ASSERT_TRUE(wait);
    EXPECT_EQ(*wait, Duration(std::chrono::hours(24 * 366)));
}

}  // namespace
}  // namespace tideway::http
