#include "engine/model/schema.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideway::model {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Json json(const char* text) {
    return Json::parse(text);
}

std::vector<std::string> problems(const char* schema, const char* value) {
    return schema_problems(json(schema), json(value));
}

TEST(Schema, NamesThePathWhatIsWantedAndWhatIsThere) {
    const char* schema = R"({"type":"object","properties":{"row":{"type":"object",
        "properties":{"estimatedvalue":{"type":"number"}}}}})";
    EXPECT_THAT(
        problems(schema, R"({"row":{"estimatedvalue":"12"}})"),
        ElementsAre("/row/estimatedvalue must be a number, is text")
    );
    EXPECT_THAT(problems(schema, R"({"row":{"estimatedvalue":12.5}})"), IsEmpty());
}

TEST(Schema, ListsEveryProblemAndNotOnlyTheFirst) {
    EXPECT_THAT(
        problems(
            R"({"type":"object","required":["id","name"],"additionalProperties":false,
                "properties":{"id":{"type":"string"},"count":{"type":"integer"}}})",
            R"({"count":1.5,"extra":true})"
        ),
        ElementsAre(
            "/id is missing",
            "/name is missing",
            "/count must be a whole number, is 1.5",
            "/extra is not known (known: count, id)"
        )
    );
}

TEST(Schema, ListsAtMostTwentyProblems) {
    Json value = Json::array();
    for (int i = 0; i < 50; ++i) {
        value.push_back("text");
    }
    EXPECT_EQ(schema_problems(json(R"({"items":{"type":"number"}})"), value).size(), 20U);
}

TEST(Schema, RefusesNullWhereTextIsDeclaredUnlessItIsNullable) {
    EXPECT_THAT(
        problems(R"({"type":"string"})", "null"), ElementsAre("the value must be text, is null")
    );
    EXPECT_THAT(problems(R"({"type":"string","nullable":true})", "null"), IsEmpty());
    EXPECT_THAT(problems(R"({"type":["string","null"]})", "null"), IsEmpty());
    EXPECT_THAT(
        problems(R"({"type":["string","number"]})", "true"),
        ElementsAre("the value must be text or a number, is true or false")
    );
}

TEST(Schema, ChecksFormats) {
    const auto fits = [](const char* format, const char* text) {
        return schema_problems(Json{{"format", format}}, Json(text)).empty();
    };
    EXPECT_TRUE(fits("date", "2026-02-28"));
    EXPECT_FALSE(fits("date", "2026-02-30"));
    EXPECT_FALSE(fits("date", "2026-02-28T00:00:00Z"));
    EXPECT_TRUE(fits("date-time", "2026-02-28T10:11:12.5Z"));
    EXPECT_TRUE(fits("date-time", "2026-02-28T10:11:12+02:00"));
    EXPECT_FALSE(fits("date-time", "2026-02-28T10:11:12"));
    EXPECT_FALSE(fits("date-time", "2026-02-28"));
    EXPECT_TRUE(fits("email", "anna.berg@contoso.com"));
    EXPECT_FALSE(fits("email", "contoso.com"));
    EXPECT_FALSE(fits("email", "a b@contoso.com"));
    EXPECT_TRUE(fits("uuid", "0f9d0b7c-1111-4222-8333-444455556666"));
    EXPECT_FALSE(fits("uuid", "0f9d0b7c11114222833344445555666"));
    EXPECT_TRUE(fits("uri", "https://contoso.crm.dynamics.com/api?x=%20"));
    EXPECT_FALSE(fits("uri", "/api/data"));
    EXPECT_FALSE(fits("uri", "https://contoso.com/%zz"));
    EXPECT_TRUE(fits("hostname", "anything: this format means nothing here"));
}

TEST(Schema, ExplainsWhyNoAlternativeFits) {
    const auto found =
        problems(R"({"oneOf":[{"type":"string"},{"type":"object","required":["id"]}]})", "{}");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0], HasSubstr("fits none of the allowed forms"));
    EXPECT_THAT(found[0], HasSubstr("/id is missing"));
}

TEST(Schema, EndsWhenASchemaRefersToItself) {
    EXPECT_THAT(
        problems(
            R"({"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/a"}}})", "1"
        ),
        Contains(HasSubstr("without end"))
    );
}

TEST(Schema, EndsWhenReferencesDoubleAtEveryLevel) {
    Json schema{{"$ref", "#/definitions/d0"}};
    for (int i = 0; i < 40; ++i) {
        const Json next{{"$ref", "#/definitions/d" + std::to_string(i + 1)}};
        schema["definitions"]["d" + std::to_string(i)] = Json{{"allOf", {next, next}}};
    }
    schema["definitions"]["d40"] = Json{{"type", "number"}};
    EXPECT_THAT(schema_problems(schema, Json(1)), Contains(HasSubstr("too expensive")));
}

TEST(Schema, ChecksALargeValueToItsEnd) {
    Json rows = Json::array();
    for (int i = 0; i < 12'000; ++i) {
        rows.push_back(Json{{"id", i}});
    }
    const Json schema =
        json(R"({"items":{"type":"object","properties":{"id":{"type":"integer"}}}})");
    EXPECT_THAT(schema_problems(schema, rows), IsEmpty());
    rows.back()["id"] = "last";
    EXPECT_THAT(
        schema_problems(schema, rows), ElementsAre("/11999/id must be a whole number, is text")
    );
}

TEST(Schema, FollowsARecursiveReferenceThroughTheValue) {
    const char* tree = R"({"type":"object","properties":{"children":{"type":"array",
        "items":{"$ref":"#"}},"name":{"type":"string"}}})";
    EXPECT_THAT(problems(tree, R"({"children":[{"children":[{"name":"leaf"}]}]})"), IsEmpty());
    EXPECT_THAT(
        problems(tree, R"({"children":[{"children":[{"name":1}]}]})"),
        ElementsAre("/children/0/children/0/name must be text, is a number")
    );
}

