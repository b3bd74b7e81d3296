#include "engine/model/status.h"

#include <gtest/gtest.h>

namespace tideway::model {
namespace {

TEST(Status, EveryStatusReadsBackFromItsWord) {
    for (const Status status :
         {Status::kWaiting,
          Status::kRunning,
          Status::kSucceeded,
          Status::kFailed,
          Status::kCancelled,
          Status::kTimedOut,
          Status::kSkipped,
          Status::kPaused}) {
        EXPECT_EQ(parse_status(to_string(status)), status);
    }
    EXPECT_EQ(to_string(Status::kTimedOut), "TimedOut");
    EXPECT_EQ(parse_status("succeeded"), std::nullopt);
}

TEST(Status, OnlyWaitingRunningAndPausedCanGoOn) {
    EXPECT_FALSE(is_final(Status::kWaiting));
    EXPECT_FALSE(is_final(Status::kRunning));
    EXPECT_FALSE(is_final(Status::kPaused));
    EXPECT_TRUE(is_final(Status::kSucceeded));
    EXPECT_TRUE(is_final(Status::kFailed));
    EXPECT_TRUE(is_final(Status::kCancelled));
    EXPECT_TRUE(is_final(Status::kTimedOut));
    EXPECT_TRUE(is_final(Status::kSkipped));
}

}  // namespace
}  // namespace tideway::model
