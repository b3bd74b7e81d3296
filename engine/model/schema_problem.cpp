#include "engine/model/schema_problem.h"

#include <utility>

namespace tideway::model {

std::string SchemaProblem::text() const {
    return (at.empty() ? "the value" : at.to_string()) + " " + what;
}

std::vector<std::string> schema_problems(const Json& schema, const Json& value, Quoting quoting) {
    std::vector<std::string> out;
    for (const SchemaProblem& problem : find_schema_problems(schema, value, quoting)) {
        out.push_back(problem.text());
    }
    return out;
}

tideway::Status validate(
    const Json& schema, const Json& value, std::string_view what, Quoting quoting
) {
    const std::vector<std::string> problems = schema_problems(schema, value, quoting);
    if (problems.empty()) {
        return {};
    }
    Error error;
    error.kind = ErrorKind::kInvalidInput;
    error.code = "TriggerInputSchemaMismatch";
    error.message = std::string(what) + " does not fit its schema: ";
    for (const std::string& problem : problems) {
        error.message += (&problem == problems.data() ? "" : "; ") + problem;
    }
    error.message += ".";
    error.details = dump(Json{{"problems", problems}});
    return fail(std::move(error));
}

Json with_defaults(const Json& schema, Json value) {
    const Json* properties = find(schema, "properties");
    if (properties == nullptr || !properties->is_object() || !value.is_object()) {
        return value;
    }
    for (const auto& [name, property] : properties->items()) {
        if (const auto member = value.find(name); member != value.end()) {
            *member = with_defaults(property, std::move(*member));
        } else if (const Json* fallback = find(property, "default"); fallback != nullptr) {
            value[name] = *fallback;
        }
    }
    return value;
}

}  // namespace tideway::model
