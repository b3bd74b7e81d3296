#include "engine/model/manual_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideway::model {
namespace {

using ::testing::HasSubstr;

constexpr const char* kOrder = R"([
  {"name":"customer","type":"text","title":"Customer","required":true},
  {"name":"total","type":"number","default":10},
  {"name":"urgent","type":"yes_no","default":false},
  {"name":"due","type":"date"},
  {"name":"contact","type":"email"},
  {"name":"size","type":"choice","choices":["S","M"],"default":"M"},
  {"name":"colours","type":"choices","choices":["red","blue","green"],"required":true},
  {"name":"letter","type":"file","description":"Signed."}])";

std::vector<ManualInput> order() {
    auto inputs = parse_inputs(Json::parse(kOrder));
    EXPECT_TRUE(inputs) << inputs.error().text();
    return inputs ? *inputs : std::vector<ManualInput>();
}

Result<Json> take(const char* given) {
    return take_inputs(order(), Json::parse(given), "The input of 'Order'");
}

std::vector<std::string> problems(const char* given) {
    const auto taken = take(given);
    if (taken) {
        return {};
    }
    EXPECT_EQ(taken.error().code, "TriggerInputSchemaMismatch");
    return Json::parse(taken.error().details).at("problems");
}

TEST(ManualInputs, AreTakenWithTheirDefaults) {
    const auto taken = take(R"({"customer":"Contoso","colours":["blue"],"due":null})");
    ASSERT_TRUE(taken) << taken.error().text();
    EXPECT_EQ(
        *taken, Json::parse(R"({"customer":"Contoso","colours":["blue"],"total":10,"urgent":false,
                        "size":"M"})")
    );
}

TEST(ManualInputs, OfEveryTypeAreTaken) {
    const char* given = R"({"customer":"C","total":1.5,"urgent":true,"due":"2026-02-28",
        "contact":"ada@contoso.com","size":"S","colours":["red","green"],
        "letter":{"name":"a.txt","content":"aGk=","content_type":"text/plain"}})";
    const auto taken = take(given);
    ASSERT_TRUE(taken) << taken.error().text();
    EXPECT_EQ(*taken, Json::parse(given));
}

TEST(ManualInputs, ThatAreWrongAreAllNamedAtOnce) {
    const auto wrong = problems(R"({"customer":"","total":"ten","urgent":"yes","due":"2026-02-30",
        "contact":"ada","size":"L","colours":["red","black"],"letter":{"name":"a","content":"???"},
        "colour":"red"})");
    EXPECT_EQ(wrong.size(), 9U) << Json(wrong).dump(1);
    for (const char* name :
         {"/customer",
          "/total",
          "/urgent",
          "/due",
          "/contact",
          "/size",
          "/colours/1",
          "/letter/content must be base64",
          "/colour"}) {
        EXPECT_THAT(wrong, ::testing::Contains(HasSubstr(name)));
    }
}

TEST(ManualInputs, ThatAreRequiredAreMissedAlsoWhenTheyAreNull) {
    EXPECT_EQ(problems(R"({"customer":null})").size(), 2U);
    EXPECT_EQ(problems("null").size(), 2U);
    EXPECT_EQ(problems(R"({"customer":"C","colours":[]})").size(), 1U);
    EXPECT_EQ(problems("[1]").size(), 1U);
}

TEST(ManualInputs, AreNotQuotedWhereTheyAreSecured) {
    const auto taken = take_inputs(
        order(), {{"customer", "C"}, {"total", "tell nobody"}}, "The input", Quoting::kNothing
    );
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().message.find("tell nobody"), std::string::npos) << taken.error().text();
}

TEST(ManualInputs, AreDescribedAsJsonSchemaAndReadBackFromTheirList) {
    const Json schema = inputs_schema(order());
    EXPECT_TRUE(check_schema(schema, "inputs"));
    EXPECT_EQ(schema.at("required"), Json::parse(R"(["customer","colours"])"));
    EXPECT_EQ(schema.at("properties").at("size").at("enum"), Json::parse(R"(["S","M"])"));
    EXPECT_EQ(schema.at("properties").at("letter").at("x-input"), "file");
    EXPECT_EQ(schema.at("properties").at("customer").at("title"), "Customer");
    const Json list = inputs_list(order());
    EXPECT_EQ(list.at(0).at("name"), "customer");
    EXPECT_EQ(list.at(7).at("description"), "Signed.");
    EXPECT_EQ(inputs_list(*parse_inputs(list)), list);
}

