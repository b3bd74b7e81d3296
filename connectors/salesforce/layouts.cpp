#include "connectors/salesforce/layouts.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "connectors/salesforce/records.h"
#include "connectors/salesforce/requests.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"
#include "engine/http/url.h"

namespace tideway::connectors::salesforce {
namespace {

using connector::Done;
using connector::Turn;
using model::EffectClass;

constexpr const char* kReadOnly = "Readonly";
constexpr const char* kEdit = "Edit";

// What Salesforce leaves out it says as null.
Json list_of(const Json& object, const char* key) {
    const Json* list = find(object, key);
    return list != nullptr && list->is_array() ? *list : Json::array();
}

// The items of a section that are fields.
std::vector<Json> field_items(const Json& section) {
    std::vector<Json> out;
    for (const Json& column : list_of(section, "layoutColumns")) {
        for (Json& item : list_of(column, "layoutItems")) {
            if (!string_or(item, "field").empty()) {
                out.push_back(std::move(item));
            }
        }
    }
    return out;
}

Json shown_sections(const Json& metadata) {
    Json out = Json::array();
    for (const Json& section : list_of(metadata, "layoutSections")) {
        Json fields = Json::array();
        for (const Json& item : field_items(section)) {
            fields.push_back(
                {{"name", string_or(item, "field")},
                 {"read_only", string_or(item, "behavior") == kReadOnly}}
            );
        }
        out.push_back({{"label", string_or(section, "label")}, {"fields", std::move(fields)}});
    }
    return out;
}

std::set<std::string> fields_on(const Json& metadata) {
    std::set<std::string> out;
    for (const Json& section : list_of(metadata, "layoutSections")) {
        for (const Json& item : field_items(section)) {
            out.insert(string_or(item, "field"));
        }
    }
    return out;
}

// Salesforce wants every kind of item named, as it names them itself.
Json new_item(const Json& field) {
    Json out = {
        {"field", string_or(field, "name")},
        {"behavior", bool_or(field, "read_only", false) ? kReadOnly : kEdit}};
    for (const char* other :
         {"analyticsCloudComponent",
          "canvas",
          "component",
          "customLink",
          "emptySpace",
          "height",
          "page",
          "reportChartComponent",
          "scontrol",
          "showLabel",
          "showScrollbars",
          "width"}) {
        out[other] = nullptr;
    }
    return out;
}

Json new_section(const std::string& label) {
    const Json column = {{"layoutItems", Json::array()}, {"reserved", nullptr}};
    return {
        {"customLabel", true},
        {"detailHeading", true},
        {"editHeading", true},
        {"label", label},
        {"layoutColumns", Json::array({column})},
        {"style", "OneColumn"}};
}

bool has_column(const Json& section) {
    return !list_of(section, "layoutColumns").empty();
}

// The section of this label, made behind the others if there is none.
Json& section_of(Json& metadata, const std::string& label) {
    Json& sections = metadata["layoutSections"];
    if (!sections.is_array()) {
        sections = Json::array();
    }
    for (Json& section : sections) {
        if (string_or(section, "label") == label && has_column(section)) {
            return section;
        }
    }
    sections.push_back(new_section(label));
    return sections.back();
}

// Salesforce says "no quick actions" as an empty list, and refuses that of the list of activities.
void without_empty_lists(Json& metadata) {
    Json* lists = metadata.contains("relatedLists") ? &metadata["relatedLists"] : nullptr;
    if (lists == nullptr || !lists->is_array()) {
        return;
    }
    for (Json& list : *lists) {
        const Json* actions = find(list, "quickActions");
        if (actions != nullptr && actions->is_array() && actions->empty()) {
            list["quickActions"] = nullptr;
        }
    }
}

std::string layout_url(const Requests& requests, const std::string& id) {
    return requests.api_url() + "/tooling/sobjects/Layout/" + id;
}

Turn unread(const http::Response& response, const Requests& requests) {
    return is_success(response)
               ? connector::unreadable(response, "read a page layout", EffectClass::kRead)
               : answered(response, EffectClass::kRead, requests.now());
}

class ListLayouts final : public connector::ChainedExchange {
  public:
    explicit ListLayouts(const connector::Call& call)
        : requests_(call.settings, call.now),
          object_(string_or(call.input, "object")) {}

