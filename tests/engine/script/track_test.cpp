// track: what a run is told of the values, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/script/recording_host.h"

namespace tideway::script {
namespace {

using ::testing::HasSubstr;

std::string tracked_by(const std::string& body) {
    const Ran ran = run_body(body);
    EXPECT_EQ(ran.host.requests.size(), 1U) << ran.value();
    if (ran.host.requests.empty()) {
        return {};
    }
    EXPECT_EQ(ran.host.requests.front().kind, RequestKind::kTrack);
    return ran.host.requests.front().input.str();
}

std::string refusal(const std::string& body) {
    const Ran ran = run_body(body);
    EXPECT_TRUE(ran.host.requests.empty()) << body;
    return ran.value();
}

TEST(Track, TakesTextsNumbersAndTruths) {
    EXPECT_EQ(
        tracked_by("track { deal = 'A', amount = 12.5, count = 3, won = true }"),
        R"({"amount":12.5,"count":3,"deal":"A","won":true})"
    );
}

TEST(Track, LeavesOutWhatIsNull) {
    EXPECT_EQ(tracked_by("track { deal = null, stage = nil, owner = 'x' }"), R"({"owner":"x"})");
    EXPECT_EQ(tracked_by(R"(track(json.decode('{"deal":null,"owner":"x"}')))"), R"({"owner":"x"})");
    EXPECT_EQ(tracked_by("track {}"), "{}");
}

TEST(Track, GivesNothingBack) {
    EXPECT_THAT(run_body("return track { deal = 'A' } == nil").value(), HasSubstr("true"));
}

TEST(Track, RefusesWhatIsNoSmallValue) {
    EXPECT_THAT(refusal("track { deal = { 1 } }"), HasSubstr("'deal' must be text, a number"));
    EXPECT_THAT(refusal("track { deal = function() end }"), HasSubstr("got a function"));
    EXPECT_THAT(refusal("track('deal')"), HasSubstr("must be a table such as { deal = id }"));
    EXPECT_THAT(
        refusal("track { deal = string.rep('x', 513) }"),
        HasSubstr("'deal' has 513 bytes, at most 512")
    );
}

TEST(Track, RefusesNamesThatNobodyCouldAskFor) {
    EXPECT_THAT(refusal("track { ['the deal'] = 1 }"), HasSubstr("not 'the deal'"));
    EXPECT_THAT(refusal("track { ['a=b'] = 1 }"), HasSubstr("letters, digits and '_'"));
    EXPECT_THAT(refusal("track { 'A' }"), HasSubstr("letters, digits and '_'"));
    EXPECT_THAT(refusal("track { [string.rep('n', 65)] = 1 }"), HasSubstr("1 to 64 letters"));
}

}  // namespace
}  // namespace tideway::script
