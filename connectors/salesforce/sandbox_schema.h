// The objects of the sandbox's organization: those that co-sell flows meet, with the fields that
// they use. Thread: any (constant once made).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace tideway::connectors::salesforce::sandbox {

// Who may write a field.
enum class Access { kWritable, kOnCreate, kReadOnly };

struct Field {
    std::string name;
    std::string label;
    std::string type;  // as a describe says it: string, textarea, double, currency, picklist ...
    int length = 0;
    bool is_required = false;  // a create without it is refused, unless it has a default
    Access access = Access::kWritable;
    bool is_external_id = false;
    bool is_unique = false;
    bool is_restricted = false;  // picklist: other values are refused
    std::vector<std::string> values = {};
    std::string refers_to = {};  // object of a reference
    std::string relationship = {};
    Json fallback = {};      // what a create without it gets
    bool is_hidden = false;  // from everybody to whom no permission set shows it

    bool is_custom() const { return name.ends_with("__c"); }
};

struct Object {
    std::string name;
    std::string label;
    std::string prefix;  // of its ids
    std::vector<Field> fields;

    bool is_custom() const { return name.ends_with("__c"); }

    // Of its change events: "/data/OpportunityChangeEvent", "/data/Deal__ChangeEvent".
    std::string channel() const;

    // Names of fields have no case.
    const Field* field(std::string_view field_name) const;
    // The reference whose parent goes by this name: "Account" -> AccountId.
    const Field* reference(std::string_view relationship_name) const;
};

class Schema {
  public:
    explicit Schema(std::vector<Object> objects);

    const Object* object(std::string_view name) const;  // without case
    const Object* object_of_id(std::string_view id) const;

    const std::vector<Object>& objects() const { return objects_; }

    // The object must be there. What points to its fields points to nothing afterwards.
    void add_field(std::string_view object, Field field);
    // Of every object that has it.
    void remove_field(std::string_view name);
    void remove_object(std::string_view name);

  private:
    std::vector<Object> objects_;
};

Schema sales_schema();

// Of opportunities and leads, as the co-sell documents name them.
std::vector<Field> co_sell_fields();

// One record for each solution of an opportunity.
inline constexpr std::string_view kMicrosoftSolution = "Microsoft_Solution__c";

bool same_name(std::string_view a, std::string_view b);

}  // namespace tideway::connectors::salesforce::sandbox
