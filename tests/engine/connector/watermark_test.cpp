#include "engine/connector/watermark.h"

#include <gtest/gtest.h>

namespace tideway::connector {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Timestamp kNoon = parse_utc("2026-02-03T12:00:00Z").value();

TEST(Watermark, ReadsEverythingAfterAFirstPollThatFoundNothing) {
    const Watermark first{Json()};
    EXPECT_TRUE(first.is_first());
    const Watermark second(first.cursor());
    EXPECT_FALSE(second.is_first());
    EXPECT_FALSE(second.since());
    EXPECT_TRUE(second.is_created("a", kNoon));
}

TEST(Watermark, BeginsBeforeTheNewestChangeAndKnowsWhatItSawThere) {
    Watermark first{Json()};
    first.see("old", "1", kNoon - minutes(10));
    first.see("a", "1", kNoon);
    Watermark second(first.cursor());
    EXPECT_EQ(second.since(), kNoon - Watermark::kOverlap);
    EXPECT_TRUE(second.is_seen("a", "1"));
    EXPECT_FALSE(second.is_seen("a", "2"));
    EXPECT_FALSE(second.is_seen("old", "1"));
    EXPECT_FALSE(second.is_created("a", kNoon));
    EXPECT_TRUE(second.is_created("b", kNoon - minutes(1)));
    EXPECT_FALSE(second.is_created("b", kNoon - minutes(10)));
    EXPECT_FALSE(second.is_created("b", std::nullopt));
}

TEST(Watermark, StaysWhereItIsWhenAChangeShowsLate) {
    Watermark first{Json()};
    first.see("a", "1", kNoon);
    Watermark second(first.cursor());
    second.see("late", "1", kNoon - minutes(2));
    const Watermark third(second.cursor());
    EXPECT_EQ(third.since(), kNoon - Watermark::kOverlap);
    EXPECT_TRUE(third.is_seen("late", "1"));
}

TEST(Watermark, RemembersNoMoreThanItsBound) {
    Watermark busy{Json()};
    for (int i = 0; i < 2 * static_cast<int>(Watermark::kSeenMax); ++i) {
        busy.see("id " + std::to_string(i), "1", kNoon + std::chrono::milliseconds(i));
    }
    const Json cursor = busy.cursor();
    EXPECT_EQ(cursor["seen"].size(), Watermark::kSeenMax);
    const Watermark next(cursor);
    EXPECT_EQ(next.since(), kNoon + std::chrono::milliseconds(Watermark::kSeenMax));
}

}  // namespace
}  // namespace tideway::connector
