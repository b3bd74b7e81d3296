#include "engine/connector/absence.h"

#include <gtest/gtest.h>

namespace tideway::connector {
namespace {

using std::chrono::seconds;

TEST(Absence, IsTrustedAfterTheOperationsTimeUnlessTheConnectionSaysOtherwise) {
    model::OperationSpec operation;
    operation.trust_absent_after = seconds(60);
    EXPECT_EQ(trust_absent_after(operation, Json::object()), seconds(60));
    EXPECT_EQ(trust_absent_after(operation, Json()), seconds(60));
    EXPECT_EQ(trust_absent_after(operation, {{"trust_absent_after_s", 2}}), seconds(2));
    EXPECT_EQ(trust_absent_after(operation, {{"trust_absent_after_s", nullptr}}), seconds(60));
}

}  // namespace
}  // namespace tideway::connector
