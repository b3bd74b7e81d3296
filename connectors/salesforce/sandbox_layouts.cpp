// Page layouts in the Tooling API of the sandbox. As in Salesforce, what a change leaves out is
// gone.
#include <algorithm>
#include <array>
#include <set>

#include "connectors/salesforce/sandbox_rest.h"

namespace tideway::connectors::salesforce::sandbox {
namespace {

Json item(const char* behavior, const char* field) {
    return {
        {"behavior", behavior}, {"field", field}, {"customLink", nullptr}, {"emptySpace", nullptr}};
}

Json section(const char* label, const char* style, const std::vector<Json>& columns) {
    Json out = {
        {"customLabel", true},
        {"detailHeading", true},
        {"editHeading", true},
        {"label", label},
        {"layoutColumns", Json::array()},
        {"style", style}};
    for (const Json& items : columns) {
        out["layoutColumns"].push_back({{"layoutItems", items}, {"reserved", nullptr}});
    }
    return out;
}

Json related_list(const char* name) {
    return {{"relatedList", name}, {"fields", nullptr}, {"quickActions", Json::array()}};
}

const Json* layout_of(const Json& layouts, const std::string& id) {
    for (const Json& layout : layouts) {
        if (string_or(layout, "Id") == id) {
            return &layout;
        }
    }
    return nullptr;
}

Outcome<bool> check_item(const Object& object, const Json& item, std::set<std::string>& seen) {
    static constexpr std::array kBehaviors{"Edit", "Required", "Readonly"};
    const std::string field = string_or(item, "field");
    if (field.empty()) {
        return true;
    }
    if (!item.contains("customLink")) {
        return refuse(400, "FIELD_INTEGRITY_EXCEPTION", "Required field is missing: customLink");
    }
    if (object.field(field) == nullptr) {
        return refuse(
            400,
            "FIELD_INTEGRITY_EXCEPTION",
            "In field: field - no CustomField named " + object.name + "." + field + " found"
        );
    }
    if (!seen.insert(field).second) {
        return refuse(
            400, "FIELD_INTEGRITY_EXCEPTION", "Field:" + field + " is on the layout more than once."
        );
    }
    const std::string behavior = string_or(item, "behavior");
    if (std::ranges::find(kBehaviors, behavior) == kBehaviors.end()) {
        return refuse(400, "JSON_PARSER_ERROR", "Unknown behavior: " + behavior);
    }
    return true;
}

// Null where there are none.
const Json& list_of(const Json& object, const char* key) {
    static const Json kNone = Json::array();
    const Json* list = find(object, key);
    return list != nullptr && list->is_array() ? *list : kNone;
}

Outcome<bool> check_layout(const Object& object, const Json& metadata) {
    if (list_of(metadata, "layoutSections").empty()) {
        return refuse(400, "REQUIRED_FIELD_MISSING", "Must specify layoutSections");
    }
    std::set<std::string> seen;
    for (const Json& each : list_of(metadata, "layoutSections")) {
        for (const Json& column : list_of(each, "layoutColumns")) {
            for (const Json& item : list_of(column, "layoutItems")) {
                if (auto checked = check_item(object, item, seen); !checked) {
                    return checked;
                }
            }
        }
    }
    for (const Json& list : list_of(metadata, "relatedLists")) {
        const Json* actions = find(list, "quickActions");
        if (actions != nullptr && actions->is_array() && actions->empty()) {
            return refuse(
                400,
                "FIELD_INTEGRITY_EXCEPTION",
                "Mass quick actions don't support Activity. Use a valid entity."
            );
        }
    }
    return true;
}

}  // namespace

Json seed_layouts() {
    const Json information = section(
        "Opportunity Information",
        "TwoColumnsTopToBottom",
        {Json::array({item("Required", "Name"), item("Edit", "AccountId"), item("Edit", "OwnerId")}
         ),
         Json::array(
             {item("Required", "CloseDate"), item("Required", "StageName"), item("Edit", "Amount")}
         )}
    );
    const Json description = section(
        "Description Information", "OneColumn", {Json::array({item("Edit", "Description")})}
    );
    const Json links = section("Custom Links", "CustomLinks", {nullptr, nullptr, nullptr});
    return Json::array(
        {{{"Id", "00hTw0000000001AAA"},
          {"Name", "Opportunity Layout"},
          {"TableEnumOrId", "Opportunity"},
          {"FullName", "Opportunity-Opportunity Layout"},
          {"Metadata",
           {{"layoutSections", {information, description, links}},
            {"relatedLists",
             {related_list("RelatedContactRoleList"), related_list("RelatedActivityList")}},
            {"showEmailCheckbox", false},
            {"excludeButtons", {"Submit"}}}}}}
    );
}

http::Response RestApi::find_layouts(const std::string& object) const {
    Json records = Json::array();
    for (const Json& layout : customizations_.layouts()) {
        if (string_or(layout, "TableEnumOrId") == object) {
            records.push_back({{"Id", string_or(layout, "Id")}, {"Name", string_or(layout, "Name")}}
            );
        }
    }
    return json_answer(200, {{"totalSize", records.size()}, {"done", true}, {"records", records}});
}

Outcome<http::Response> RestApi::show_layout(const std::string& id) const {
    const Json* layout = layout_of(customizations_.layouts(), id);
    if (layout == nullptr) {
        return refuse(404, "NOT_FOUND", "The requested resource does not exist");
    }
    return json_answer(200, *layout);
}

Outcome<http::Response> RestApi::change_layout(const ApiRequest& request, const std::string& id) {
    const Json* layout = layout_of(customizations_.layouts(), id);
    if (layout == nullptr) {
        return refuse(404, "NOT_FOUND", "The requested resource does not exist");
    }
    const auto body = parse_json(request.body, "the body");
    const Json* metadata = body && body->is_object() ? find(*body, "Metadata") : nullptr;
    if (metadata == nullptr || !metadata->is_object()) {
        return refuse(400, "JSON_PARSER_ERROR", "The body has no Metadata.");
    }
    const Object* object = store_.schema().object(string_or(*layout, "TableEnumOrId"));
    if (auto checked = check_layout(*object, *metadata); !checked) {
        return tl::unexpected<Refusal>(checked.error());
    }
    customizations_.change_layout(id, *metadata);
    http::Response out;
    out.status = 204;
    return out;
}

}  // namespace tideway::connectors::salesforce::sandbox
