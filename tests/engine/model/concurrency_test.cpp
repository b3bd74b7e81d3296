#include "engine/model/concurrency.h"

#include <gtest/gtest.h>

namespace tideway::model {
namespace {

Result<Concurrency> parse(const char* text) {
    return parse_concurrency(Json::parse(text));
}

TEST(Concurrency, HasTheDefaultsOfPowerAutomate) {
    const auto concurrency = parse("{}");
    ASSERT_TRUE(concurrency);
    EXPECT_EQ(concurrency->runs, 25);
    EXPECT_EQ(concurrency->waiting, 35);
    EXPECT_EQ(concurrency->when_full, WhenFull::kRefuse);
    EXPECT_EQ(parse(R"({"runs":1})")->waiting, 11);
}

TEST(Concurrency, ReadsWhatTheTriggerSays) {
    const auto concurrency = parse(R"({"runs":100,"waiting":0,"when_full":"skip"})");
    ASSERT_TRUE(concurrency);
    EXPECT_EQ(concurrency->runs, 100);
    EXPECT_EQ(concurrency->waiting, 0);
    EXPECT_EQ(concurrency->when_full, WhenFull::kSkip);
}

TEST(Concurrency, NamesWhatIsWrong) {
    const auto message = [](const char* text) {
        const auto concurrency = parse(text);
        return concurrency ? std::string() : concurrency.error().message;
    };
    EXPECT_EQ(
        message(R"({"runs":0})"),
        "The trigger's concurrency has runs = 0; it must be a whole number from 1 to 100."
    );
    EXPECT_EQ(
        message(R"({"waiting":1.5})"),
        "The trigger's concurrency has waiting = 1.5; it must be a whole number from 0 to 100000."
    );
    EXPECT_EQ(
        message(R"({"when_full":"wait"})"),
        "The trigger's concurrency has when_full = \"wait\"; it must be \"refuse\" or \"skip\"."
    );
    EXPECT_EQ(
        message(R"({"run":1})"),
        "The trigger's concurrency has no field 'run'; it has runs, waiting and when_full."
    );
    EXPECT_EQ(message("5"), "The trigger's concurrency must be a table.");
    EXPECT_EQ(parse("[]").error().code, "InvalidFlowSetting");
}

}  // namespace
}  // namespace tideway::model
