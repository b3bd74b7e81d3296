// The Tooling API of the sandbox: its queries, and custom fields, made and looked at. A new field
// is seen by nobody until a permission set shows it.
#include <array>
#include <regex>

#include "connectors/salesforce/records.h"
#include "connectors/salesforce/sandbox_rest.h"
#include "engine/http/url.h"

namespace tideway::connectors::salesforce::sandbox {
namespace {

struct Type {
    const char* metadata;  // of a CustomField
    const char* described;
};

constexpr std::array kTypes{
    Type{"Text", "string"},
    Type{"Url", "url"},
    Type{"LongTextArea", "textarea"},
    Type{"Checkbox", "boolean"},
    Type{"Picklist", "picklist"},
    Type{"Number", "double"},
    Type{"Currency", "currency"},
    Type{"Date", "date"},
    Type{"DateTime", "datetime"},
};

std::vector<std::string> values_of(const Json& metadata) {
    std::vector<std::string> out;
    const Json set = metadata.value("valueSet", Json::object());
    const Json definition = set.value("valueSetDefinition", Json::object());
    for (const Json& value : definition.value("value", Json::array())) {
        out.push_back(string_or(value, "fullName"));
    }
    return out;
}

const char* metadata_type(const Field& field) {
    for (const Type& type : kTypes) {
        if (field.type == type.described) {
            return type.metadata;
        }
    }
    return "Text";
}

// "Opportunity.Audit__c" as an id of a CustomField: its place among all fields.
std::string field_id(const Schema& schema, const Object& object, const Field& field) {
    std::size_t place = 0;
    for (const Object& each : schema.objects()) {
        if (&each == &object) {
            break;
        }
        place += 1000;
    }
    place += static_cast<std::size_t>(&field - object.fields.data());
    const std::string digits = std::to_string(place);
    return full_id("00NTw" + std::string(10 - digits.size(), '0') + digits);
}

}  // namespace

std::optional<Field> custom_field(const std::string& name, const Json& metadata) {
    Field field;
    field.name = name;
    field.label = string_or(metadata, "label");
    for (const Type& type : kTypes) {
        if (string_or(metadata, "type") == type.metadata) {
            field.type = type.described;
        }
    }
    if (field.type.empty() || field.label.empty()) {
        return std::nullopt;
    }
    field.length = static_cast<int>(int_or(metadata, "length", field.type == "url" ? 255 : 0));
    field.is_external_id = bool_or(metadata, "externalId", false);
    field.is_unique = bool_or(metadata, "unique", false);
    field.values = values_of(metadata);
    field.is_hidden = true;
    if (field.type == "boolean") {
        field.fallback = false;
    }
    return field;
}

Outcome<http::Response> RestApi::route_tooling(
    const ApiRequest& request, const Segments& segments
) {
    if (request.caller.denied.contains("Customize Application")) {
        return refuse(
            403,
            "INSUFFICIENT_ACCESS",
            "You do not have the level of access necessary to perform "
            "the operation you requested."
        );
    }
    if (segments.size() == 2 && segments[1] == "query" && request.method == "GET") {
        return tooling_query(request);
    }
    const bool is_kind = segments.size() == 3 && segments[1] == "sobjects";
    const bool is_one = segments.size() == 4 && segments[1] == "sobjects";
    if (is_kind && segments[2] == "CustomField" && request.method == "POST") {
        return make_field(request);
    }
    if (is_one && segments[2] == "CustomField" && request.method == "GET") {
        return show_field(segments[3]);
    }
    if (is_one && segments[2] == "Layout" && request.method == "GET") {
        return show_layout(segments[3]);
    }
    if (is_one && segments[2] == "Layout" && request.method == "PATCH") {
        return change_layout(request, segments[3]);
    }
    return refuse(404, "NOT_FOUND", "The requested resource does not exist");
}

// The queries that clients need: a field by its object and developer name, the layouts of an
// object.
Outcome<http::Response> RestApi::tooling_query(const ApiRequest& request) const {
    static const std::regex kField(
        R"(SELECT Id FROM CustomField WHERE TableEnumOrId = '(\w+)' AND DeveloperName = '(\w+)')"
    );
    static const std::regex kLayouts(R"(SELECT Id, Name FROM Layout WHERE TableEnumOrId = '(\w+)')"
    );
    const std::string soql = http::query_value(request.query, "q");
    std::smatch match;
    if (std::regex_match(soql, match, kField)) {
        return find_field(match[1].str(), match[2].str());
    }
    if (std::regex_match(soql, match, kLayouts)) {
        return find_layouts(match[1].str());
    }
    return refuse(400, "MALFORMED_QUERY", "The sandbox's Tooling API does not know: " + soql);
}

Outcome<http::Response> RestApi::make_field(const ApiRequest& request) {
    const auto body = parse_json(request.body, "the body");
    const std::string full = body && body->is_object() ? string_or(*body, "FullName") : "";
    const std::size_t dot = full.find('.');
    const Object* object = store_.schema().object(full.substr(0, dot));
    const std::string name = dot == std::string::npos ? "" : full.substr(dot + 1);
    if (object == nullptr || !name.ends_with("__c")) {
        return refuse(
            400, "FIELD_INTEGRITY_EXCEPTION", "Invalid fullname, must end in __c: " + full
        );
    }
    auto field = custom_field(name, body->value("Metadata", Json::object()));
    if (!field) {
        return refuse(400, "REQUIRED_FIELD_MISSING", "Must specify a label and a known type.");
    }
    const bool is_text = field->type == "string" || field->type == "textarea";
    if (is_text && field->length <= 0) {
        return refuse(400, "FIELD_INTEGRITY_EXCEPTION", "Must specify 'length' for a CustomField");
    }
    if (object->field(name) != nullptr) {
        return refuse(
            400,
            "DUPLICATE_DEVELOPER_NAME",
            "There is already a field named " + name.substr(0, name.size() - 3) + " on " +
                object->label + "."
        );
    }
    const std::string object_name = object->name;
    customizations_.make(object_name, name, body->value("Metadata", Json::object()));
    object = store_.schema().object(object_name);
    return json_answer(
        201,
        {{"id", field_id(store_.schema(), *object, *object->field(name))},
         {"success", true},
         {"errors", Json::array()},
         {"warnings", Json::array()},
         {"infos", Json::array()}}
    );
}

http::Response RestApi::find_field(const std::string& object_name, const std::string& name) const {
    Json records = Json::array();
    const Object* object = store_.schema().object(object_name);
    const Field* field = object == nullptr ? nullptr : object->field(name + "__c");
    if (field != nullptr) {
        records.push_back({{"Id", field_id(store_.schema(), *object, *field)}});
    }
    return json_answer(200, {{"totalSize", records.size()}, {"done", true}, {"records", records}});
}

Outcome<http::Response> RestApi::show_field(const std::string& id) const {
    for (const Object& object : store_.schema().objects()) {
        for (const Field& field : object.fields) {
            if (field_id(store_.schema(), object, field) == id) {
                return json_answer(
                    200,
                    {{"Id", id},
                     {"FullName", object.name + "." + field.name},
                     {"Metadata",
                      {{"label", field.label},
                       {"type", metadata_type(field)},
                       {"length", field.length},
                       {"externalId", field.is_external_id}}}}
                );
            }
        }
    }
    return refuse(404, "NOT_FOUND", "The requested resource does not exist");
}

}  // namespace tideway::connectors::salesforce::sandbox
