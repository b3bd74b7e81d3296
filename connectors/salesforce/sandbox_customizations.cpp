#include "connectors/salesforce/sandbox_customizations.h"

#include <utility>

namespace tideway::connectors::salesforce::sandbox {

void Customizations::make(
    const std::string& object, const std::string& name, const Json& metadata
) {
    if (auto field = custom_field(name, metadata)) {
        schema_.add_field(object, std::move(*field));
        made_.push_back({{"object", object}, {"name", name}, {"metadata", metadata}});
        is_changed_ = true;
    }
}

void Customizations::change_layout(const std::string& id, const Json& metadata) {
    for (Json& layout : layouts_) {
        if (string_or(layout, "Id") == id) {
            layout["Metadata"] = metadata;
            is_changed_ = true;
        }
    }
}

void Customizations::set_co_sell(bool has_fields) {
    made_ = Json::array();
    layouts_ = seed_layouts();
    has_co_sell_ = has_fields;
    schema_ = sales_schema();
    if (!has_fields) {
        for (const Field& field : co_sell_fields()) {
            schema_.remove_field(field.name);
        }
        schema_.remove_object(kMicrosoftSolution);
    }
}

bool Customizations::take_change() {
    return std::exchange(is_changed_, false);
}

Json Customizations::save() const {
    return {{"co_sell", has_co_sell_}, {"made", made_}, {"layouts", layouts_}};
}

void Customizations::load(const Json& saved) {
    set_co_sell(bool_or(saved, "co_sell", true));
    for (const Json& each : saved.value("made", Json::array())) {
        const std::string object = string_or(each, "object");
        const Object* there = schema_.object(object);
        if (there != nullptr && there->field(string_or(each, "name")) == nullptr) {
            make(object, string_or(each, "name"), each.value("metadata", Json::object()));
        }
    }
    layouts_ = saved.value("layouts", seed_layouts());
}

}  // namespace tideway::connectors::salesforce::sandbox
