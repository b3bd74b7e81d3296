#include "engine/model/manual_inputs.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/limits.h"

namespace tideway::model {
namespace {

constexpr std::array<std::string_view, 8> kTypes{
    "text", "number", "yes_no", "date", "email", "choice", "choices", "file"};
constexpr std::array<std::string_view, 7> kFields{
    "name", "type", "title", "description", "required", "default", "choices"};

std::string listed(std::span<const std::string_view> names) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        out += i == 0 ? "" : i + 1 == names.size() ? " and " : ", ";
        out += names[i];
    }
    return out;
}

std::optional<InputType> parse_type(std::string_view word) {
    const auto* const found = std::ranges::find(kTypes, word);
    return found == kTypes.end() ? std::nullopt
                                 : std::optional(static_cast<InputType>(found - kTypes.begin()));
}

bool has_choices(InputType type) {
    return type == InputType::kChoice || type == InputType::kChoices;
}

// What Lua and JSON both can write as a field.
bool is_field_name(std::string_view text) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    return !text.empty() && text.size() <= limits::kInputNameBytesMax && is_letter(text.front()) &&
           std::ranges::all_of(text, [is_letter](char c) {
               return is_letter(c) || (c >= '0' && c <= '9');
           });
}

Json file_schema() {
    return {
        {"type", "object"},
        {"required", {"name", "content"}},
        {"properties",
         {{"name", {{"type", "string"}, {"minLength", 1}}},
          {"content", {{"type", "string"}, {"contentEncoding", "base64"}}},
          {"content_type", {{"type", "string"}}}}},
        {"additionalProperties", false}};
}

Json value_schema(const ManualInput& input) {
    switch (input.type) {
        case InputType::kText: {
            Json out = {{"type", "string"}};
            if (input.is_required) {
                out["minLength"] = 1;
            }
            return out;
        }
        case InputType::kNumber:
            return {{"type", "number"}};
        case InputType::kYesNo:
            return {{"type", "boolean"}};
        case InputType::kDate:
            return {{"type", "string"}, {"format", "date"}};
        case InputType::kEmail:
            return {{"type", "string"}, {"format", "email"}};
        case InputType::kChoice:
            return {{"type", "string"}, {"enum", input.choices}};
        case InputType::kChoices:
            return {
                {"type", "array"},
                {"items", {{"type", "string"}, {"enum", input.choices}}},
                {"uniqueItems", true},
                {"minItems", input.is_required ? 1 : 0}};
        case InputType::kFile:
            return file_schema();
    }
    return Json::object();
}

// One input of the declaration, field by field.
class InputReader {
  public:
    InputReader(const Json& declared, std::size_t index, std::vector<InputProblem>& problems)
        : declared_(declared),
          index_(index),
          problems_(problems) {}

    // Nothing when something is wrong.
    std::optional<ManualInput> read() {
        const std::size_t before = problems_.size();
        if (!declared_.is_object() || declared_.empty()) {
            add("", "an input is a table: { name = \"amount\", type = \"number\" }");
            return std::nullopt;
        }
        check_fields();
        read_name();
        read_type();
        read_texts();
        read_choices();
        read_default();
        return problems_.size() == before ? std::optional(std::move(input_)) : std::nullopt;
    }

  private:
    void add(std::string field, std::string message) {
        problems_.push_back({index_, std::move(field), std::move(message)});
    }

    std::string of_input() const {
        return " of '" +
               (input_.name.empty() ? "input " + std::to_string(index_ + 1) : input_.name) + "'";
    }

    void check_fields() {
        for (const auto& [key, value] : declared_.items()) {
            if (std::ranges::find(kFields, key) == kFields.end()) {
                add(key, "an input has no field '" + key + "'; it has " + listed(kFields));
            }
        }
    }

    void read_name() {
        input_.name = string_or(declared_, "name");
        if (!is_field_name(input_.name)) {
            add("name",
                "an input needs a name of letters, digits and _, at most " +
                    std::to_string(limits::kInputNameBytesMax) + " long");
            input_.name.clear();
        }
    }

    void read_type() {
        const Json* type = find(declared_, "type");
        const std::string word = string_or(declared_, "type");
        const auto known = parse_type(word);
        if (known) {
            input_.type = *known;
            return;
        }
        is_typed_ = false;
        add("type",
            "the type" + of_input() + " is one of " + listed(kTypes) + ", not " +
                (type == nullptr ? std::string("absent") : dump(*type)));
    }

