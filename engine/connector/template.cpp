#include "engine/connector/template.h"

#include <algorithm>
#include <functional>

namespace tideway::connector {
namespace {

bool is_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    });
}

// The setting as text; nothing when it is absent, null, empty or no single value.
std::string setting_text(const Json& settings, std::string_view name) {
    const Json* value = find(settings, name);
    if (value == nullptr || value->is_null() || value->is_structured()) {
        return {};
    }
    return value->is_string() ? value->get<std::string>() : dump(*value);
}

void append_value(std::string& out, std::string value, std::string_view rest) {
    while (rest.starts_with('/') && value.ends_with('/')) {
        value.pop_back();
    }
    out += value;
}

std::string replace_names(
    std::string_view text, const std::function<std::string(std::string_view)>& value_of
) {
    std::string out;
    while (!text.empty()) {
        const auto open = text.find('{');
        out += text.substr(0, open);
        if (open == std::string_view::npos) {
            break;
        }
        text.remove_prefix(open);
        const auto close = text.find('}');
        const bool place = close != std::string_view::npos && is_name(text.substr(1, close - 1));
        if (!place) {
            out += '{';
            text.remove_prefix(1);
            continue;
        }
        const std::string_view name = text.substr(1, close - 1);
        text.remove_prefix(close + 1);
        append_value(out, value_of(name), text);
    }
    return out;
}

}  // namespace

Result<std::string> fill_template(std::string_view text, const Json& settings) {
    std::string missing;
    std::string out = replace_names(text, [&](std::string_view name) {
        std::string value = setting_text(settings, name);
        if (value.empty() && missing.empty()) {
            missing = std::string(name);
        }
        return value;
    });
    if (!missing.empty()) {
        return fail(
            ErrorKind::kInvalidInput,
            "SettingMissing",
            "The connection has no setting '" + missing + "', which '" + std::string(text) +
                "' needs.",
            "Add it to the connection's settings."
        );
    }
    return out;
}

std::string describe_template(std::string_view text, const Json& settings) {
    return replace_names(text, [&](std::string_view name) {
        std::string value = setting_text(settings, name);
        return value.empty() ? "<" + std::string(name) + ">" : value;
    });
}

}  // namespace tideway::connector
