#include "engine/runtime/triggers/signed_address.h"

#include <vector>

#include "engine/base/digest.h"
#include "engine/http/url.h"

namespace tideway::runtime {

namespace {

std::string sign(std::string_view key, const AddressedFlow& flow, std::string_view expires) {
    std::string text = "1.0\n/triggers/run\n";
    text += flow.pack;
    text += '\n';
    text += flow.name;
    if (!expires.empty()) {
        text += '\n';
        text += expires;
    }
    return to_base64url(hmac_sha256(key, text));
}

std::vector<std::string> segments_of(std::string_view path) {
    std::vector<std::string> out;
    while (true) {
        const std::size_t slash = path.find('/');
        out.emplace_back(path.substr(0, slash));
        if (slash == std::string_view::npos) {
            return out;
        }
        path.remove_prefix(slash + 1);
    }
}

// "/customer/{id}": for people, who put their values in.
std::string with_parameters_open(const model::RequestPath& path) {
    std::string out;
    for (const model::RequestSegment& segment : path.segments) {
        out += '/';
        out +=
            segment.is_parameter ? "{" + segment.text + "}" : http::encode_component(segment.text);
    }
    return out;
}

}  // namespace

std::string signed_query(
    std::string_view key, const AddressedFlow& flow, std::optional<Timestamp> expires
) {
    std::string out = "sp=%2Ftriggers%2Frun&sv=1.0";
    const std::string end = expires ? format_utc(*expires) : std::string();
    if (expires) {
        out += "&se=" + http::encode_component(end);
    }
    return out + "&sig=" + sign(key, flow, end);
}

Signature check_signature(
    const SigningKeys& keys, const AddressedFlow& flow, std::string_view query, Timestamp now
) {
    const std::string given = http::query_value(query, "sig");
    const std::string end = http::query_value(query, "se");
    const auto matches = [&](const std::string& key) {
        return !key.empty() && equal_constant_time(given, sign(key, flow, end));
    };
    if (!matches(keys.primary) && !matches(keys.secondary)) {
        return Signature::kWrong;
    }
    const auto expires = parse_utc(end);
    const bool is_over = !end.empty() && (!expires || *expires <= now);
    return is_over ? Signature::kExpired : Signature::kRight;
}

Result<std::string> relative_path_of(const TriggerInput& wanted, std::string_view wish) {
    if (wish.starts_with('/')) {
        wish.remove_prefix(1);
    }
    const auto* own = wanted.request && wanted.request->path ? &*wanted.request->path : nullptr;
    if (wish.empty()) {
        return own == nullptr ? std::string() : with_parameters_open(*own);
    }
    const std::vector<std::string> segments = segments_of(wish);
    if (own != nullptr && !model::match_path(*own, segments)) {
        return fail(
            ErrorKind::kInvalidInput,
            "TriggerPathNotFound",
            "The path '" + std::string(wish) + "' does not fit the trigger's relative_path '" +
                own->text + "'.",
            "Put a value where it has a parameter in braces."
        );
    }
    std::string out;
    for (const std::string& segment : segments) {
        out += "/" + http::encode_component(segment);
    }
    return out;
}

}  // namespace tideway::runtime