TEST(ManualInputs, AreDeclaredWithNothingWhenTheListIsEmpty) {
    EXPECT_TRUE(parse_inputs(Json::object())->empty());
    EXPECT_TRUE(parse_inputs(Json::array())->empty());
    const auto extra = take_inputs({}, {{"a", 1}}, "The input");
    EXPECT_FALSE(extra);
}

struct Wrong {
    const char* declared;
    std::size_t index;
    const char* field;
    const char* message;
};

class WrongDeclaration : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongDeclaration, IsNamedWithItsPlace) {
    const Wrong& wrong = GetParam();
    const DeclaredInputs read = read_inputs(Json::parse(wrong.declared));
    ASSERT_EQ(read.problems.size(), 1U) << wrong.declared;
    EXPECT_EQ(read.problems.front().index, wrong.index);
    EXPECT_EQ(read.problems.front().field, wrong.field);
    EXPECT_THAT(read.problems.front().message, HasSubstr(wrong.message));
    const auto parsed = parse_inputs(Json::parse(wrong.declared));
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, "InvalidFlowSetting");
}

INSTANTIATE_TEST_SUITE_P(
    ManualInputs,
    WrongDeclaration,
    ::testing::Values(
        Wrong{R"({"name":"a"})", 0, "", "a list of tables"},
        Wrong{R"([1])", 0, "", "an input is a table"},
        Wrong{R"([{}])", 0, "", "an input is a table"},
        Wrong{R"([{"name":"a","type":"text"},{"type":"text"}])", 1, "name", "needs a name"},
        Wrong{R"([{"name":"first name","type":"text"}])", 0, "name", "letters, digits and _"},
        Wrong{R"([{"name":"a"}])", 0, "type", "the type of 'a' is one of text, number"},
        Wrong{R"([{"name":"a","type":"integer"}])", 0, "type", "not \"integer\""},
        Wrong{R"([{"name":"a","type":"text","title":5}])", 0, "title", "must be text"},
        Wrong{R"([{"name":"a","type":"text","required":"yes"}])", 0, "required", "true or false"},
        Wrong{R"([{"name":"a","type":"text","optional":true}])", 0, "optional", "no field"},
        Wrong{R"([{"name":"a","type":"choice"}])", 0, "choices", "a list of 1 to 200"},
        Wrong{R"([{"name":"a","type":"choice","choices":["x","x"]}])", 0, "choices", "different"},
        Wrong{R"([{"name":"a","type":"text","choices":["x"]}])", 0, "choices", "has the type text"},
        Wrong{
            R"([{"name":"a","type":"number","default":"ten"}])",
            0,
            "default",
            "the default of 'a': must be"},
        Wrong{
            R"([{"name":"a","type":"choice","choices":["x"],"default":"y"}])",
            0,
            "default",
            "the default of 'a'"},
        Wrong{R"([{"name":"a","type":"date","default":"tomorrow"}])", 0, "default", "date"},
        Wrong{R"([{"name":"a","type":"file","default":{}}])", 0, "default", "no default"},
        Wrong{R"([{"name":"a","type":"text"},{"name":"a","type":"text"}])", 1, "name", "two inputs"}
    )
);

TEST(ManualInputs, AreReadFromWhatSomebodyTypes) {
    const std::vector<ManualInput> inputs = order();
    EXPECT_EQ(*input_from_text(inputs[0], "12"), Json("12"));
    EXPECT_EQ(*input_from_text(inputs[1], "12"), Json(12));
    EXPECT_EQ(*input_from_text(inputs[2], "yes"), Json(true));
    EXPECT_EQ(*input_from_text(inputs[2], "false"), Json(false));
    EXPECT_EQ(*input_from_text(inputs[6], "red"), Json("red"));
    EXPECT_EQ(input_from_text(inputs[1], "ten").error().code, "InvalidArgument");
    EXPECT_EQ(input_from_text(inputs[2], "perhaps").error().remedy, "Write yes or no.");
    EXPECT_EQ(file_input("a.txt", "hi"), Json::parse(R"({"name":"a.txt","content":"aGk="})"));
}

}  // namespace
}  // namespace tideway::model
