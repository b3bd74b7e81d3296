#include "engine/model/secured.h"

#include <gtest/gtest.h>

namespace tideway::model {
namespace {

TEST(Secured, AddsUpWhatIsKeptFromReaders) {
    EXPECT_EQ(Secured::kInputs | Secured::kOutputs, Secured::kBoth);
    EXPECT_EQ(Secured::kNothing | Secured::kOutputs, Secured::kOutputs);
    EXPECT_TRUE(secures_inputs(Secured::kBoth));
    EXPECT_TRUE(secures_outputs(Secured::kBoth));
    EXPECT_FALSE(secures_inputs(Secured::kOutputs));
    EXPECT_FALSE(secures_outputs(Secured::kInputs));
    EXPECT_FALSE(secures_inputs(Secured::kNothing));
}

TEST(Secured, KnowsTheTwoWordsOfTheFlowLanguage) {
    EXPECT_EQ(parse_secured("inputs"), Secured::kInputs);
    EXPECT_EQ(parse_secured("outputs"), Secured::kOutputs);
    EXPECT_FALSE(parse_secured("input"));
    EXPECT_FALSE(parse_secured(""));
}

}  // namespace
}  // namespace tideway::model
