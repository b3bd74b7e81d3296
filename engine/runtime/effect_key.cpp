#include "engine/runtime/effect_key.h"

#include <cctype>
#include <cmath>

#include "engine/base/digest.h"
#include "engine/model/step_path.h"

namespace tideway::runtime {
namespace {

void add_part(std::string& text, std::string_view part) {
    text += std::to_string(part.size());
    text += ':';
    text += part;
}

const Json* at_pointer(const Json& value, std::string_view pointer) {
    const Json* at = &value;
    while (!pointer.empty()) {
        if (pointer.front() != '/') {
            return nullptr;
        }
        pointer.remove_prefix(1);
        const auto slash = pointer.find('/');
        at = find(*at, pointer.substr(0, slash));
        if (at == nullptr) {
            return nullptr;
        }
        pointer = slash == std::string_view::npos ? std::string_view() : pointer.substr(slash);
    }
    return at;
}

std::string text_of(const Json* value) {
    if (value == nullptr || value->is_null()) {
        return {};
    }
    return value->is_string() ? value->get<std::string>() : dump(*value);
}

// The same text for the same value: 1000 and 1000.0, and lines that end in CR LF or LF.
std::string canonical(const Json& value) {
    if (value.is_number_float()) {
        const double number = value.get<double>();
        constexpr double kExactMax = 9007199254740992.0;  // 2^53
        const bool is_whole = std::floor(number) == number && std::abs(number) < kExactMax;
        return is_whole ? std::to_string(static_cast<std::int64_t>(number)) : dump(value);
    }
    if (!value.is_string()) {
        return dump(value);
    }
    auto text = value.get<std::string>();
    std::erase(text, '\r');
    return dump(Json(text));
}

// Runs of hex digits, digits and dashes become '#': ids, numbers, times.
std::string normalise(std::string_view message) {
    std::string out;
    std::size_t i = 0;
    while (i < message.size()) {
        std::size_t end = i;
        bool has_digit = false;
        while (end < message.size() &&
               (std::isxdigit(static_cast<unsigned char>(message[end])) != 0 ||
                message[end] == '-' || message[end] == ':')) {
            has_digit = has_digit || std::isdigit(static_cast<unsigned char>(message[end])) != 0;
            ++end;
        }
        if (has_digit) {
            out += '#';
            i = end;
        } else {
            end = std::max(end, i + 1);
            out += message.substr(i, end - i);
            i = end;
        }
    }
    return out;
}

}  // namespace

std::string idempotency_key(
    const EffectIdentity& identity,
    const model::OperationSpec& operation,
    const Json& input,
    std::string_view canonical_input
) {
    std::string text;
    const Json* business_key = operation.creates ? find(input, "key") : nullptr;
    add_part(text, identity.connector);
    add_part(text, operation.id);
    if (business_key != nullptr && !business_key->is_null()) {
        add_part(text, "business");
        add_part(text, identity.environment);
        add_part(text, identity.connection);
        add_part(text, dump(*business_key));
        return to_hex(sha256(text));
    }
    add_part(text, "lineage");
    add_part(text, identity.root_uid.hex());
    add_part(text, identity.path);
    add_part(text, canonical_input);
    return to_hex(sha256(text));
}

Payload field_hashes(std::string_view pointer, const Json& input) {
    if (pointer.empty()) {
        return {};
    }
    const Json* fields = at_pointer(input, pointer);
    if (fields == nullptr || !fields->is_object()) {
        return {};
    }
    Json out = Json::object();
    for (const auto& [name, value] : fields->items()) {
        out[name] = to_hex(sha256(canonical(value))).substr(0, 16);
    }
    return to_payload(out);
}

std::string resolve(std::string_view rule, const Json& input, const Json& output) {
    constexpr std::string_view kOutput = "output:";
    if (rule.starts_with(kOutput)) {
        return text_of(at_pointer(output, rule.substr(kOutput.size())));
    }
    if (rule.starts_with('/')) {
        return text_of(at_pointer(input, rule));
    }
    return std::string(rule);
}

std::string fingerprint(std::string_view flow, const model::StepError& error) {
    std::string text;
    add_part(text, flow);
    for (const model::PathSegment& segment : model::parse_path(error.step)) {
        add_part(text, segment.name);
    }
    add_part(text, error.code);
    add_part(text, normalise(error.message));
    return to_hex(sha256(text)).substr(0, 16);
}

}  // namespace tideway::runtime
