#include "engine/script/stub_writer.h"

#include <algorithm>
#include <set>

#include "engine/base/embedded.h"
#include "engine/script/syntax/lua_lexer.h"

namespace tideway::embedded {
std::span<const File> tideway_meta();
}  // namespace tideway::embedded

namespace tideway::script {
namespace {

constexpr int kTypeDepthMax = 4;  // deeper objects are "table"
constexpr std::size_t kEnumerationMax = 20;

std::string type_of(const Json& schema, int depth);

// On one line, so that it cannot leave its comment.
std::string one_line(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool blank = static_cast<unsigned char>(c) <= ' ';
        if (!blank) {
            out.push_back(c);
        } else if (!out.empty() && out.back() != ' ') {
            out.push_back(' ');
        }
    }
    while (!out.empty() && out.back() == ' ') {
        out.pop_back();
    }
    return out;
}

std::string sentence(std::string_view text) {
    std::string out = one_line(text);
    if (!out.empty() && std::string_view(".!?").find(out.back()) == std::string_view::npos) {
        out += '.';
    }
    return out;
}

// A Lua string literal on one line.
std::string quote(std::string_view text) {
    std::string out = "\"";
    for (const char c : one_line(text)) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + '"';
}

std::string field_name(const std::string& name) {
    return is_lua_identifier(name) ? name : "[" + quote(name) + "]";
}

std::set<std::string> required_of(const Json& schema) {
    std::set<std::string> names;
    if (const Json* required = find(schema, "required"); required && required->is_array()) {
        for (const Json& one : *required) {
            if (one.is_string()) {
                names.insert(one.get<std::string>());
            }
        }
    }
    return names;
}

const Json* properties_of(const Json& schema) {
    const Json* properties = find(schema, "properties");
    return properties != nullptr && properties->is_object() && !properties->empty() ? properties
                                                                                    : nullptr;
}

std::string enumeration(const Json& values) {
    std::string out;
    for (const Json& value : values) {
        out += out.empty() ? "" : "|";
        out += value.is_string() ? quote(value.get<std::string>())
               : value.is_null() ? "nil"
                                 : one_line(dump(value));
    }
    return out;
}

std::string object_type(const Json& schema, int depth) {
    const Json* properties = properties_of(schema);
    if (properties == nullptr) {
        const Json* more = find(schema, "additionalProperties");
        const bool typed = more != nullptr && more->is_object() && !more->empty();
        return typed ? "table<string, " + type_of(*more, depth + 1) + ">" : "table";
    }
    if (depth >= kTypeDepthMax) {
        return "table";
    }
    const std::set<std::string> required = required_of(schema);
    std::string out;
    for (const auto& [name, property] : properties->items()) {
        out += out.empty() ? "{ " : ", ";
        out += field_name(name) + (required.contains(name) ? ": " : "?: ");
        out += type_of(property, depth + 1);
    }
    return out + " }";
}

std::string array_type(const Json& schema, int depth) {
    const Json* items = find(schema, "items");
    if (items == nullptr || !items->is_object() || depth >= kTypeDepthMax) {
        return "any[]";
    }
    const std::string type = type_of(*items, depth + 1);
    const bool is_union = type.find('|') != std::string::npos && !type.starts_with("{ ");
    return (is_union ? "(" + type + ")" : type) + "[]";
}

std::string named_type(const std::string& name, const Json& schema, int depth) {
    if (name == "string" || name == "integer" || name == "number" || name == "boolean") {
        return name;
    }
    if (name == "null") {
        return "nil";
    }
    if (name == "array") {
        return array_type(schema, depth);
    }
    return name == "object" ? object_type(schema, depth) : "any";
}

std::string type_of(const Json& schema, int depth) {
    const Json* values = find(schema, "enum");
    if (values != nullptr && values->is_array() && !values->empty() &&
        values->size() <= kEnumerationMax) {
        return enumeration(*values);
    }
    const Json* type = find(schema, "type");
    if (type != nullptr && type->is_string()) {
        return named_type(type->get<std::string>(), schema, depth);
    }
    if (type == nullptr || !type->is_array()) {
        return properties_of(schema) != nullptr ? object_type(schema, depth) : "any";
    }
    std::string out;
    for (const Json& one : *type) {
        if (one.is_string()) {
            out += (out.empty() ? "" : "|") + named_type(one.get<std::string>(), schema, depth);
        }
    }
    return out.empty() ? "any" : out;
}

// A property's description, else its title.
std::string description_of(const Json& schema) {
    return sentence(string_or(schema, "description", string_or(schema, "title")));
}

void write_fields(const Json& schema, std::string& out) {
    const Json* properties = properties_of(schema);
    if (properties == nullptr) {
        return;
    }
    const std::set<std::string> required = required_of(schema);
    for (const auto& [name, property] : properties->items()) {
        const std::string description = description_of(property);
        out += "---@field " + field_name(name) + (required.contains(name) ? " " : "? ");
        out += type_of(property, 1) + (description.empty() ? "" : " " + description) + "\n";
    }
}

// Appends a class for the schema, if it names fields or has a parent. Returns the type to refer to.
std::string write_class(
    const std::string& name, const std::string& parent, const Json& schema, std::string& out
) {
    if (properties_of(schema) == nullptr && parent.empty()) {
        return type_of(schema, 0);
    }
    out += "---@class " + name + (parent.empty() ? "" : ": " + parent) + "\n";
    write_fields(schema, out);
    return name;
}

std::string effect_text(const model::OperationSpec& operation) {
    switch (operation.effect) {
        case model::EffectClass::kRead:
            return "Reads only.";
        case model::EffectClass::kIdempotent:
            return "Changes the service; repeating it does no harm.";
        case model::EffectClass::kOnce:
            return "Changes the service; when in doubt it is looked up or a person decides, never "
                   "repeated blindly.";
    }
    return "";
}

void write_function(
    const std::string& table,
    const std::string& name,
    const std::string& parameters,
    std::string& out
) {
    if (is_lua_identifier(name)) {
        out += "function " + table + "." + name + "(" + parameters + ") end\n";
    } else {
        out += table + "[" + quote(name) + "] = function(" + parameters + ") end\n";
    }
}

void write_operation(
    const std::string& table,
    const model::ConnectorSpec& spec,
    const model::OperationSpec& operation,
    std::string& out
) {
    const std::string base = one_line(spec.id) + "." + one_line(operation.id);
    std::string classes;
    const bool has_input = properties_of(operation.input_schema) != nullptr || operation.creates;
    std::string input = "table";
    if (has_input) {
        input = base + ".input";
        classes += "---@class " + input + "\n";
        if (operation.creates) {
            classes +=
                "---@field key any Business key: what makes two creates the same thing. It is "
                "not sent.\n";
        }
        write_fields(operation.input_schema, classes);
        classes += "\n";
    }
    std::string output_class;
    const std::string output =
        write_class(base + ".output", "", operation.output_schema, output_class);
    out += "\n" + classes + output_class + (output_class.empty() ? "" : "\n");
    out += "--- " + sentence(operation.title) + "\n";
    if (!operation.summary.empty()) {
        out += "--- " + sentence(operation.summary) + "\n";
    }
    out += "--- " + effect_text(operation) + "\n";
    out += "---@param step string The step's name, a literal.\n";
    const bool optional = required_of(operation.input_schema).empty() && !operation.creates;
    out += "---@param input" + std::string(optional ? "? " : " ") + input + "\n";
    out += "---@param options? StepOptions\n";
    out += "---@return " + output + " output\n";
    write_function(table, operation.id, "step, input, options", out);
}

void write_trigger(
    const model::ConnectorSpec& spec, const model::TriggerSpec& trigger, std::string& out
) {
    const std::string name = spec.id + "_" + trigger.id;
    const std::string base = one_line(spec.id) + "." + one_line(trigger.id);
    out += "\n";
    std::string event_class;
    const std::string event = write_class(base + ".event", "", trigger.event_schema, event_class);
    out += event_class + (event_class.empty() ? "" : "\n");
    write_class(base + ".config", "Trigger", trigger.config_schema, out);
    out += "\n--- " + sentence(trigger.title) + "\n";
    if (!trigger.summary.empty()) {
        out += "--- " + sentence(trigger.summary) + "\n";
    }
    out += "--- `run` gets: " + event + "\n";
    out += "---@param definition? " + base + ".config\n---@return Trigger trigger\n";
    write_function("trigger", name, "definition", out);
}

}  // namespace

