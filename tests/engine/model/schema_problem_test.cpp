// Problems of a value with their places and what would have fitted.
#include "engine/model/schema_problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideway::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<SchemaProblem> problems_of(const char* value) {
    static const Json schema = Json::parse(R"({
      "type": "object", "required": ["id"], "additionalProperties": false,
      "properties": {"id": {"type": "integer"}, "side": {"enum": ["left", "right", 3]}}
    })");
    return find_schema_problems(schema, Json::parse(value));
}

TEST(SchemaProblems, AreNoneOfAValueThatFits) {
    EXPECT_THAT(problems_of(R"({"id": 1, "side": "left"})"), IsEmpty());
}

TEST(SchemaProblems, SayWhereAndWhatWouldFit) {
    const auto problems = problems_of(R"({"id": 1, "side": "lft"})");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].at.to_string(), "/side");
    EXPECT_EQ(problems[0].part, JsonPart::kValue);
    EXPECT_THAT(problems[0].known, ElementsAre("left", "right"));
}

TEST(SchemaProblems, OfAnUnknownNameAreAboutTheName) {
    const auto problems = problems_of(R"({"id": 1, "sides": "left"})");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].at.to_string(), "/sides");
    EXPECT_EQ(problems[0].part, JsonPart::kName);
    EXPECT_THAT(problems[0].known, ElementsAre("id", "side"));
}

TEST(SchemaProblems, AreTheTextsOfTheValidator) {
    const auto problems = problems_of("{}");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].text(), "/id is missing");
    EXPECT_EQ(problems_of("7")[0].text(), "the value must be an object, is a number");
}

}  // namespace
}  // namespace tideway::model