    void read_text(const char* field, std::string& out) {
        const Json* value = find(declared_, field);
        if (value == nullptr) {
            return;
        }
        if (!value->is_string()) {
            add(field, "the " + std::string(field) + of_input() + " must be text");
            return;
        }
        out = value->get<std::string>();
    }

    void read_texts() {
        input_.title = input_.name;
        read_text("title", input_.title);
        read_text("description", input_.description);
        const Json* required = find(declared_, "required");
        if (required == nullptr) {
            return;
        }
        if (!required->is_boolean()) {
            add("required", "required" + of_input() + " must be true or false");
            return;
        }
        input_.is_required = required->get<bool>();
    }

    void read_choices() {
        const Json* choices = find(declared_, "choices");
        if (!is_typed_ || (choices == nullptr && !has_choices(input_.type))) {
            return;
        }
        if (!has_choices(input_.type)) {
            add("choices",
                "choices are of the types choice and choices; '" + input_.name + "' has the type " +
                    std::string(to_string(input_.type)));
            return;
        }
        std::set<std::string> seen;
        bool is_right = choices != nullptr && choices->is_array() && !choices->empty() &&
                        choices->size() <= limits::kInputChoicesMax;
        for (std::size_t i = 0; is_right && i < choices->size(); ++i) {
            const Json& choice = (*choices)[i];
            is_right = choice.is_string() && !choice.get<std::string>().empty() &&
                       seen.insert(choice.get<std::string>()).second;
            if (is_right) {
                input_.choices.push_back(choice.get<std::string>());
            }
        }
        if (!is_right) {
            is_typed_ = false;
            add("choices",
                "the choices" + of_input() + " must be a list of 1 to " +
                    std::to_string(limits::kInputChoicesMax) + " different texts");
        }
    }

    void read_default() {
        const Json* fallback = find(declared_, "default");
        if (fallback == nullptr || fallback->is_null() || !is_typed_) {
            return;
        }
        if (input_.type == InputType::kFile) {
            add("default", "a file has no default");
            return;
        }
        Json value = *fallback;
        // An empty table of Lua is an empty object.
        if (input_.type == InputType::kChoices && value.is_object() && value.empty()) {
            value = Json::array();
        }
        const Json schema = {{"properties", {{"default", value_schema(input_)}}}};
        for (const std::string& problem : schema_problems(schema, {{"default", value}})) {
            add("default",
                "the default" + of_input() + ": " + problem.substr(problem.find(' ') + 1));
        }
        input_.fallback = std::move(value);
    }

    const Json& declared_;
    std::size_t index_;
    std::vector<InputProblem>& problems_;
    ManualInput input_;
    bool is_typed_ = true;  // so its choices and its default can be looked at
};

// A person leaves a field out, a form sends null for it.
Json without_nulls(const Json& given) {
    Json out = Json::object();
    for (const auto& [name, value] : given.items()) {
        if (!value.is_null()) {
            out[name] = value;
        }
    }
    return out;
}

void check_files(
    std::span<const ManualInput> inputs, const Json& given, std::vector<std::string>& problems
) {
    for (const ManualInput& input : inputs) {
        const Json* file = find(given, input.name);
        const Json* content = file == nullptr ? nullptr : find(*file, "content");
        if (input.type == InputType::kFile && content != nullptr && content->is_string() &&
            !from_base64(content->get_ref<const std::string&>())) {
            problems.push_back("/" + input.name + "/content must be base64");
        }
    }
}

tl::unexpected<Error> wrong_inputs(
    std::string_view what, const std::vector<std::string>& problems
) {
    std::string message = std::string(what) + " is not right: ";
    for (const std::string& problem : problems) {
        message += (&problem == problems.data() ? "" : "; ") + problem;
    }
    Error error;
    error.kind = ErrorKind::kInvalidInput;
    error.code = "TriggerInputSchemaMismatch";
    error.message = std::move(message) + ".";
    error.details = dump(Json{{"problems", problems}});
    return fail(std::move(error));
}

tl::unexpected<Error> wrong_text(
    const ManualInput& input, std::string_view text, std::string_view wanted
) {
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidArgument",
        "The input " + input.name + " is '" + std::string(text) + "'.",
        "Write " + std::string(wanted) + "."
    );
}

}  // namespace

