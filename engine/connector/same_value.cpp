#include "engine/connector/same_value.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "engine/base/clock.h"

namespace tideway::connector {
namespace {

bool is_blank(const Json& value) {
    return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty());
}

std::optional<double> number_of(const Json& value) {
    if (value.is_number()) {
        return value.get<double>();
    }
    if (!value.is_string()) {
        return std::nullopt;
    }
    const auto& text = value.get_ref<const std::string&>();
    double number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, number);
    if (problem != std::errc() || stop != end) {
        return std::nullopt;
    }
    return number;
}

std::string with_unix_line_ends(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\r') {
            out += text[at];
        } else if (at + 1 == text.size() || text[at + 1] != '\n') {
            out += '\n';
        }
    }
    return out;
}

bool looks_like_date(std::string_view text) {
    return text.size() >= 10 && text[4] == '-' && text[7] == '-' &&
           std::isdigit(static_cast<unsigned char>(text[0])) != 0;
}

bool looks_like_guid(std::string_view text) {
    return text.size() == 36 && std::all_of(text.begin(), text.end(), [](char c) {
               return c == '-' || std::isxdigit(static_cast<unsigned char>(c)) != 0;
           });
}

bool equal_without_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) ==
               std::tolower(static_cast<unsigned char>(y));
    });
}

bool same_text(const std::string& wanted, const std::string& actual) {
    if (with_unix_line_ends(wanted) == with_unix_line_ends(actual)) {
        return true;
    }
    if (looks_like_date(wanted) && looks_like_date(actual)) {
        const auto a = parse_utc(wanted);
        const auto b = parse_utc(actual);
        return a && b && *a == *b;
    }
    return looks_like_guid(wanted) && looks_like_guid(actual) && equal_without_case(wanted, actual);
}

bool same_array(const Json& wanted, const Json& actual) {
    return actual.is_array() && std::equal(
                                    wanted.begin(),
                                    wanted.end(),
                                    actual.begin(),
                                    actual.end(),
                                    [](const Json& a, const Json& b) { return same_value(a, b); }
                                );
}

bool same_object(const Json& wanted, const Json& actual) {
    return std::all_of(wanted.items().begin(), wanted.items().end(), [&](const auto& item) {
        return same_value(item.value(), value_at(actual, item.key()));
    });
}

}  // namespace

bool same_value(const Json& wanted, const Json& actual) {
    if (is_blank(wanted) || is_blank(actual)) {
        return is_blank(wanted) && is_blank(actual);
    }
    if (wanted.is_object()) {
        return actual.is_object() && same_object(wanted, actual);
    }
    if (wanted.is_array()) {
        return same_array(wanted, actual);
    }
    if (wanted.is_number() || actual.is_number()) {
        const auto a = number_of(wanted);
        const auto b = number_of(actual);
        return a && b && *a == *b;
    }
    if (wanted.is_string() && actual.is_string()) {
        return same_text(
            wanted.get_ref<const std::string&>(), actual.get_ref<const std::string&>()
        );
    }
    return wanted == actual;
}

const Json& value_at(const Json& document, std::string_view path) {
    static const Json kNull;
    const Json* at = &document;
    while (true) {
        const std::size_t slash = path.find('/');
        const std::string_view segment = path.substr(0, slash);
        if (at->is_array()) {
            std::size_t index = 0;
            const char* end = segment.data() + segment.size();
            const auto [stop, problem] = std::from_chars(segment.data(), end, index);
            if (problem != std::errc() || stop != end || index >= at->size()) {
                return kNull;
            }
            at = &(*at)[index];
        } else {
            at = find(*at, segment);
        }
        if (at == nullptr) {
            return kNull;
        }
        if (slash == std::string_view::npos) {
            return *at;
        }
        path.remove_prefix(slash + 1);
    }
}

}  // namespace tideway::connector
