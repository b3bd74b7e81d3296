#include "connectors/salesforce/sandbox_writer.h"

#include <algorithm>
#include <charconv>

#include "connectors/salesforce/records.h"
#include "connectors/salesforce/soql.h"

namespace tideway::connectors::salesforce::sandbox {
namespace {

tl::unexpected<Refusal> no_right(const char* what, const Object& object) {
    return refuse(
        403,
        "INSUFFICIENT_ACCESS",
        std::string("insufficient access rights on object id: no ") + what + " on " + object.name
    );
}

tl::unexpected<Refusal> wrong_type(const Field& field) {
    return refuse(
        400,
        "JSON_PARSER_ERROR",
        "Cannot deserialize instance of " + field.type + " from the value of " + field.name,
        {field.name}
    );
}

std::size_t characters_in(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

Outcome<Json> checked_text(const Field& field, const Json& value) {
    if (value.is_structured()) {
        return wrong_type(field);
    }
    const std::string text = value.is_string() ? value.get<std::string>() : dump(value);
    if (field.length > 0 && characters_in(text) > static_cast<std::size_t>(field.length)) {
        return refuse(
            400,
            "STRING_TOO_LONG",
            field.label + ": data value too large: " + text.substr(0, 100) +
                " (max length=" + std::to_string(field.length) + ")",
            {field.name}
        );
    }
    const bool is_known =
        !field.is_restricted || std::ranges::find(field.values, text) != field.values.end();
    if (!is_known) {
        return refuse(
            400,
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            field.label + ": bad value for restricted picklist field: " + text,
            {field.name}
        );
    }
    return text.empty() ? Json() : Json(text);  // Salesforce keeps no empty text
}

Outcome<Json> checked_number(const Field& field, const Json& value) {
    if (value.is_number()) {
        return value;
    }
    const std::string text = value.is_string() ? value.get<std::string>() : std::string();
    double number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, number);
    if (problem != std::errc() || stop != end) {
        return wrong_type(field);
    }
    return Json(number);
}

Outcome<Json> checked_time(const Field& field, const Json& value) {
    const auto at = value.is_string() ? parse_utc(value.get<std::string>()) : std::nullopt;
    if (!at) {
        return wrong_type(field);
    }
    return field.type == "date" ? Json(format_utc(*at).substr(0, 10)) : Json(wire_time(*at));
}

Outcome<Json> checked_truth(const Field& field, const Json& value) {
    if (value.is_boolean()) {
        return value;
    }
    if (value == Json("true") || value == Json("false")) {
        return Json(value == Json("true"));
    }
    return wrong_type(field);
}

}  // namespace

Outcome<std::string> Writer::parent_of(const Field& reference, const Json& by) const {
    const Object* parent = store_.schema().object(reference.refers_to);
    for (const auto& [name, value] : by.items()) {
        const Field* field = parent == nullptr ? nullptr : parent->field(name);
        if (field == nullptr || !field->is_external_id || !value.is_string()) {
            continue;
        }
        const auto ids = find_external(*parent, *field, value.get<std::string>());
        if (ids.size() == 1) {
            return ids.front();
        }
    }
    return refuse(
        400,
        "INVALID_FIELD",
        "Foreign key external ID not found for field " + reference.relationship,
        {reference.relationship}
    );
}

Outcome<Json> Writer::checked_reference(const Field& field, const Json& value) const {
    const std::string id = value.is_string() ? value.get<std::string>() : std::string();
    if (!is_record_id(id)) {
        return refuse(
            400, "MALFORMED_ID", field.label + ": id value of incorrect type: " + id, {field.name}
        );
    }
    const Object* object = store_.schema().object(field.refers_to);
    const Json* target = object == nullptr ? nullptr : store_.find_record(*object, id);
    if (target == nullptr || bool_or(*target, "IsDeleted", false)) {
        return refuse(
            400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", {field.name}
        );
    }
    return Json(string_or(*target, "Id"));
}

Outcome<Json> Writer::checked_value(const Field& field, const Json& value) const {
    if (value.is_null() || value == Json("")) {
        return field.type == "boolean" ? wrong_type(field) : Outcome<Json>(Json());
    }
    if (field.type == "reference") {
        return checked_reference(field, value);
    }
    if (field.type == "boolean") {
        return checked_truth(field, value);
    }
    if (field.type == "date" || field.type == "datetime") {
        return checked_time(field, value);
    }
    const bool is_text = field.type == "string" || field.type == "textarea" ||
                         field.type == "picklist" || field.type == "url" || field.type == "email" ||
                         field.type == "phone";
    return is_text ? checked_text(field, value) : checked_number(field, value);
}

Outcome<Json> Writer::checked(const Object& object, const Json& body, Verb verb) const {
    if (!body.is_object()) {
        return refuse(400, "JSON_PARSER_ERROR", "The body is not a JSON object.");
    }
    Json out = Json::object();
    for (const auto& [key, value] : body.items()) {
        if (key == "attributes") {
            continue;
        }
        if (const Field* reference = value.is_object() ? object.reference(key) : nullptr) {
            const auto parent = parent_of(*reference, value);
            if (!parent) {
                return tl::unexpected<Refusal>(parent.error());
            }
            out[reference->name] = *parent;
            continue;
        }
        const Field* field = object.field(key);
        if (field == nullptr) {
            return refuse(
                400,
                "INVALID_FIELD",
                "No such column '" + key + "' on sobject of type " + object.name,
                {key}
            );
        }
        const bool may_write = field->access == Access::kWritable ||
                               (field->access == Access::kOnCreate && verb == Verb::kCreate);
        if (!may_write) {
            return refuse(
                400,
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                "Unable to create/update fields: " + field->name +
                    ". Please check the security settings of this field and verify that it is "
                    "read/write for your profile or permission set.",
                {field->name}
            );
        }
        auto good = checked_value(*field, value);
        if (!good) {
            return good;
        }
        out[field->name] = std::move(*good);
    }
    return out;
}

Outcome<bool> Writer::check_unique(
    const Object& object, const Json& fields, std::string_view own_id
) const {
    for (const Field& field : object.fields) {
        const std::string value = string_or(fields, field.name);
        if (!field.is_unique || value.empty()) {
            continue;
        }
        for (const std::string& id : find_external(object, field, value)) {
            if (id != own_id) {
                return refuse(
                    400,
                    "DUPLICATE_VALUE",
                    "duplicate value found: " + field.name +
                        " duplicates value on record with id: " + id,
                    {field.name}
                );
            }
        }
    }
    return true;
}

Outcome<std::string> Writer::create(const Object& object, const Json& body, const Caller& caller) {
    if (!caller.may("Create", object)) {
        return no_right("Create", object);
    }
    auto fields = checked(object, body, Verb::kCreate);
    if (!fields) {
        return tl::unexpected<Refusal>(fields.error());
    }
    std::vector<std::string> missing;
    for (const Field& field : object.fields) {
        const Json* given = find(*fields, field.name);
        if (field.is_required && (given == nullptr || given->is_null())) {
            missing.push_back(field.name);
        }
    }
    if (!missing.empty()) {
        return refuse(
            400,
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [" + listed(missing) + "]",
            missing
        );
    }
    if (const auto unique = check_unique(object, *fields, ""); !unique) {
        return tl::unexpected<Refusal>(unique.error());
    }
    return store_.insert(object, std::move(*fields), caller.user_id);
}

Outcome<std::string> Writer::update(
    const Object& object, const std::string& id, const Json& body, const Caller& caller
) {
    const Json* record = store_.find_record(object, id);
    if (record == nullptr) {
        return refuse(404, "NOT_FOUND", "The requested resource does not exist");
    }
    if (bool_or(*record, "IsDeleted", false)) {
        return refuse(404, "ENTITY_IS_DELETED", "entity is deleted");
    }
    if (!caller.may("Edit", object)) {
        return no_right("Edit", object);
    }
    const auto fields = checked(object, body, Verb::kUpdate);
    if (!fields) {
        return tl::unexpected<Refusal>(fields.error());
    }
    const std::string full = string_or(*record, "Id");
    for (const Field& field : object.fields) {
        const Json* given = find(*fields, field.name);
        if (field.is_required && given != nullptr && given->is_null()) {
            return refuse(
                400,
                "REQUIRED_FIELD_MISSING",
                "Required fields are missing: [" + field.name + "]",
                {field.name}
            );
        }
    }
    if (const auto unique = check_unique(object, *fields, full); !unique) {
        return tl::unexpected<Refusal>(unique.error());
    }
    store_.update(object, full, *fields, caller.user_id);
    return full;
}

Outcome<std::string> Writer::remove(
    const Object& object, const std::string& id, const Caller& caller
) {
    const Json* record = store_.find_record(object, id);
    if (record == nullptr) {
        return refuse(404, "NOT_FOUND", "The requested resource does not exist");
    }
    if (bool_or(*record, "IsDeleted", false)) {
        return refuse(404, "ENTITY_IS_DELETED", "entity is deleted");
    }
    if (!caller.may("Delete", object)) {
        return no_right("Delete", object);
    }
    const std::string full = string_or(*record, "Id");
    store_.remove(object, full, caller.user_id);
    return full;
}

std::vector<std::string> Writer::find_external(
    const Object& object, const Field& field, std::string_view value
) const {
    std::vector<std::string> out;
    for (const auto& [id, record] : store_.records(object)) {
        const std::string held = string_or(record, field.name);
        if (!bool_or(record, "IsDeleted", false) && !held.empty() && same_name(held, value)) {
            out.push_back(id);
        }
    }
    return out;
}

Outcome<Writer::Upserted> Writer::upsert(
    const Object& object,
    const Field& field,
    const std::string& value,
    const Json& body,
    const Caller& caller
) {
    Json fields = body;
    for (const char* forbidden : {"Id", "id"}) {
        if (find(fields, forbidden) != nullptr) {
            return refuse(
                400,
                "INVALID_FIELD",
                "The Id field should not be specified in the sobject data.",
                {forbidden}
            );
        }
    }
    const auto ids = find_external(object, field, value);
    if (ids.size() > 1) {
        return refuse(300, "MULTIPLE_CHOICES", listed(ids));
    }
    if (ids.size() == 1) {
        auto updated = update(object, ids.front(), fields, caller);
        return updated ? Outcome<Upserted>(Upserted{*updated, false})
                       : tl::unexpected<Refusal>(updated.error());
    }
    fields[field.name] = value;
    auto created = create(object, fields, caller);
    return created ? Outcome<Upserted>(Upserted{*created, true})
                   : tl::unexpected<Refusal>(created.error());
}

}  // namespace tideway::connectors::salesforce::sandbox