std::string_view to_string(InputType type) {
    return kTypes[static_cast<std::size_t>(type)];
}

std::span<const std::string_view> input_type_names() {
    return kTypes;
}

std::span<const std::string_view> manual_input_fields() {
    return kFields;
}

DeclaredInputs read_inputs(const Json& declared) {
    DeclaredInputs out;
    // An empty table of Lua is an empty object.
    if (declared.is_object() && declared.empty()) {
        return out;
    }
    if (!declared.is_array()) {
        out.problems.push_back(
            {0,
             "",
             "inputs is a list of tables: inputs = { { name = \"amount\", type = \"number\" } }"}
        );
        return out;
    }
    if (declared.size() > limits::kInputsMax) {
        out.problems.push_back(
            {limits::kInputsMax,
             "",
             "a flow has at most " + std::to_string(limits::kInputsMax) + " inputs"}
        );
        return out;
    }
    std::set<std::string> names;
    for (std::size_t i = 0; i < declared.size(); ++i) {
        auto input = InputReader(declared[i], i, out.problems).read();
        const std::string name = string_or(declared[i], "name");
        if (!name.empty() && !names.insert(name).second) {
            out.problems.push_back({i, "name", "there are two inputs with the name '" + name + "'"}
            );
        } else if (input) {
            out.inputs.push_back(std::move(*input));
        }
    }
    return out;
}

Result<std::vector<ManualInput>> parse_inputs(const Json& declared) {
    DeclaredInputs read = read_inputs(declared);
    if (read.problems.empty()) {
        return std::move(read.inputs);
    }
    std::string message = "The inputs of trigger.manual are not right: ";
    for (const InputProblem& problem : read.problems) {
        message += (&problem == read.problems.data() ? "" : "; ") + problem.message;
    }
    return fail(ErrorKind::kInvalidInput, "InvalidFlowSetting", message + ".");
}

Json inputs_schema(std::span<const ManualInput> inputs) {
    Json out = {
        {"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
    for (const ManualInput& input : inputs) {
        Json property = value_schema(input);
        property["title"] = input.title;
        property["x-input"] = to_string(input.type);
        if (!input.description.empty()) {
            property["description"] = input.description;
        }
        if (!input.fallback.is_null()) {
            property["default"] = input.fallback;
        }
        out["properties"][input.name] = std::move(property);
        if (input.is_required && input.fallback.is_null()) {
            out["required"].push_back(input.name);
        }
    }
    return out;
}

Json inputs_list(std::span<const ManualInput> inputs) {
    Json out = Json::array();
    for (const ManualInput& input : inputs) {
        Json item = {
            {"name", input.name},
            {"type", to_string(input.type)},
            {"title", input.title},
            {"required", input.is_required}};
        if (!input.description.empty()) {
            item["description"] = input.description;
        }
        if (!input.fallback.is_null()) {
            item["default"] = input.fallback;
        }
        if (has_choices(input.type)) {
            item["choices"] = input.choices;
        }
        out.push_back(std::move(item));
    }
    return out;
}

Result<Json> take_inputs(
    std::span<const ManualInput> inputs, const Json& given, std::string_view what, Quoting quoting
) {
    if (!given.is_object() && !given.is_null()) {
        return wrong_inputs(what, {"it must be an object with a field for each input"});
    }
    Json taken = without_nulls(given);
    const Json schema = inputs_schema(inputs);
    std::vector<std::string> problems = schema_problems(schema, taken, quoting);
    check_files(inputs, taken, problems);
    if (!problems.empty()) {
        return wrong_inputs(what, problems);
    }
    return with_defaults(schema, std::move(taken));
}

Result<Json> input_from_text(const ManualInput& input, std::string_view text) {
    if (input.type == InputType::kNumber) {
        const auto number = parse_json(text, "number");
        return number && number->is_number() ? Result<Json>(*number)
                                             : wrong_text(input, text, "a number such as 12.5");
    }
    if (input.type == InputType::kYesNo) {
        if (text == "yes" || text == "true") {
            return Json(true);
        }
        return text == "no" || text == "false" ? Result<Json>(Json(false))
                                               : wrong_text(input, text, "yes or no");
    }
    return Json(std::string(text));
}

Json file_input(std::string_view name, std::string_view bytes) {
    return {{"name", std::string(name)}, {"content", to_base64(bytes)}};
}

}  // namespace tideway::model
