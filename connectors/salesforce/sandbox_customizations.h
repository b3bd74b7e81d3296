// The fields that administrators made in the sandbox's organization, and its page layouts; they
// stay in the state file. Thread: the sandbox's loop.
#pragma once

#include <string>
#include <vector>

#include "connectors/salesforce/sandbox_schema.h"

namespace tideway::connectors::salesforce::sandbox {

// A field as the Tooling API's Metadata describes it; nothing when label or type are missing.
std::optional<Field> custom_field(const std::string& name, const Json& metadata);

// Each as the Tooling API reads it out: Id, Name, TableEnumOrId, FullName, Metadata.
Json seed_layouts();

class Customizations {
  public:
    explicit Customizations(Schema& schema)
        : schema_(schema) {}

    // The object must be there, the field sound and new.
    void make(const std::string& object, const std::string& name, const Json& metadata);

    const Json& layouts() const { return layouts_; }

    // The layout must be there.
    void change_layout(const std::string& id, const Json& metadata);

    // false: an organization without the fields and the object of the co-sell documents. Forgets
    // what was made.
    void set_co_sell(bool has_fields);

    // Whether something was made since the last question.
    bool take_change();

    Json save() const;
    void load(const Json& saved);

  private:
    Schema& schema_;
    bool has_co_sell_ = true;
    bool is_changed_ = false;
    Json made_ = Json::array();
    Json layouts_ = seed_layouts();
};

}  // namespace tideway::connectors::salesforce::sandbox