TEST(Schema, KeepsWorkingOnKeywordsOfTheWrongKind) {
    EXPECT_THAT(
        problems(
            R"({"type":5,"enum":3,"properties":[1],"required":"x","items":7,"minLength":"a",
                     "anyOf":{},"pattern":1,"multipleOf":"x","maximum":null})",
            R"({"a":[1]})"
        ),
        IsEmpty()
    );
}

TEST(Schema, ValidateGivesPowerAutomatesCodeAndEveryProblemInTheDetails) {
    const tideway::Status status = validate(
        json(R"({"type":"object","required":["a","b"]})"), json("{}"), "The body of the request"
    );
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::kInvalidInput);
    EXPECT_EQ(status.error().code, "TriggerInputSchemaMismatch");
    EXPECT_EQ(
        status.error().message,
        "The body of the request does not fit its schema: /a is missing; /b is missing."
    );
    EXPECT_EQ(Json::parse(status.error().details)["problems"].size(), 2U);
    EXPECT_TRUE(validate(Json(), json("{}"), "anything"));
}

TEST(Schema, NamesTheFieldsButQuotesNoValueWhenAskedTo) {
    const Json schema = Json::parse(R"({"properties":{
        "a":{"enum":["x"]},"b":{"const":1},"c":{"format":"date"},"d":{"pattern":"^x$"},
        "e":{"maximum":3},"f":{"type":"integer"}}})");
    const Json value =
        Json::parse(R"({"a":"4711","b":"4711","c":"4711","d":"4711","e":4711,"f":4711.5})");
    const auto quoted = schema_problems(schema, value);
    const auto unquoted = schema_problems(schema, value, Quoting::kNothing);
    ASSERT_EQ(quoted.size(), 6U);
    ASSERT_EQ(unquoted.size(), 6U);
    for (std::size_t i = 0; i < quoted.size(); ++i) {
        EXPECT_NE(quoted[i].find("4711"), std::string::npos) << quoted[i];
        EXPECT_EQ(unquoted[i].find("4711"), std::string::npos) << unquoted[i];
        EXPECT_TRUE(quoted[i].starts_with(unquoted[i])) << unquoted[i];
    }
}

TEST(Schema, FillsDefaultsInWithoutTouchingWhatIsThere) {
    const Json schema = json(R"({"properties":{"api_version":{"default":"v9.2"},"top":{"default":5},
        "retry":{"properties":{"count":{"default":4}}}}})");
    EXPECT_EQ(
        with_defaults(schema, json(R"({"top":1,"retry":{},"other":null})")),
        json(R"({"api_version":"v9.2","top":1,"retry":{"count":4},"other":null})")
    );
}

TEST(SchemaCheck, RefusesAKeywordThatItWouldNotEnforce) {
    const tideway::Status status = check_schema(
        json(R"({"properties":{"a":{"patternProperties":{}}}})"), "operation create_row"
    );
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, "SchemaNotSupported");
    EXPECT_THAT(status.error().message, HasSubstr("operation create_row"));
    EXPECT_THAT(status.error().message, HasSubstr("/properties/a/patternProperties"));
}

TEST(SchemaCheck, RefusesMistakesThatWouldSwitchACheckOff) {
    for (const char* schema :
         {R"({"type":"text"})",
          R"({"required":"id"})",
          R"({"items":[{}]})",
          R"({"minimum":"1"})",
          R"({"$ref":"#/definitions/missing"})",
          R"({"$ref":"other.json"})",
          R"x({"pattern":"(?=x)"})x",
          R"({"anyOf":[]})",
          R"({"properties":[]})",
          "5"}) {
        EXPECT_FALSE(check_schema(json(schema), "it")) << schema;
    }
}

TEST(SchemaCheck, AcceptsNotesForPeopleAndExtensions) {
    EXPECT_TRUE(check_schema(
        json(R"({"title":"T","description":"D","x-ms-visibility":"advanced","default":1,
                 "type":["integer","null"],"pattern":"^[a-z]+$","items":true})"),
        "it"
    ));
}

// The published cases of the supported keywords, where Debian's package is installed.
class PublishedCases : public testing::TestWithParam<std::string> {};

TEST_P(PublishedCases, AgreeWithTheValidator) {
    const std::filesystem::path file =
        "/usr/share/json-schema-test-suite/tests/draft7/" + GetParam() + ".json";
    if (!std::filesystem::exists(file)) {
        GTEST_SKIP() << "package json-schema-test-suite is not installed";
    }
    std::ifstream stream(file);
    const Json groups = Json::parse(stream);
    int checked = 0;
    for (const Json& group : groups) {
        if (!check_schema(group["schema"], "case")) {
            continue;  // uses a keyword outside the subset, and is refused before it is used
        }
        for (const Json& one : group["tests"]) {
            const auto found = schema_problems(group["schema"], one["data"]);
            EXPECT_EQ(found.empty(), one["valid"].get<bool>())
                << group["description"] << ": " << one["description"]
                << (found.empty() ? "" : "; " + found.front());
            ++checked;
        }
    }
    EXPECT_GT(checked, 0);
}

std::string case_name(const testing::TestParamInfo<std::string>& tested) {
    std::string name = tested.param;
    std::erase(name, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(
    Draft7,
    PublishedCases,
    testing::Values(
        "additionalProperties",
        "allOf",
        "anyOf",
        "boolean_schema",
        "const",
        "default",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "items",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "not",
        "oneOf",
        "pattern",
        "properties",
        "ref",
        "required",
        "type",
        "uniqueItems"
    ),
    &case_name
);

}  // namespace
}  // namespace tideway::model