    Turn begin() override {
        if (auto problem = bad_object(object_)) {
            return std::move(*problem);
        }
        // Names of objects have no quotes: bad_object() has looked.
        const std::string soql =
            "SELECT Id, Name FROM Layout WHERE TableEnumOrId = '" + object_ + "'";
        return ask(
            requests_.get(requests_.api_url() + "/tooling/query?q=" + http::encode_component(soql)),
            [this](const http::Response& response) -> Turn {
                const auto body = is_success(response) ? read_object(response) : std::nullopt;
                if (!body) {
                    return unread(response, requests_);
                }
                for (const Json& record : list_of(*body, "records")) {
                    if (is_record_id(string_or(record, "Id"))) {
                        found_.push_back(record);
                    }
                }
                return read_next();
            }
        );
    }

  private:
    // One by one: Salesforce does not let a query of several ask for what is on them.
    Turn read_next() {
        if (layouts_.size() == found_.size()) {
            return Done{to_payload(Json{{"object", object_}, {"layouts", layouts_}}), {}};
        }
        const Json& next = found_[layouts_.size()];
        return ask(
            requests_.get(layout_url(requests_, string_or(next, "Id"))),
            [this, &next](const http::Response& response) -> Turn {
                const auto body = is_success(response) ? read_object(response) : std::nullopt;
                if (!body) {
                    return unread(response, requests_);
                }
                layouts_.push_back(
                    {{"id", string_or(next, "Id")},
                     {"name", string_or(next, "Name")},
                     {"sections", shown_sections(body->value("Metadata", Json::object()))}}
                );
                return read_next();
            }
        );
    }

    Requests requests_;
    std::string object_;
    std::vector<Json> found_;
    Json layouts_ = Json::array();
};

class AddToLayout final : public connector::ChainedExchange {
  public:
    explicit AddToLayout(const connector::Call& call)
        : requests_(call.settings, call.now),
          layout_(string_or(call.input, "layout")),
          section_(string_or(call.input, "section")),
          fields_(list_of(call.input, "fields")) {}

    Turn begin() override {
        if (auto problem = bad_id(layout_)) {
            return std::move(*problem);
        }
        for (const Json& field : fields_) {
            if (auto problem = bad_field(string_or(field, "name"))) {
                return std::move(*problem);
            }
        }
        return ask(
            requests_.get(layout_url(requests_, layout_)),
            [this](const http::Response& response) -> Turn {
                const auto body = is_success(response) ? read_object(response) : std::nullopt;
                const Json* metadata = body ? find(*body, "Metadata") : nullptr;
                if (metadata == nullptr || !metadata->is_object()) {
                    return unread(response, requests_);
                }
                return add_to(*metadata);
            }
        );
    }

  private:
    // The whole layout is sent back: Salesforce takes what is left out off it.
    Turn add_to(Json metadata) {
        std::set<std::string> there = fields_on(metadata);
        for (const Json& field : fields_) {
            const std::string name = string_or(field, "name");
            if (there.insert(name).second) {
                Json& column = section_of(metadata, section_)["layoutColumns"][0];
                Json items = list_of(column, "layoutItems");
                items.push_back(new_item(field));
                column["layoutItems"] = std::move(items);
                added_.push_back(name);
            }
        }
        if (added_.empty()) {
            return done();
        }
        without_empty_lists(metadata);
        return ask(
            requests_.write("PATCH", layout_url(requests_, layout_), {{"Metadata", metadata}}),
            [this](const http::Response& response) -> Turn {
                return is_success(response)
                           ? done()
                           : Turn(answered(response, EffectClass::kIdempotent, requests_.now()));
            }
        );
    }

    Turn done() const {
        return Done{
            to_payload(Json{{"layout", layout_}, {"added", added_}}), {"layout", layout_, {}}};
    }

    Requests requests_;
    std::string layout_;
    std::string section_;
    Json fields_;
    Json added_ = Json::array();
};

}  // namespace

ExchangePtr list_layouts(const connector::Call& call) {
    return std::make_unique<ListLayouts>(call);
}

ExchangePtr add_to_layout(const connector::Call& call) {
    return std::make_unique<AddToLayout>(call);
}

}  // namespace tideway::connectors::salesforce
