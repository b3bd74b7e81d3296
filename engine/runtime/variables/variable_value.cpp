#include "engine/runtime/variables/variable_value.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tideway::runtime {

namespace {

struct Type {
    std::string_view name;
    bool (*holds)(const Json& value);
    std::string_view example;
};

constexpr std::array<Type, 5> kTypes = {{
    {"String", [](const Json& value) { return value.is_string(); }, "a text"},
    {"Number", [](const Json& value) { return value.is_number(); }, "a number, such as 12.5"},
    {"Yes/No", [](const Json& value) { return value.is_boolean(); }, "Yes or No"},
    {"JSON",
     [](const Json& value) { return !value.is_null(); },
     "JSON, such as {\"days\": [1, 2]}"},
    {kSecretVariable,
     [](const Json& value) {
         return value.is_string() && !value.get_ref<const std::string&>().empty();
     },
     "a text that is not empty"},
}};

const Type* find_type(std::string_view name) {
    const auto* const found = std::ranges::find(kTypes, name, &Type::name);
    return found == kTypes.end() ? nullptr : found;
}

tl::unexpected<Error> not_of_type(
    const std::string& name, const Type& type, const std::string& given
) {
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidVariable",
        "The variable '" + name + "' is of type " + std::string(type.name) +
            (type.name == kSecretVariable ? std::string("; what was given is not.")
                                          : "; " + given + " is not."),
        "Give it " + std::string(type.example) + "."
    );
}

bool is_one_of(const std::string& text, std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, text) != words.end();
}

}  // namespace

bool is_variable_type(std::string_view type) {
    return find_type(type) != nullptr;
}

std::string variable_types() {
    std::string out;
    for (const Type& type : kTypes) {
        out += (out.empty() ? "" : ", ") + std::string(type.name);
    }
    return out;
}

Status check_variable(const std::string& name, std::string_view type, const Json& value) {
    const Type* known = find_type(type);
    if (known == nullptr || known->holds(value)) {
        return {};
    }
    return not_of_type(name, *known, dump(value));
}

Result<Json> read_variable(
    const std::string& name, std::string_view type, const std::string& text
) {
    if (type == "String" || type == kSecretVariable) {
        return Json(text);
    }
    if (type == "Yes/No" && is_one_of(text, {"Yes", "yes"})) {
        return Json(true);
    }
    if (type == "Yes/No" && is_one_of(text, {"No", "no"})) {
        return Json(false);
    }
    auto parsed = parse_json(text, name);
    const Type* known = find_type(type);
    if (!parsed && known != nullptr) {
        return not_of_type(name, *known, "'" + text + "'");
    }
    return parsed;
}

}  // namespace tideway::runtime
