#include "connectors/http/web_request.h"

#include <algorithm>
#include <array>
#include <map>

#include "engine/base/digest.h"
#include "engine/http/url.h"

namespace tideway::connectors::http {
namespace {

namespace web = ::tideway::http;

tl::unexpected<Error> refuse(std::string message, std::string remedy) {
    return fail(ErrorKind::kInvalidInput, "BadRequest", std::move(message), std::move(remedy));
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    return out;
}

std::string scalar_text(const Json& value) {
    return value.is_string() ? value.get<std::string>() : dump(value);
}

bool has_scheme(std::string_view uri) {
    const auto colon = uri.find(':');
    return colon != std::string_view::npos && colon < uri.find_first_of("/?#");
}

// "{base_url}" + relative address. An absolute address stays.
Result<std::string> absolute(const std::string& uri, const Json& settings) {
    if (has_scheme(uri)) {
        return uri;
    }
    std::string base = string_or(settings, "base_url");
    if (base.empty() || uri.starts_with("//")) {
        return refuse(
            "'" + uri + "' is not an absolute address.",
            "Write https://..., or set the connection's 'base_url'."
        );
    }
    while (base.ends_with('/')) {
        base.pop_back();
    }
    return base + (uri.starts_with('/') ? "" : "/") + uri;
}

Result<std::string> address(const Json& input, const Json& settings) {
    TIDEWAY_TRY_ASSIGN(std::string url, absolute(string_or(input, "uri"), settings));
    url.erase(std::min(url.find('#'), url.size()));
    web::QueryFields fields;
    if (const Json* queries = find(input, "queries"); queries != nullptr && queries->is_object()) {
        for (const auto& [name, value] : queries->items()) {
            if (!value.is_null()) {
                fields.emplace_back(name, scalar_text(value));
            }
        }
    }
    if (!fields.empty()) {
        url += (url.find('?') == std::string::npos ? "?" : "&") + web::print_query(fields);
    }
    const bool odd = std::ranges::any_of(url, [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '\\';
    });
    const auto parsed = web::parse_url(url);
    if (odd || !parsed || (parsed->scheme != "https" && parsed->scheme != "http")) {
        return refuse(
            "'" + url + "' is not an address that can be called.",
            "Write https://host/path; encode blanks and special characters (uri.encode)."
        );
    }
    return url;
}

// Letters, digits and the marks that RFC 9110 allows in a field name.
bool is_token(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

Status add_headers(const Json& input, web::Request& request) {
    constexpr std::array<std::string_view, 8> kOwn{
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "upgrade",
        "expect",
        "te",
        "trailer"};
    const Json* headers = find(input, "headers");
    if (headers == nullptr || !headers->is_object()) {
        return {};
    }
    for (const auto& [name, value] : headers->items()) {
        const std::string text = scalar_text(value);
        if (!is_token(name) || std::ranges::find(kOwn, lower(name)) != kOwn.end()) {
            return refuse("The header '" + name + "' cannot be set.", "Leave it out.");
        }
        const bool odd = std::ranges::any_of(text, [](char c) {
            return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
        });
        if (odd) {
            return refuse(
                "The header '" + name + "' holds control characters.", "Remove line breaks."
            );
        }
        request.headers.set(name, text);
    }
    return {};
}

void add_body(const Json& input, web::Request& request) {
    const Json* body = find(input, "body");
    if (body == nullptr) {
        return;
    }
    request.body = scalar_text(*body);
    if (!request.headers.get("Content-Type")) {
        request.headers.set(
            "Content-Type", body->is_string() ? "text/plain; charset=utf-8" : "application/json"
        );
    }
}

bool is_utf8(std::string_view text) {
    try {
        return !Json(std::string(text)).dump().empty();  // raises on anything else
    } catch (const std::exception&) {
        return false;
    }
}

bool is_json_type(std::string_view type) {
    return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

// The body as JSON text.
std::string print_body(const web::Response& response) {
    if (response.body.empty()) {
        return "null";
    }
    const std::string content_type = response.headers.get_or("Content-Type", "");
    std::string type = lower(std::string_view(content_type).substr(0, content_type.find(';')));
    while (type.ends_with(' ')) {
        type.pop_back();
    }
    // The bytes themselves go on, so that numbers keep every digit.
    if (is_json_type(type) && parse_json(response.body, "body")) {
        return response.body;
    }
    const bool text = type.empty() || type.starts_with("text/") || is_json_type(type) ||
                      type == "application/xml" || type.ends_with("+xml") ||
                      type == "application/x-www-form-urlencoded";
    if (text && is_utf8(response.body)) {
        return quote_json(response.body);
    }
    return dump(Json{
        {"$content-type", content_type.empty() ? "application/octet-stream" : content_type},
        {"$content", to_base64(response.body)}});
}

}  // namespace

Result<web::Request> build_request(
    const std::string& method, const Json& input, const Json& settings
) {
    web::Request request;
    request.method = method;
    TIDEWAY_TRY_ASSIGN(request.url, address(input, settings));
    TIDEWAY_TRY(add_headers(input, request));
    add_body(input, request);
    return request;
}

Payload print_response(const web::Response& response) {
    Json headers = Json::object();
    for (const auto& [name, value] : response.headers) {
        const auto known = headers.find(name);
        headers[name] = known == headers.end() ? value : known->get<std::string>() + "," + value;
    }
    return Payload(
        "{\"body\":" + print_body(response) + ",\"headers\":" + dump(headers) +
        ",\"statusCode\":" + std::to_string(response.status) + "}"
    );
}

bool same_origin(std::string_view url, std::string_view other) {
    const auto one = web::parse_url(url);
    const auto two = web::parse_url(other);
    return one && two && one->scheme == two->scheme && one->host == two->host &&
           one->port == two->port;
}

connector::Send to_send(web::Request request, const Json& settings) {
    connector::Send send;
    send.audience = same_origin(request.url, string_or(settings, "base_url")) ? "service" : "";
    send.request = std::move(request);
    return send;
}

std::string resolve_location(std::string_view url, std::string_view location) {
    location = location.substr(0, location.find('#'));
    if (location.empty()) {
        return {};
    }
    if (has_scheme(location)) {
        return std::string(location);
    }
    const auto scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos) {
        return {};
    }
    if (location.starts_with("//")) {
        return std::string(url.substr(0, scheme_end + 1)) + std::string(location);
    }
    const std::string_view without_query = url.substr(0, url.find_first_of("?#"));
    const auto path_at = std::min(without_query.find('/', scheme_end + 3), without_query.size());
    if (location.starts_with('/')) {
        return std::string(without_query.substr(0, path_at)) + std::string(location);
    }
    if (location.starts_with('?')) {
        return std::string(without_query) + std::string(location);
    }
    const auto slash = without_query.rfind('/');
    const std::string_view folder =
        slash < path_at ? without_query : without_query.substr(0, slash);
    return std::string(folder) + "/" + std::string(location);
}

}  // namespace tideway::connectors::http
