#include "connectors/dataverse/sandbox_preferences.h"

#include <charconv>

namespace tideway::connectors::dataverse::sandbox {
namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

void read_one(std::string_view preference, Preferences& out) {
    const std::size_t equals = std::min(preference.find('='), preference.size());
    const std::string_view name = trimmed(preference.substr(0, equals));
    std::string_view value =
        equals < preference.size() ? trimmed(preference.substr(equals + 1)) : std::string_view();
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
    }
    if (name == "odata.maxpagesize" || name == "maxpagesize") {
        std::size_t size = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), size);
        if (error == std::errc() && end == value.data() + value.size() && size > 0) {
            out.page_size = size;
        }
    } else if (name == "return") {
        out.representation = value == "representation";
    } else if (name == "odata.track-changes") {
        out.track_changes = true;
    } else if (name == "odata.continue-on-error") {
        out.continue_on_error = value != "false";
    } else if (name == "odata.include-annotations") {
        out.annotations_text = std::string(value);
        out.annotations = Annotations(value);
    }
}

}  // namespace

Preferences Preferences::of(const http::Headers& headers) {
    Preferences out;
    std::string all;
    for (const auto& [name, value] : headers) {
        if (name.size() == 6 && http::Headers{{name, value}}.get("Prefer")) {
            all += value + ",";
        }
    }
    std::size_t start = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < all.size(); ++i) {
        quoted = all[i] == '"' ? !quoted : quoted;
        if (all[i] == ',' && !quoted) {
            read_one(std::string_view(all).substr(start, i - start), out);
            start = i + 1;
        }
    }
    return out;
}

}  // namespace tideway::connectors::dataverse::sandbox
