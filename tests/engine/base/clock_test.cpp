#include "engine/base/clock.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

TEST(Clock, ReadsBackWhatItWrites) {
    for (const std::int64_t micros :
         {0LL,
          1LL,
          1'770'113'472'123'456LL,
          1'770'113'472'100'000LL,
          -1LL,
          253'402'300'799'999'999LL}) {
        const std::string text = format_utc(from_micros(micros));
        const auto at = parse_utc(text);
        ASSERT_TRUE(at) << text;
        EXPECT_EQ(to_micros(*at), micros) << text;
    }
}

TEST(Clock, DropsTrailingZerosOfTheFraction) {
    EXPECT_EQ(format_utc(from_micros(1'770'113'472'123'400)), "2026-02-03T10:11:12.1234Z");
    EXPECT_EQ(format_utc(from_micros(1'770'113'472'000'000)), "2026-02-03T10:11:12Z");
    EXPECT_EQ(format_utc(from_micros(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(Clock, ReadsOffsetsFractionsAndDatesAlone) {
    const auto expected = parse_utc("2026-02-03T10:11:12Z");
    EXPECT_EQ(parse_utc("2026-02-03T12:11:12+02:00"), expected);
    EXPECT_EQ(parse_utc("2026-02-03T04:41:12-0530"), expected);
    EXPECT_EQ(parse_utc("2026-02-03 10:11:12"), expected);
    EXPECT_EQ(parse_utc("2026-02-03T10:11:12.1234567+00:00"), *expected + Duration(123'456));
    EXPECT_EQ(format_utc(*parse_utc("2026-02-03T10:11Z")), "2026-02-03T10:11:00Z");
    EXPECT_EQ(format_utc(*parse_utc("2024-02-29")), "2024-02-29T00:00:00Z");
}

TEST(Clock, RefusesWhatIsNoTime) {
    for (const char* text :
         {"",
          "2026",
          "2026-02-30",
          "2026-13-01",
          "2026-02-03T",
          "2026-02-03T25:00:00Z",
          "2026-02-03T10:60:00Z",
          "2026-02-03T10:11:60Z",
          "2026-02-03T10:11:12.Z",
          "2026-02-03T10:11:12.1234567890Z",
          "2026-02-03T10:11:12+24:00",
          "2026-02-03T10:11:12X",
          "03.02.2026",
          "2026-02-03T10:11:12+0",
          "abcd-ef-gh"}) {
        EXPECT_EQ(parse_utc(text), std::nullopt) << text;
    }
}

TEST(Clock, ShowsDurationsToPeople) {
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    EXPECT_EQ(format_duration(milliseconds(12)), "12 ms");
    EXPECT_EQ(format_duration(milliseconds(3400)), "3.4 s");
    EXPECT_EQ(format_duration(seconds(125)), "2 min 5 s");
}

TEST(Clock, TheSystemsTimeDoesNotStandInThePast) {
    EXPECT_GT(SystemClock().now(), *parse_utc("2024-01-01"));
}

}  // namespace
}  // namespace tideway
