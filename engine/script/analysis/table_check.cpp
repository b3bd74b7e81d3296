#include "engine/script/analysis/table_check.h"

#include <algorithm>

#include "engine/script/language.h"

namespace tideway::script::analysis {
namespace {

using Kind = Expression::Kind;

bool is_literal_key(const TableField& field) {
    return field.key && field.key->kind == Kind::kString;
}

std::string listed(const std::vector<std::string>& names) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        out += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
    }
    return out;
}

std::vector<std::string> keys_of(const Json& object) {
    std::vector<std::string> names;
    for (const auto& item : object.items()) {
        names.push_back(item.key());
    }
    return names;
}

// False when any other field may stand in an object of this schema, so nothing can be unknown.
bool names_all_fields(const Json& schema) {
    const Json* properties = find(schema, "properties");
    if (properties == nullptr || !properties->is_object()) {
        return false;
    }
    for (const char* word : {"patternProperties", "anyOf", "oneOf", "allOf", "$ref"}) {
        if (find(schema, word) != nullptr) {
            return false;
        }
    }
    const Json* additional = find(schema, "additionalProperties");
    return additional == nullptr || (additional->is_boolean() && !additional->get<bool>());
}

// The JSON types that a literal can be; empty when only a run can tell.
std::vector<std::string> types_of(const Expression& value) {
    switch (value.kind) {
        case Kind::kString:
            return {"string"};
        case Kind::kTrue:
        case Kind::kFalse:
            return {"boolean"};
        case Kind::kNumber:
            return value.text.find_first_of(".eEpP") == std::string::npos ||
                           value.text.starts_with("0x")
                       ? std::vector<std::string>{"integer", "number"}
                       : std::vector<std::string>{"number"};
        case Kind::kTable:
            if (value.fields.empty()) {
                return {"object", "array"};
            }
            return {value.fields[0].key ? "object" : "array"};
        case Kind::kFunction:
            return {"function"};
        case Kind::kNil:
        case Kind::kVararg:
        case Kind::kName:
        case Kind::kIndex:
        case Kind::kCall:
        case Kind::kMethodCall:
        case Kind::kBinary:
        case Kind::kUnary:
        case Kind::kParenthesis:
            break;
    }
    return {};
}

std::vector<std::string> types_of(const Json& schema) {
    const Json* type = find(schema, "type");
    std::vector<std::string> names;
    if (type != nullptr && type->is_string()) {
        names.push_back(type->get<std::string>());
    } else if (type != nullptr && type->is_array()) {
        for (const Json& one : *type) {
            if (one.is_string()) {
                names.push_back(one.get<std::string>());
            }
        }
    }
    return names;
}

void check_type(
    const Expression& value, const Json& schema, const std::string& field, const TableCheck& check
) {
    const std::vector<std::string> is = types_of(value);
    const std::vector<std::string> wanted = types_of(schema);
    if (is.empty() || wanted.empty() || std::ranges::find_first_of(is, wanted) != is.end()) {
        return;
    }
    check.findings.add(
        check.file,
        value.at,
        {.code = "wrong-type",
         .message = check.what + ": " + field + " must be " + listed(wanted) + ", not " + is[0],
         .suggestion = ""}
    );
}

void check_enumeration(
    const Expression& value, const Json& schema, const std::string& field, const TableCheck& check
) {
    const Json* allowed = find(schema, "enum");
    if (value.kind != Kind::kString || allowed == nullptr || !allowed->is_array()) {
        return;
    }
    std::vector<std::string> names;
    for (const Json& one : *allowed) {
        if (one.is_string()) {
            names.push_back(one.get<std::string>());
        }
    }
    if (names.empty() || std::ranges::find(names, value.text) != names.end()) {
        return;
    }
    check.findings.add(
        check.file,
        value.at,
        {.code = "wrong-value",
         .message = check.what + ": " + field + " is one of " + listed(names) + ", not '" +
                    value.text + "'",
         .suggestion = nearest_name(value.text, names)}
    );
}

void check_unknown(const TableField& field, const Json& schema, const TableCheck& check) {
    const std::string& name = field.key->text;
    if (std::ranges::find(check.extra, name) != check.extra.end() || !names_all_fields(schema)) {
        return;
    }
    std::vector<std::string> known = keys_of(*find(schema, "properties"));
    known.insert(known.end(), check.extra.begin(), check.extra.end());
    check.findings.add(
        check.file,
        field.at,
        {.code = "unknown-field",
         .message = check.what + " has no field '" + name + "'; it has " + listed(known),
         .suggestion = nearest_name(name, known)}
    );
}

void check_value(
    const Expression& value, const Json& schema, const std::string& field, const TableCheck& check
) {
    check_type(value, schema, field, check);
    check_enumeration(value, schema, field, check);
    if (value.kind != Kind::kTable) {
        return;
    }
    const TableCheck inner{check.file, check.findings, check.what + ": " + field, {}};
    const Json* items = find(schema, "items");
    if (items == nullptr || !items->is_object()) {
        check_table(value, schema, inner);
        return;
    }
    for (const TableField& item : value.fields) {
        if (!item.key) {
            check_value(*item.value, *items, field, check);
        }
    }
}

void check_missing(const Expression& table, const Json& schema, const TableCheck& check) {
    const Json* required = find(schema, "required");
    const bool all_literal = std::ranges::all_of(table.fields, is_literal_key);
    if (required == nullptr || !required->is_array() || !all_literal) {
        return;
    }
    const std::vector<std::string> present = literal_keys(table);
    for (const Json& one : *required) {
        if (!one.is_string()) {
            continue;
        }
        const std::string name = one.get<std::string>();
        if (std::ranges::find(present, name) == present.end()) {
            check.findings.add(
                check.file,
                table.at,
                {.code = "missing-field",
                 .message = check.what + " needs the field '" + name + "'",
                 .suggestion = name + " = ..."}
            );
        }
    }
}

}  // namespace

std::vector<std::string> literal_keys(const Expression& table) {
    std::vector<std::string> names;
    for (const TableField& field : table.fields) {
        if (is_literal_key(field)) {
            names.push_back(field.key->text);
        }
    }
    return names;
}

const Expression* field_value(const Expression& table, std::string_view key) {
    for (const TableField& field : table.fields) {
        if (is_literal_key(field) && field.key->text == key) {
            return field.value.get();
        }
    }
    return nullptr;
}

void check_table(const Expression& table, const Json& schema, const TableCheck& check) {
    if (!schema.is_object()) {
        return;
    }
    const Json* properties = find(schema, "properties");
    for (const TableField& field : table.fields) {
        if (!is_literal_key(field)) {
            continue;
        }
        const Json* property = properties != nullptr ? find(*properties, field.key->text) : nullptr;
        if (property == nullptr) {
            check_unknown(field, schema, check);
        } else {
            check_value(*field.value, *property, field.key->text, check);
        }
    }
    check_missing(table, schema, check);
}

}  // namespace tideway::script::analysis
