#include "connectors/salesforce/records.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>

#include "engine/connector/same_value.h"

namespace tideway::connectors::salesforce {
namespace {

constexpr std::size_t kNameMax = 255;

bool is_word_char(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Of nested records too: a parent read by a relationship field, the records of a subquery.
Json without_attributes(const Json& value) {
    if (value.is_array()) {
        Json out = Json::array();
        for (const Json& item : value) {
            out.push_back(without_attributes(item));
        }
        return out;
    }
    if (!value.is_object()) {
        return value;
    }
    Json out = Json::object();
    for (const auto& [key, item] : value.items()) {
        if (key != "attributes") {
            out[key] = without_attributes(item);
        }
    }
    return out;
}

bool equal_without_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) ==
               std::tolower(static_cast<unsigned char>(y));
    });
}

// Salesforce does not care for the case of field names.
const Json& field_of(const Json& record, const std::string& name) {
    static const Json kNull;
    if (const Json* value = find(record, name)) {
        return *value;
    }
    for (const auto& [key, value] : record.items()) {
        if (equal_without_case(key, name)) {
            return value;
        }
    }
    return kNull;
}

// 006A000000kLmNo and 006A000000kLmNoIAK are one record.
bool is_same_id(const Json& a, const Json& b) {
    if (!a.is_string() || !b.is_string()) {
        return false;
    }
    const std::string_view x = a.get_ref<const std::string&>();
    const std::string_view y = b.get_ref<const std::string&>();
    return is_record_id(x) && is_record_id(y) && x.size() != y.size() &&
           x.substr(0, 15) == y.substr(0, 15);
}

void add_paths(const std::string& prefix, const Json& written, std::vector<std::string>& out) {
    for (const auto& [key, value] : written.items()) {
        if (key == "attributes") {
            continue;
        }
        if (value.is_object()) {
            add_paths(prefix + key + ".", value, out);
        } else {
            out.push_back(prefix + key);
        }
    }
}

}  // namespace

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= kNameMax &&
           std::isalpha(static_cast<unsigned char>(name[0])) != 0 &&
           std::all_of(name.begin(), name.end(), is_word_char);
}

bool is_field_path(std::string_view path) {
    const std::size_t dot = path.find('.');
    return is_name(path.substr(0, dot)) &&
           (dot == std::string_view::npos || is_field_path(path.substr(dot + 1)));
}

bool is_record_id(std::string_view id) {
    return (id.size() == 15 || id.size() == 18) && std::all_of(id.begin(), id.end(), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0;
           });
}

Json flat_record(std::string_view object, const Json& record) {
    Json out = without_attributes(record);
    const Json* attributes = find(record, "attributes");
    const std::string type = attributes == nullptr ? "" : string_or(*attributes, "type");
    out["object"] = object.empty() ? type : std::string(object);
    if (const std::string id = string_or(record, "Id"); !id.empty()) {
        out["id"] = id;
    }
    return out;
}

Json service_record(const Json& record) {
    Json out = record.is_object() ? record : Json::object();
    for (const char* field : {"id", "Id", "object", "attributes"}) {
        out.erase(field);
    }
    return out;
}

bool record_holds(const Json& record, const Json& written) {
    for (const auto& [key, value] : written.items()) {
        if (key == "attributes") {
            continue;
        }
        const Json& held = field_of(record, key);
        const bool is_same = value.is_object() && held.is_object()
                                 ? record_holds(held, value)
                                 : connector::same_value(value, held) || is_same_id(value, held);
        if (!is_same) {
            return false;
        }
    }
    return true;
}

std::vector<std::string> written_paths(const Json& written) {
    std::vector<std::string> out;
    add_paths("", written, out);
    return out;
}

std::string http_date(Timestamp at) {
    static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array kMonths{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto days = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(days);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at) - days);
    std::array<char, 40> text{};
    std::snprintf(
        text.data(),
        text.size(),
        "%s, %02u %s %04d %02d:%02d:%02d GMT",
        kDays.at(std::chrono::weekday(days).c_encoding()),
        static_cast<unsigned>(date.day()),
        kMonths.at(static_cast<unsigned>(date.month()) - 1),
        static_cast<int>(date.year()),
        static_cast<int>(time.hours().count()),
        static_cast<int>(time.minutes().count()),
        static_cast<int>(time.seconds().count())
    );
    return text.data();
}

}  // namespace tideway::connectors::salesforce
