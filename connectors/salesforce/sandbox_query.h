// What a query finds in the sandbox's store. Thread: the sandbox's loop.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "connectors/salesforce/sandbox_soql.h"
#include "connectors/salesforce/sandbox_store.h"

namespace tideway::connectors::salesforce::sandbox {

enum class Deleted { kHidden, kShown };

struct Found {
    bool is_count = false;
    std::size_t total = 0;
    std::vector<Json> records;  // as the service answers them, with attributes
};

// `root`: "/services/data/v62.0", for the addresses in attributes.
Outcome<Found> run_query(
    const Store& store, const Select& select, Deleted deleted, const std::string& root
);

// Some fields of a record, as the service answers them. Empty: all.
Outcome<Json> shown_record(
    const Store& store,
    const Object& object,
    const Json& record,
    const std::vector<std::string>& fields,
    const std::string& root
);

}  // namespace tideway::connectors::salesforce::sandbox
