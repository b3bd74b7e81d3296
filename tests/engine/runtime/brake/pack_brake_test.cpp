#include "engine/runtime/brake/pack_brake.h"

#include <gtest/gtest.h>

namespace tideway::runtime {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Timestamp kMorning = parse_utc("2030-03-01T08:00:00Z").value();

PackWrite create_of(int number) {
    PackWrite write;
    write.run = number;
    write.path = "Create";
    write.creates = true;
    return write;
}

PackWrite change_of(int number) {
    PackWrite write;
    write.run = number;
    write.path = "Change";
    write.record = "crm/opportunity/" + std::to_string(number);
    return write;
}

class PackBrakes : public ::testing::Test {
  protected:
    bool may(PackWrite write) { return brake_.ask(std::move(write), settings_, now_); }

    int creates_until_held(int most) {
        int done = 0;
        while (done < most && may(create_of(done))) {
            ++done;
        }
        return done;
    }

    int changes_until_held(int most) {
        int done = 0;
        while (done < most && may(change_of(done))) {
            ++done;
        }
        return done;
    }

    BrakeSettings settings_;
    PackBrake brake_;
    Timestamp now_ = kMorning;
};

TEST_F(PackBrakes, LetAsManyRecordsBeMadeInAnHourAsAreAllowedAndHoldTheNext) {
    EXPECT_EQ(creates_until_held(50), 20);
    EXPECT_EQ(brake_.state().held_since, now_);
    EXPECT_EQ(brake_.state().reason, "more than 20 records were made within an hour");
}

TEST_F(PackBrakes, CountTheCreatesOfTheLastHourOnly) {
    settings_.creates_per_hour = 2;
    EXPECT_TRUE(may(create_of(1)));
    now_ += minutes(30);
    EXPECT_TRUE(may(create_of(2)));
    now_ += minutes(30);
    EXPECT_TRUE(may(create_of(3)));
    EXPECT_FALSE(may(create_of(4)));
}

TEST_F(PackBrakes, HoldEveryWriteOnceTheyHold) {
    settings_.creates_per_hour = 1;
    EXPECT_EQ(creates_until_held(5), 1);
    EXPECT_FALSE(may(change_of(1)));
    now_ += hours(48);
    EXPECT_FALSE(may(change_of(1)));
}

TEST_F(PackBrakes, LetATenthOfTheLinkedRecordsBeChangedInTenMinutes) {
    brake_.set_linked(400);
    EXPECT_EQ(changes_until_held(100), 40);
    EXPECT_EQ(
        brake_.state().reason, "more than 40 of 400 linked records were changed within ten minutes"
    );
}

TEST_F(PackBrakes, LetTwentyRecordsBeChangedHoweverFewAreLinked) {
    brake_.set_linked(3);
    EXPECT_EQ(changes_until_held(100), 20);
}

TEST_F(PackBrakes, CountARecordThatIsChangedAgainOnce) {
    brake_.set_linked(3);
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(may(change_of(7)));
    }
}

TEST_F(PackBrakes, CountTheChangesOfTheLastTenMinutesOnly) {
    brake_.set_linked(3);
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(may(change_of(i)));
        now_ += minutes(1);
    }
}

TEST_F(PackBrakes, KnowNoTenthBeforeTheLinkedRecordsAreCounted) {
    EXPECT_EQ(changes_until_held(100), 100);
}

TEST_F(PackBrakes, DoNotCountWhatHasNotTakenPlace) {
    settings_.creates_per_hour = 1;
    EXPECT_TRUE(may(create_of(1)));
    brake_.withdraw(1, "Create");
    EXPECT_TRUE(may(create_of(2)));
    EXPECT_FALSE(may(create_of(3)));
}

TEST_F(PackBrakes, CountNothingForAWhileAfterAPersonHasLetThemGoOn) {
    settings_.creates_per_hour = 1;
    EXPECT_EQ(creates_until_held(5), 1);
    brake_.release(now_ + hours(1));
    EXPECT_EQ(creates_until_held(50), 50);
    now_ += hours(1);
    EXPECT_EQ(creates_until_held(50), 1);
}

TEST_F(PackBrakes, CountAnewAfterAPersonHasCancelledWhatWaited) {
    settings_.creates_per_hour = 3;
    EXPECT_EQ(creates_until_held(50), 3);
    brake_.release(std::nullopt);
    EXPECT_EQ(creates_until_held(50), 3);
}

TEST_F(PackBrakes, HoldNothingWhenTheyAreOff) {
    settings_.is_on = false;
    EXPECT_EQ(creates_until_held(1000), 1000);
}

TEST_F(PackBrakes, KeepTheirStateAsText) {
    settings_.creates_per_hour = 1;
    creates_until_held(5);
    const BrakeState kept = parse_brake_state(to_text(brake_.state()));
    EXPECT_EQ(kept.held_since, now_);
    EXPECT_EQ(kept.reason, "more than 1 records were made within an hour");
    PackBrake restored(kept);
    EXPECT_FALSE(restored.ask(change_of(1), settings_, now_));
}

}  // namespace
}  // namespace tideway::runtime
