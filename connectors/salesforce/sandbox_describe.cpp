// describe(): what the sandbox says of its objects.
#include "connectors/salesforce/sandbox_rest.h"

namespace tideway::connectors::salesforce::sandbox {
namespace {

std::string soap_type(const Field& field) {
    if (field.type == "id" || field.type == "reference") {
        return "tns:ID";
    }
    if (field.type == "boolean" || field.type == "int" || field.type == "date") {
        return "xsd:" + field.type;
    }
    if (field.type == "datetime") {
        return "xsd:dateTime";
    }
    const bool is_number =
        field.type == "currency" || field.type == "percent" || field.type == "double";
    return is_number ? "xsd:double" : "xsd:string";
}

Json picklist_values(const Field& field) {
    Json out = Json::array();
    for (const std::string& value : field.values) {
        out.push_back(
            {{"active", true},
             {"defaultValue", field.fallback == Json(value)},
             {"label", value},
             {"validFor", nullptr},
             {"value", value}}
        );
    }
    return out;
}

Json describe_field(const Field& field, const Object& object, const Caller& caller) {
    const auto shown = caller.shown.find(object.name + "." + field.name);
    const bool is_open = !field.is_hidden || (shown != caller.shown.end() && shown->second);
    const bool may_create =
        is_open && caller.may("Create", object) && field.access != Access::kReadOnly;
    const bool may_edit =
        is_open && caller.may("Edit", object) && field.access == Access::kWritable;
    const bool is_long = field.type == "textarea" && field.length > 255;
    Json out = {
        {"name", field.name},
        {"label", field.label},
        {"type", field.type},
        {"soapType", soap_type(field)},
        {"length", field.length},
        {"byteLength", field.length * 3},
        {"nillable", !field.is_required && field.type != "boolean" && field.type != "id"},
        {"createable", may_create},
        {"updateable", may_edit},
        {"defaultedOnCreate", !field.fallback.is_null() || field.name == "OwnerId"},
        {"defaultValue", field.fallback},
        {"calculated", false},
        {"custom", field.is_custom()},
        {"externalId", field.is_external_id},
        {"idLookup", field.is_external_id || field.name == "Id"},
        {"unique", field.is_unique},
        {"filterable", !is_long},
        {"sortable", !is_long},
        {"groupable", !is_long},
        {"restrictedPicklist", field.is_restricted},
        {"picklistValues", picklist_values(field)},
        {"referenceTo", Json::array()},
        {"relationshipName", nullptr}};
    if (!field.refers_to.empty()) {
        out["referenceTo"].push_back(field.refers_to);
        out["relationshipName"] = field.relationship;
    }
    return out;
}

}  // namespace

Json describe(const Object& object, const Caller& caller, Detail detail, const std::string& root) {
    const bool is_setup = object.name == "OpportunityStage" || object.name == "User";
    const std::string url = root + "/sobjects/" + object.name;
    Json out = {
        {"name", object.name},
        {"label", object.label},
        {"labelPlural", object.label + "s"},
        {"keyPrefix", object.prefix},
        {"custom", object.is_custom()},
        {"queryable", caller.may("Read", object)},
        {"retrieveable", caller.may("Read", object)},
        {"searchable", !is_setup},
        {"replicateable", true},
        {"triggerable", !is_setup},
        {"createable", !is_setup && caller.may("Create", object)},
        {"updateable", !is_setup && caller.may("Edit", object)},
        {"deletable", !is_setup && caller.may("Delete", object)},
        {"undeletable", !is_setup},
        {"mergeable", false},
        {"layoutable", true},
        {"urls",
         {{"sobject", url}, {"describe", url + "/describe"}, {"rowTemplate", url + "/{ID}"}}}};
    if (detail == Detail::kBrief) {
        return out;
    }
    out["fields"] = Json::array();
    for (const Field& field : object.fields) {
        if (caller.sees(object, field)) {
            out["fields"].push_back(describe_field(field, object, caller));
        }
    }
    out["childRelationships"] = Json::array();
    out["recordTypeInfos"] = Json::array();
    return out;
}

}  // namespace tideway::connectors::salesforce::sandbox
