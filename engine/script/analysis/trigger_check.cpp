#include "engine/script/analysis/trigger_check.h"

#include <charconv>
#include <optional>
#include <vector>

#include "engine/model/manual_inputs.h"
#include "engine/model/request_path.h"
#include "engine/script/language.h"
#include "engine/script/value/number_text.h"

namespace tideway::script::analysis {
namespace {

using Kind = Expression::Kind;

std::optional<Json> literal(const Expression& expression, const Frame& frame);

std::optional<Json> number(std::string_view text) {
    std::int64_t whole = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (problem == std::errc() && end == text.data() + text.size()) {
        return whole;
    }
    const auto value = to_float(text);
    return value ? std::optional<Json>(*value) : std::nullopt;
}

std::optional<Json> table_literal(const Expression& table, const Frame& frame) {
    const bool is_list = !table.fields.empty() && !table.fields.front().key;
    Json out = is_list ? Json::array() : Json::object();
    for (const TableField& field : table.fields) {
        auto value = literal(*field.value, frame);
        const bool is_named = field.key && field.key->kind == Kind::kString;
        if (!value || (is_list ? field.key != nullptr : !is_named)) {
            return std::nullopt;
        }
        if (is_list) {
            out.push_back(std::move(*value));
        } else {
            out[field.key->text] = std::move(*value);
        }
    }
    return out;
}

// What the text says for certain, through locals that are never assigned again; nothing where only
// a run can tell.
std::optional<Json> literal(const Expression& expression, const Frame& frame) {
    const Expression& at = Sources::follow(expression, frame);
    switch (at.kind) {
        case Kind::kNil:
            return Json();
        case Kind::kTrue:
            return true;
        case Kind::kFalse:
            return false;
        case Kind::kString:
            return at.text;
        case Kind::kNumber:
            return number(at.text);
        case Kind::kTable:
            return table_literal(at, frame);
        case Kind::kUnary:
            if (at.text == "-" && at.parts.front()->kind == Kind::kNumber) {
                return number("-" + at.parts.front()->text);
            }
            return std::nullopt;
        case Kind::kVararg:
        case Kind::kName:
        case Kind::kIndex:
        case Kind::kCall:
        case Kind::kMethodCall:
        case Kind::kFunction:
        case Kind::kBinary:
        case Kind::kParenthesis:
            break;
    }
    return std::nullopt;
}

void add(const TableCheck& check, Position at, std::string code, std::string message) {
    check.findings.add(
        check.file, at, {.code = std::move(code), .message = std::move(message), .suggestion = ""}
    );
}

// Where a problem of an input stands: at its field's value, else at the input.
Position place_of_problem(const Expression& input, const std::string& field) {
    const Expression* value = input.kind == Kind::kTable ? field_value(input, field) : nullptr;
    return value == nullptr ? input.at : value->at;
}

void check_inputs(const Expression& value, const Frame& frame, const TableCheck& check) {
    const Expression& list = Sources::follow(value, frame);
    const auto declared = literal(list, frame);
    if (!declared) {
        return;  // publishing runs the declaration and finds the rest, without lines
    }
    for (const model::InputProblem& problem : model::read_inputs(*declared).problems) {
        const bool is_there = list.kind == Kind::kTable && problem.index < list.fields.size();
        const Expression& at =
            is_there ? Sources::follow(*list.fields[problem.index].value, frame) : list;
        add(check,
            place_of_problem(at, problem.field),
            "wrong-input",
            check.what + ": " + problem.message);
    }
}

void check_request(const Expression& table, const TableCheck& check) {
    static const Json schema = {
        {"properties",
         {{"method", {{"type", "string"}, {"enum", {"GET", "POST", "PUT", "PATCH", "DELETE"}}}},
          {"relative_path", {{"type", "string"}}}}},
        {"additionalProperties", true}};
    check_table(table, schema, check);
    const Expression* path = field_value(table, "relative_path");
    if (path == nullptr || path->kind != Kind::kString) {
        return;
    }
    if (const auto parsed = model::parse_request_path(path->text); !parsed) {
        add(check, path->at, "wrong-value", parsed.error().text());
    }
}

}  // namespace

void check_built_in_trigger(
    const Expression& table, const std::string& name, const Frame& frame, const TableCheck& check
) {
    const auto own = own_trigger_fields(name);
    if (!own) {
        return;
    }
    Json fields = Json::object();
    for (const std::string_view field : *own) {
        fields[std::string(field)] = Json::object();
    }
    check_table(table, {{"properties", std::move(fields)}}, check);
    if (const Expression* inputs = field_value(table, "inputs")) {
        check_inputs(*inputs, frame, check);
    }
    if (name == "http_request") {
        check_request(table, check);
    }
}

}  // namespace tideway::script::analysis