std::string stub_type(const Json& schema) {
    return type_of(schema, 0);
}

std::optional<StubFile> inputs_stub(const std::string& flow, const Json& schema) {
    if (!is_lua_identifier(flow)) {
        return std::nullopt;
    }
    StubFile file;
    file.name = "flows/" + flow + ".gen.lua";
    file.text =
        "---@meta\n-- Made from the flow's trigger.manual: do not edit. Read by editors only; "
        "never run.\n-- For completion write above the flow's run function:  ---@param input " +
        flow + ".inputs\n\n";
    file.text += "---@class " + flow + ".inputs\n";
    write_fields(schema, file.text);
    return file;
}

std::vector<StubFile> language_stubs() {
    std::vector<StubFile> out;
    for (const embedded::File& file : embedded::tideway_meta()) {
        out.push_back({std::string(file.name), std::string(file.bytes)});
    }
    return out;
}

StubFile connector_stub(const model::ConnectorSpec& spec) {
    const std::string table = is_lua_identifier(spec.id) ? spec.id : "connector";
    StubFile file;
    file.name = "connectors/" + spec.id + ".gen.lua";
    std::string& out = file.text;
    out += "---@meta\n";
    out += "-- " + sentence(spec.title) +
           " Made from connector.json: do not edit. Read by editors only; never "
           "run.\n-- For completion write above a connection:  ---@type " +
           one_line(spec.id) + "\n\n";
    out += "--- " + sentence(spec.summary) + "\n---@class " + one_line(spec.id) + "\n";
    out += "local " + table + " = {}\n";
    for (const model::OperationSpec& operation : spec.operations) {
        write_operation(table, spec, operation, out);
    }
    for (const model::TriggerSpec& trigger : spec.triggers) {
        write_trigger(spec, trigger, out);
    }
    return file;
}

}  // namespace tideway::script
