#include "engine/script/stub_writer.h"

#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "engine/script/language.h"
#include "engine/script/syntax/lua_parser.h"

namespace tideway::script {
namespace {

struct Signature {
    int arguments_min = 0;
    int arguments_max = 0;
    std::string description;  // of the comment above
};

std::string name_of(const Expression& target) {
    return target.kind == Expression::Kind::kIndex
               ? name_of(*target.parts[0]) + "." + target.parts[1]->text
               : target.text;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

// The function of one stub, with the comment lines right above it.
Signature signature_of(
    const Chunk& chunk, const Statement& at, const std::vector<std::string>& lines
) {
    std::string comment;
    for (int line = at.at.line - 2; line >= 0; --line) {
        const std::string& text = lines.at(static_cast<std::size_t>(line));
        if (!text.starts_with("---")) {
            break;
        }
        comment = text + "\n" + comment;
    }
    Signature out;
    out.description = comment.substr(0, comment.find('\n'));
    for (const LocalId id : at.function->parameters) {
        const std::string& name = chunk.locals.at(static_cast<std::size_t>(id)).name;
        EXPECT_NE(comment.find("---@param " + name), std::string::npos)
            << name_of(*at.targets[0]) << " does not describe " << name;
        if (comment.find("---@param " + name + "? ") == std::string::npos) {
            ++out.arguments_min;
        }
        ++out.arguments_max;
    }
    if (at.function->is_vararg) {
        EXPECT_NE(comment.find("---@param ... "), std::string::npos) << name_of(*at.targets[0]);
        out.arguments_max = kManyArguments;
    }
    return out;
}

std::map<std::string, Signature> hand_written_signatures() {
    std::map<std::string, Signature> out;
    for (const StubFile& file : language_stubs()) {
        const ParseResult parsed = parse_lua(file.text);
        EXPECT_FALSE(parsed.error) << file.name << ": " << parsed.error->message;
        for (const Statement& statement : parsed.chunk.body) {
            if (statement.kind != Statement::Kind::kFunction) {
                continue;
            }
            const std::string name = name_of(*statement.targets[0]);
            EXPECT_FALSE(out.contains(name)) << name << " stands twice";
            out[name] = signature_of(parsed.chunk, statement, lines_of(file.text));
        }
    }
    return out;
}

TEST(LanguageStubs, HaveEveryFunctionOfTheLanguageWithItsArguments) {
    const std::map<std::string, Signature> stubs = hand_written_signatures();
    for (const LanguageFunction& function : language_functions()) {
        const auto stub = stubs.find(std::string(function.name));
        ASSERT_NE(stub, stubs.end()) << function.name << " has no stub";
        EXPECT_EQ(stub->second.arguments_min, function.arguments_min) << function.name;
        EXPECT_EQ(stub->second.arguments_max, function.arguments_max) << function.name;
        EXPECT_TRUE(stub->second.description.starts_with("--- ")) << function.name;
        EXPECT_GT(stub->second.description.size(), 10U) << function.name;
    }
}

TEST(LanguageStubs, HaveNothingElse) {
    for (const auto& [name, signature] : hand_written_signatures()) {
        EXPECT_NE(find_language_function(name), nullptr) << name << " is no word of the language";
    }
}

TEST(LanguageStubs, NameEveryValueAndAreMarkedAsStubs) {
    std::string all;
    for (const StubFile& file : language_stubs()) {
        EXPECT_TRUE(file.text.starts_with("---@meta\n")) << file.name;
        all += file.text;
    }
    for (const std::string_view value : language_values()) {
        const std::string name(value.substr(value.find('.') + 1));
        EXPECT_NE(all.find(name), std::string::npos) << value;
    }
}

TEST(ExpressionsPage, NamesEveryLibraryFunctionAndNoOther) {
    std::ifstream file("docs/reference/expressions.md");
    const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    ASSERT_FALSE(page.empty()) << "run the tests in the repository's root";
    const std::regex word(R"(\b(time|text|list|money|uri|json|math|string|table)\.[a-z_0-9]+)");
    std::set<std::string> named;
    for (std::sregex_iterator at(page.begin(), page.end(), word), end; at != end; ++at) {
        named.insert(at->str());
        EXPECT_TRUE(is_language_name(at->str())) << at->str();
    }
    for (const LanguageFunction& function : language_functions()) {
        const std::string table(function.name.substr(0, function.name.find('.')));
        if (table == "time" || table == "text" || table == "list" || table == "money" ||
            table == "uri") {
            EXPECT_TRUE(named.contains(std::string(function.name))) << function.name;
        }
    }
}

TEST(LanguageTable, HasEachNameOnce) {
    std::set<std::string_view> names;
    for (const LanguageFunction& function : language_functions()) {
        EXPECT_TRUE(names.insert(function.name).second) << function.name;
        EXPECT_LE(function.arguments_min, function.arguments_max) << function.name;
    }
}

model::ConnectorSpec make_spec() {
    model::ConnectorSpec spec;
    spec.id = "crm";
    spec.title = "A CRM";
    spec.summary = "Rows of a CRM";
    model::OperationSpec create;
    create.id = "create_row";
    create.title = "Add a new row";
    create.summary = "Makes a row";
    create.effect = model::EffectClass::kIdempotent;
    create.creates = true;
    create.input_schema = Json::parse(R"({"type":"object","required":["table"],"properties":{
        "table":{"type":"string","description":"Logical name"},
        "mode":{"enum":["strict","lenient"]},
        "parts":{"type":"array","items":{"type":"object","required":["id"],"properties":{
            "id":{"type":"integer"},"odd-name":{"type":["string","null"]}}}}}})");
    create.output_schema =
        Json::parse(R"({"type":"object","properties":{"id":{"type":"string"}}})");
    spec.operations.push_back(create);
    model::OperationSpec read;
    read.id = "who_am_i";
    read.title = "Who am I";
    read.input_schema = Json::parse(R"({"type":"object"})");
    read.output_schema =
        Json::parse(R"({"type":"object","additionalProperties":{"type":"string"}})");
    spec.operations.push_back(read);
    model::TriggerSpec trigger;
    trigger.id = "row_changed";
    trigger.title = "When a row changes";
    trigger.config_schema =
        Json::parse(R"({"type":"object","properties":{"table":{"type":"string"}}})");
    trigger.event_schema =
        Json::parse(R"({"type":"object","properties":{"id":{"type":"string"}}})");
    spec.triggers.push_back(trigger);
    return spec;
}

TEST(ConnectorStub, DescribesOperationsAndTriggersByTheirSchemas) {
    const StubFile file = connector_stub(make_spec());
    EXPECT_EQ(file.name, "connectors/crm.gen.lua");
    EXPECT_EQ(file.text, R"(---@meta
-- A CRM. Made from connector.json: do not edit. Read by editors only; never run.
-- For completion write above a connection:  ---@type crm

--- Rows of a CRM.
---@class crm
local crm = {}

---@class crm.create_row.input
---@field key any Business key: what makes two creates the same thing. It is not sent.
---@field mode? "strict"|"lenient"
---@field parts? { id: integer, ["odd-name"]?: string|nil }[]
---@field table string Logical name.

---@class crm.create_row.output
---@field id? string

--- Add a new row.
--- Makes a row.
--- Changes the service; repeating it does no harm.
---@param step string The step's name, a literal.
---@param input crm.create_row.input
---@param options? StepOptions
---@return crm.create_row.output output
function crm.create_row(step, input, options) end

--- Who am I.
--- Reads only.
---@param step string The step's name, a literal.
---@param input? table
---@param options? StepOptions
---@return table<string, string> output
function crm.who_am_i(step, input, options) end

---@class crm.row_changed.event
---@field id? string

---@class crm.row_changed.config: Trigger
---@field table? string

--- When a row changes.
--- `run` gets: crm.row_changed.event
---@param definition? crm.row_changed.config
---@return Trigger trigger
function trigger.crm_row_changed(definition) end
)");
}

TEST(ConnectorStub, KeepsHostileTextInsideItsComments) {
    model::ConnectorSpec spec = make_spec();
    const std::string evil = "a\nos.exit(1)\r\n--]] x = \"\\";
    spec.id = evil;
    spec.title = evil;
    spec.summary = evil;
    spec.operations[0].id = evil;
    spec.operations[0].title = evil;
    spec.operations[1].id = "end";
    spec.operations[0].input_schema = Json{
        {"type", "object"}, {"properties", {{evil, {{"description", evil}, {"enum", {evil, 1}}}}}}};
    spec.triggers[0].id = evil;
    const ParseResult parsed = parse_lua(connector_stub(spec).text);
    ASSERT_FALSE(parsed.error) << parsed.error->at.line << ": " << parsed.error->message;
    for (const Statement& statement : parsed.chunk.body) {
        EXPECT_TRUE(
            statement.kind == Statement::Kind::kLocal ||
            statement.kind == Statement::Kind::kFunction ||
            statement.kind == Statement::Kind::kAssignment
        );
    }
}

TEST(StubType, GivesATypeForAnySchema) {
    const auto type = [](const char* schema) { return stub_type(Json::parse(schema)); };
    EXPECT_EQ(type(R"({})"), "any");
    EXPECT_EQ(type(R"(true)"), "any");
    EXPECT_EQ(type(R"({"type":"array"})"), "any[]");
    EXPECT_EQ(
        type(R"({"type":"array","items":{"type":["string","integer"]}})"), "(string|integer)[]"
    );
    EXPECT_EQ(type(R"({"type":"object"})"), "table");
    EXPECT_EQ(type(R"({"properties":{"a":{"type":"number"}}})"), "{ a?: number }");
    EXPECT_EQ(type(R"({"enum":["x",1,null]})"), "\"x\"|1|nil");
    Json deep = Json::parse(R"({"type":"string"})");
    for (int i = 0; i < 50; ++i) {
        deep = Json{{"type", "object"}, {"properties", {{"a", deep}}}};
    }
    EXPECT_EQ(stub_type(deep), "{ a?: { a?: { a?: { a?: table } } } }");
}

}  // namespace
}  // namespace tideway::script
