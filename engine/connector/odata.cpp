#include "engine/connector/odata.h"

#include "engine/base/digest.h"
#include "engine/base/uid.h"
#include "engine/http/url.h"

namespace tideway::connector {

std::string stable_guid(std::string_view seed) {
    return Uid::parse(to_hex(sha256(seed)).substr(0, 32)).value_or(Uid()).guid();
}

std::string print_options(const QueryOptions& options) {
    std::string out;
    for (const auto& [name, value] : options) {
        if (!value.empty()) {
            out += (out.empty() ? "?" : "&") + name + "=" + http::encode_component(value);
        }
    }
    return out;
}

std::string option_text(const Json& input, std::string_view key) {
    const Json* value = find(input, key);
    if (value == nullptr || value->is_null()) {
        return {};
    }
    if (value->is_string()) {
        return value->get<std::string>();
    }
    if (!value->is_array()) {
        return dump(*value);
    }
    std::string out;
    for (const Json& item : *value) {
        out += (out.empty() ? "" : ",") + (item.is_string() ? item.get<std::string>() : dump(item));
    }
    return out;
}

std::string quote_literal(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        out += c;
        if (c == '\'') {
            out += c;
        }
    }
    return out + "'";
}

std::string without_slash(std::string_view base_url) {
    while (!base_url.empty() && base_url.back() == '/') {
        base_url.remove_suffix(1);
    }
    return std::string(base_url);
}

bool leads_to(std::string_view link, std::string_view collection_url) {
    const auto a = http::parse_url(link);
    const auto b = http::parse_url(collection_url);
    return a && b && a->scheme == b->scheme && a->host == b->host && a->port == b->port &&
           a->path == b->path;
}

Failed refused(std::string code, std::string message, std::string remedy) {
    Failed failed;
    failed.error.kind = ErrorKind::kInvalidInput;
    failed.error.code = std::move(code);
    failed.error.message = std::move(message);
    failed.error.remedy = std::move(remedy);
    failed.attempt_class = model::AttemptClass::kNotDone;
    return failed;
}

Failed unreadable(
    const http::Response& response, std::string_view what, model::EffectClass effect
) {
    Failed failed;
    failed.error.kind = ErrorKind::kUnavailable;
    failed.error.code = "UnreadableAnswer";
    failed.error.http_status = response.status;
    failed.error.message = "The service answered " + std::to_string(response.status) + " to \"" +
                           std::string(what) + "\" with a body that is not the expected JSON.";
    failed.error.remedy =
        "Check that the base address of the connection is the service itself and "
        "not a sign-in page or a proxy.";
    failed.error.details =
        dump(Json{{"statusCode", response.status}, {"body", response.body.substr(0, 1000)}});
    failed.attempt_class = effect == model::EffectClass::kRead ? model::AttemptClass::kNotDone
                                                               : model::AttemptClass::kInDoubt;
    return failed;
}

}  // namespace tideway::connector
