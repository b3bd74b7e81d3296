// Saves records as Salesforce does: checks fields, types, rights and uniqueness first. Thread: the
// sandbox's loop.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "connectors/salesforce/sandbox_refusal.h"
#include "connectors/salesforce/sandbox_store.h"

namespace tideway::connectors::salesforce::sandbox {

// Who asks, and what it may not do: "Create Opportunity", "Edit Lead", "Read Account".
struct Caller {
    std::string user_id;
    std::string name;
    std::set<std::string> denied;

    std::map<std::string, bool> shown = {};  // "Opportunity.Audit__c" -> whether it may be edited

    bool sees(const Object& object, const Field& field) const {
        return !field.is_hidden || shown.contains(object.name + "." + field.name);
    }

    bool may(std::string_view right, const Object& object) const {
        return !denied.contains(std::string(right) + " " + object.name);
    }
};

class Writer {
  public:
    explicit Writer(Store& store)
        : store_(store) {}

    // The new record's id.
    Outcome<std::string> create(const Object& object, const Json& body, const Caller& caller);
    Outcome<std::string> update(
        const Object& object, const std::string& id, const Json& body, const Caller& caller
    );
    Outcome<std::string> remove(const Object& object, const std::string& id, const Caller& caller);

    // The records that hold `value` in an external id field; deleted ones do not count.
    std::vector<std::string> find_external(
        const Object& object, const Field& field, std::string_view value
    ) const;

    struct Upserted {
        std::string id;
        bool is_created = false;
    };

    // Several records with that value: 300.
    Outcome<Upserted> upsert(
        const Object& object,
        const Field& field,
        const std::string& value,
        const Json& body,
        const Caller& caller
    );

  private:
    enum class Verb { kCreate, kUpdate };

    Outcome<Json> checked(const Object& object, const Json& body, Verb verb) const;
    Outcome<Json> checked_value(const Field& field, const Json& value) const;
    Outcome<Json> checked_reference(const Field& field, const Json& value) const;
    // {"Customer_Number__c":"C-1"}: a parent by its external id.
    Outcome<std::string> parent_of(const Field& reference, const Json& by) const;
    Outcome<bool> check_unique(const Object& object, const Json& fields, std::string_view own_id)
        const;

    Store& store_;
};

}  // namespace tideway::connectors::salesforce::sandbox
