// What built-in triggers are given in a flow's text: every mistake has its line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/model/manual_inputs.h"
#include "engine/script/language.h"
#include "engine/script/outline.h"
#include "engine/script/stub_writer.h"

namespace tideway::script {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "<line>: <code>: <message>" of the errors.
std::vector<std::string> errors(const std::string& before, const std::string& trigger) {
    const std::string text = before + "return flow {\n title = 'T',\n trigger = trigger." +
                             trigger + ",\n run = function() end,\n}";
    std::vector<std::string> out;
    for (const Finding& finding : analyse("main.lua", {{"main.lua", text}}, nullptr).findings) {
        if (finding.severity == Finding::Severity::kError) {
            out.push_back(
                std::to_string(finding.line) + ": " + finding.code + ": " + finding.message
            );
        }
    }
    return out;
}

TEST(ManualTrigger, MayAskForInputsOfEveryType) {
    EXPECT_THAT(
        errors(
            "local sizes = { 'S', 'M' }\n",
            R"(manual { title = "By hand", concurrency = { runs = 1 }, inputs = {
                { name = "a", type = "text", title = "A", description = "D", required = true },
                { name = "b", type = "number", default = -1.5 },
                { name = "c", type = "choice", choices = sizes, default = "S" },
                { name = "d", type = "choices", choices = { "x" }, default = {} },
                { name = "e", type = "file" } } })"
        ),
        IsEmpty()
    );
    EXPECT_THAT(errors("", "manual {}"), IsEmpty());
    EXPECT_THAT(errors("", "manual { inputs = {} }"), IsEmpty());
}

TEST(ManualTrigger, WithWrongInputsIsAnErrorWithItsLine) {
    EXPECT_THAT(
        errors(
            "",
            "manual { inputs = {\n { name = 'a', type = 'integer' },\n { name = 'b',\n"
            " type = 'number', default = 'ten' },\n { type = 'text' } } }"
        ),
        ElementsAre(
            HasSubstr("4: wrong-input: trigger.manual: the type of 'a' is one of text, number"),
            HasSubstr("6: wrong-input: trigger.manual: the default of 'b'"),
            HasSubstr("7: wrong-input: trigger.manual: an input needs a name")
        )
    );
    EXPECT_THAT(
        errors(
            "local sizes = { 'S',\n 'S' }\n",
            "manual { inputs = { { name = 'a', type = 'choice', choices = sizes } } }"
        ),
        ElementsAre(HasSubstr("5: wrong-input: trigger.manual: the choices of 'a'"))
    );
    EXPECT_THAT(
        errors("", "manual { inputs = 'text' }"), ElementsAre(HasSubstr("inputs is a list"))
    );
}

TEST(ManualTrigger, IsNotCheckedWhereOnlyARunCanTell) {
    EXPECT_THAT(
        errors(
            "local function sizes() return { 'S' } end\n",
            "manual { inputs = { { name = 'a', type = 'choice', choices = sizes() } } }"
        ),
        IsEmpty()
    );
}

TEST(BuiltInTriggers, HaveNoOtherFields) {
    EXPECT_THAT(
        errors("", "manual { input = {} }"),
        ElementsAre(HasSubstr("trigger.manual has no field 'input'; it has inputs"))
    );
    EXPECT_THAT(
        errors("", "http_request { path = 'a' }"),
        ElementsAre(HasSubstr("trigger.http_request has no field 'path'"))
    );
}

TEST(RequestTrigger, IsCheckedForItsMethodAndItsPath) {
    EXPECT_THAT(
        errors(
            "",
            "http_request { method = 'GET', relative_path = 'customer/{id}',"
            " schema = { type = 'object' } }"
        ),
        IsEmpty()
    );
    EXPECT_THAT(
        errors("", "http_request {\n method = 'HEAD',\n relative_path = 'a/{b' }"),
        ElementsAre(
            HasSubstr("4: wrong-value: trigger.http_request: method is one of"),
            HasSubstr("5: wrong-value: The relative_path 'a/{b' has the segment")
        )
    );
    EXPECT_THAT(
        errors("", "http_request { relative_path = 5 }"),
        ElementsAre(HasSubstr("relative_path must be string"))
    );
}

TEST(ManualTrigger, HasTheSameInputTypesInTheEditor) {
    std::string types;
    for (const std::string_view type : model::input_type_names()) {
        types += (types.empty() ? "\"" : "|\"") + std::string(type) + "\"";
    }
    std::string text;
    for (const StubFile& file : language_stubs()) {
        text += file.name == "flow.lua" ? file.text : "";
    }
    EXPECT_THAT(text, HasSubstr("---@field type " + types));
    for (const std::string_view field : model::manual_input_fields()) {
        EXPECT_THAT(text, HasSubstr("---@field " + std::string(field))) << field;
    }
}

TEST(InputsStub, HasAFieldForEachInput) {
    const auto inputs = model::parse_inputs(Json::parse(
        R"([{"name":"customer","type":"text","title":"Customer","required":true},
            {"name":"size","type":"choice","choices":["S","M"]}])"
    ));
    ASSERT_TRUE(inputs);
    const auto stub = inputs_stub("order_form", model::inputs_schema(*inputs));
    ASSERT_TRUE(stub);
    EXPECT_EQ(stub->name, "flows/order_form.gen.lua");
    EXPECT_THAT(
        stub->text,
        HasSubstr("---@class order_form.inputs\n---@field customer string Customer.\n"
                  "---@field size? \"S\"|\"M\" size.\n")
    );
    EXPECT_FALSE(inputs_stub("order-form", Json::object()));
}

}  // namespace
}  // namespace tideway::script
