#include "engine/runtime/drafts/muted_effect.h"

#include <string_view>

namespace tideway::runtime {
namespace {

constexpr std::string_view kOfOutput = "output:";
constexpr const char* kNoVersion = "muted";

// An answer whose schema does not say what it is may be an object.
bool may_be_object(const Json& schema) {
    const std::string type = string_or(schema, "type", "object");
    return type == "object";
}

void copy_written_fields(const model::OperationSpec& operation, const Json& input, Json& output) {
    if (operation.fields.empty()) {
        return;
    }
    const Json::json_pointer place(operation.fields);
    if (input.contains(place) && input[place].is_object()) {
        output.update(input[place]);
    }
}

void copy_what_both_name(const model::OperationSpec& operation, const Json& input, Json& output) {
    const Json* properties = find(operation.output_schema, "properties");
    if (properties == nullptr || !input.is_object()) {
        return;
    }
    for (const auto& [name, schema] : properties->items()) {
        if (const Json* given = find(input, name)) {
            output[name] = *given;
        }
    }
}

// "output:/id" -> the place in the answer.
void put(std::string_view rule, const std::string& value, Json& output) {
    if (rule.starts_with(kOfOutput)) {
        output[Json::json_pointer(std::string(rule.substr(kOfOutput.size())))] = value;
    }
}

void add_changes(const std::string& place, const Json& after, const Json* before, Json& out) {
    const bool may_be_partly_there = before != nullptr && before->is_object();
    if (after.is_object() && may_be_partly_there) {
        for (const auto& [name, value] : after.items()) {
            add_changes(place + "/" + name, value, find(*before, name), out);
        }
        return;
    }
    if (before != nullptr && *before == after) {
        return;
    }
    Json change = {{"field", place}, {"after", after}};
    if (before != nullptr) {
        change["before"] = *before;
    }
    out.push_back(std::move(change));
}

// As long as the service's own may be: steps that use it are checked by their schema.
std::string stand_in_id(const model::OperationSpec& operation, const Uid& stand_in) {
    const std::string name = operation.record_id.substr(operation.record_id.find('/') + 1);
    const Json* properties = find(operation.output_schema, "properties");
    const Json* schema = properties == nullptr ? nullptr : find(*properties, name);
    const auto most = schema == nullptr ? 0 : int_or(*schema, "maxLength", 0);
    return most == 0 ? stand_in.guid() : stand_in.hex().substr(0, static_cast<std::size_t>(most));
}

}  // namespace

Json muted_changes(const model::OperationSpec& operation, const Json& input, const Json& there) {
    Json out = Json::array();
    const Json::json_pointer place(operation.fields);
    if (input.contains(place)) {
        add_changes("", input[place], &there, out);
    }
    return out;
}

Json muted_output(const model::OperationSpec& operation, const Json& input, const Uid& stand_in) {
    if (!may_be_object(operation.output_schema)) {
        return {};
    }
    Json output = Json::object();
    copy_written_fields(operation, input, output);
    copy_what_both_name(operation, input, output);
    put(operation.record_id, stand_in_id(operation, stand_in), output);
    put(operation.version, kNoVersion, output);
    return output;
}

}  // namespace tideway::runtime
