// What the reports of the flows that an administrator starts say of one record.
#pragma once

#include <string>

#include "engine/base/json.h"

namespace tideway::tests {

// The entry of a record in a list of the run's report; null when it is not named.
inline Json named(const Json& run, const std::string& list, const std::string& record) {
    for (const Json& entry : run.at("output").at(list).at("named")) {
        if (string_or(entry, "record") == record) {
            return entry;
        }
    }
    return {};
}

// "Deal value: partner_center, Notes: crm"
inline std::string winners(const Json& entry) {
    std::string out;
    for (const Json& field : entry.value("fields", Json::array())) {
        out += (out.empty() ? "" : ", ") + string_or(field, "field") + ": ";
        out += string_or(field, "wins");
    }
    return out;
}

}  // namespace tideway::tests
