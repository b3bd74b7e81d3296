#include "engine/base/uid.h"

#include <set>

#include <gtest/gtest.h>

namespace tideway {
namespace {

TEST(Uid, IsRandomAndReadsBackFromBothForms) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const Uid uid = Uid::random();
        EXPECT_EQ(Uid::parse(uid.hex()), uid);
        EXPECT_EQ(Uid::parse(uid.guid()), uid);
        seen.insert(uid.hex());
    }
    EXPECT_EQ(seen.size(), 1000U);
}

TEST(Uid, PrintsAsMicrosoftsServicesDo) {
    const auto uid = Uid::parse("0f9d0b7c111142228333444455556666");
    ASSERT_TRUE(uid);
    EXPECT_EQ(uid->guid(), "0f9d0b7c-1111-4222-8333-444455556666");
    EXPECT_EQ(uid->hex(), "0f9d0b7c111142228333444455556666");
}

TEST(Uid, DerivesTheSameChildFromTheSameParts) {
    const Uid parent = *Uid::parse("0f9d0b7c111142228333444455556666");
    EXPECT_EQ(Uid::derive(parent, "a/b"), Uid::derive(parent, "a/b"));
    EXPECT_NE(Uid::derive(parent, "a/b"), Uid::derive(parent, "a/c"));
    EXPECT_NE(Uid::derive(parent, "a"), Uid::derive(Uid(), "a"));
}

TEST(Uid, RefusesWhatIsNoUid) {
    for (const char* text :
         {"", "0f9d", "0f9d0b7c11114222833344445555666g", "0f9d0b7c1111422283334444555566667"}) {
        EXPECT_EQ(Uid::parse(text), std::nullopt) << text;
    }
    EXPECT_TRUE(Uid().is_none());
    EXPECT_FALSE(Uid::random().is_none());
}

}  // namespace
}  // namespace tideway
