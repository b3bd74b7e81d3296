#include "engine/base/json.h"

#include "engine/base/limits.h"

namespace tideway {
namespace {

std::size_t depth_of(std::string_view text) {
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view what) {
    if (depth_of(text) > limits::kJsonDepthMax) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidJSON",
            std::string(what) + " is nested deeper than " + std::to_string(limits::kJsonDepthMax) +
                " levels."
        );
    }
    try {
        return Json::parse(text);
    } catch (const std::exception& error) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidJSON",
            std::string(what) + " is not valid JSON: " + error.what() + "."
        );
    }
}

const Json* find(const Json& object, std::string_view key) {
    if (!object.is_object()) {
        return nullptr;
    }
    const auto it = object.find(key);
    return it == object.end() ? nullptr : &*it;
}

std::string string_or(const Json& object, std::string_view key, std::string_view fallback) {
    const Json* value = find(object, key);
    return value != nullptr && value->is_string() ? value->get<std::string>()
                                                  : std::string(fallback);
}

std::int64_t int_or(const Json& object, std::string_view key, std::int64_t fallback) {
    const Json* value = find(object, key);
    return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : fallback;
}

bool bool_or(const Json& object, std::string_view key, bool fallback) {
    const Json* value = find(object, key);
    return value != nullptr && value->is_boolean() ? value->get<bool>() : fallback;
}

Result<std::string> require_string(
    const Json& object, std::string_view key, std::string_view what
) {
    const Json* value = find(object, key);
    if (value == nullptr || !value->is_string()) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidRequestContent",
            std::string(what) + " needs a text field '" + std::string(key) + "'."
        );
    }
    return value->get<std::string>();
}

std::string dump(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Payload to_payload(const Json& value) {
    return Payload(dump(value));
}

std::string quote_json(std::string_view text) {
    return dump(Json(std::string(text)));
}

}  // namespace tideway
