#include "connectors/dataverse/tables.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "engine/connector/same_value.h"

namespace tideway::connectors::dataverse {
namespace {

constexpr std::string_view kBindSuffix = "@odata.bind";

constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kEntitySets{{
    {"opportunity", "opportunities"},
    {"lead", "leads"},
    {"account", "accounts"},
    {"contact", "contacts"},
    {"systemuser", "systemusers"},
    {"transactioncurrency", "transactioncurrencies"},
    {"callbackregistration", "callbackregistrations"},
    {"opportunityclose", "opportunitycloses"},
    {"opportunityproduct", "opportunityproducts"},
    {"environmentvariabledefinition", "environmentvariabledefinitions"},
    {"environmentvariablevalue", "environmentvariablevalues"},
    {"team", "teams"},
    {"role", "roles"},
    {"businessunit", "businessunits"},
}};

constexpr std::array<std::string_view, 8> kActivities{
    "activitypointer",
    "appointment",
    "email",
    "fax",
    "letter",
    "opportunityclose",
    "phonecall",
    "task"};

bool is_vowel(char c) {
    return std::string_view("aeiou").find(c) != std::string_view::npos;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return out;
}

// The id in "/accounts(6f0a...)", "accounts(6f0a...)" or a whole address.
std::string bound_id(const Json& target) {
    if (!target.is_string()) {
        return {};
    }
    const auto& text = target.get_ref<const std::string&>();
    const std::size_t open = text.rfind('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close < open) {
        return text;
    }
    return text.substr(open + 1, close - open - 1);
}

// The value of the lookup column behind a navigation property: customerid_account -> customerid.
const Json& lookup_value(const Json& row, std::string_view property) {
    const std::string name = lower(property);
    const Json* value = find(row, "_" + name + "_value");
    const std::size_t underscore = name.rfind('_');
    if (value == nullptr && underscore != std::string::npos) {
        value = find(row, "_" + name.substr(0, underscore) + "_value");
    }
    static const Json kNull;
    return value == nullptr ? kNull : *value;
}

}  // namespace

std::string entity_set(std::string_view table) {
    for (const auto& [name, set] : kEntitySets) {
        if (name == table) {
            return std::string(set);
        }
    }
    const std::string name(table);
    const auto ends = [&](std::string_view end) { return name.ends_with(end); };
    if (name.size() > 1 && ends("y") && !is_vowel(name[name.size() - 2])) {
        return name.substr(0, name.size() - 1) + "ies";
    }
    if (ends("s") || ends("x") || ends("z") || ends("ch") || ends("sh")) {
        return name + "es";
    }
    return name + "s";
}

std::string primary_key(std::string_view table) {
    const bool is_activity =
        std::find(kActivities.begin(), kActivities.end(), table) != kActivities.end();
    if (is_activity) {
        return "activityid";
    }
    return table == "systemform" ? "formid" : std::string(table) + "id";
}

bool is_table_name(std::string_view table) {
    return !table.empty() && table.size() <= 128 &&
           std::all_of(table.begin(), table.end(), [](unsigned char c) {
               return c == '_' || std::isdigit(c) != 0 || (c >= 'a' && c <= 'z');
           });
}

bool is_row_id(std::string_view id) {
    if (id.size() != 36) {
        return false;
    }
    for (std::size_t i = 0; i < id.size(); ++i) {
        const bool wants_dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool is_hex = std::isxdigit(static_cast<unsigned char>(id[i])) != 0;
        if (wants_dash ? id[i] != '-' : !is_hex) {
            return false;
        }
    }
    return true;
}

Json flat_row(std::string_view table, const Json& row) {
    Json out = Json::object();
    for (const auto& [key, value] : row.items()) {
        if (!key.starts_with('@')) {
            out[key] = value;
        }
    }
    out["table"] = table;
    out["id"] = string_or(row, primary_key(table));
    if (const std::string etag = string_or(row, "@odata.etag"); !etag.empty()) {
        out["etag"] = etag;
    }
    return out;
}

Json service_row(const Json& row) {
    Json out = row.is_object() ? row : Json::object();
    for (const char* field : {"id", "etag", "table"}) {
        out.erase(field);
    }
    return out;
}

bool row_holds(const Json& row, const Json& written) {
    for (const auto& [key, value] : written.items()) {
        const std::string_view name(key);
        if (!name.ends_with(kBindSuffix)) {
            // Annotations ("@odata.type") are not columns.
            const bool is_column = name.find('@') == std::string_view::npos;
            if (is_column && !connector::same_value(value, connector::value_at(row, key))) {
                return false;
            }
            continue;
        }
        const std::string_view property = name.substr(0, name.size() - kBindSuffix.size());
        const Json wanted = value.is_null() ? Json() : Json(bound_id(value));
        if (!connector::same_value(wanted, lookup_value(row, property))) {
            return false;
        }
    }
    return true;
}

}  // namespace tideway::connectors::dataverse
