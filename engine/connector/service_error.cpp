// service_error(): one Error out of the many ways in which services say no.
#include <algorithm>
#include <array>
#include <string>

#include "engine/base/json.h"
#include "engine/connector/connector.h"

namespace tideway::connector {
namespace {

constexpr std::size_t kMessageBytesMax = 500;
constexpr std::size_t kDetailBodyBytesMax = 64U << 10U;

struct Said {
    std::string code;
    std::string message;
};

// Cut at a character, not inside one.
std::string shortened(std::string text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) {
        return text;
    }
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;
    }
    text.resize(end);
    return text + "...";
}

// One line without control characters.
std::string one_line(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool blank = static_cast<unsigned char>(c) <= 0x20;
        if (!blank) {
            out += c;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    while (out.ends_with(' ')) {
        out.pop_back();
    }
    return out;
}

std::string text_or_number(const Json& object, std::string_view key) {
    const Json* value = find(object, key);
    if (value == nullptr || value->is_structured() || value->is_null()) {
        return {};
    }
    return value->is_string() ? value->get<std::string>() : dump(*value);
}

// {"error":{"code","message","innerError"}}: the innermost message is the most precise one.
Said from_error_object(const Json& error) {
    Said said{text_or_number(error, "code"), text_or_number(error, "message")};
    const Json* inner = find(error, "innerError");
    for (int depth = 0; inner != nullptr && inner->is_object() && depth < 8; ++depth) {
        const std::string message = text_or_number(*inner, "message");
        if (!message.empty() && message != said.message) {
            said.message += (said.message.empty() ? "" : " ") + message;
        }
        inner = find(*inner, "innerError");
    }
    return said;
}

Said from_json(const Json& body) {
    if (body.is_array() && !body.empty()) {
        return {text_or_number(body[0], "errorCode"), text_or_number(body[0], "message")};
    }
    const Json* error = find(body, "error");
    if (error != nullptr && error->is_object()) {
        return from_error_object(*error);
    }
    if (error != nullptr && error->is_string()) {
        return {error->get<std::string>(), text_or_number(body, "error_description")};
    }
    Said said{text_or_number(body, "code"), text_or_number(body, "message")};
    for (const char* key : {"Message", "description", "detail", "title"}) {
        if (said.message.empty()) {
            said.message = text_or_number(body, key);
        }
    }
    return said;
}

// The title of an HTML page (gateways answer with one), else the text's start.
Said from_text(const std::string& body) {
    const std::string start = body.substr(0, 4096);
    const auto open = start.find("<title>");
    const auto close = start.find("</title>");
    if (open != std::string::npos && close != std::string::npos && open + 7 < close) {
        return {"", one_line(start.substr(open + 7, close - open - 7))};
    }
    return {"", start.starts_with('<') ? std::string() : one_line(start)};
}

ErrorKind kind_of(int status) {
    switch (status) {
        case 401:
            return ErrorKind::kUnauthenticated;
        case 403:
            return ErrorKind::kForbidden;
        case 404:
        case 410:
            return ErrorKind::kNotFound;
        case 408:
        case 504:
            return ErrorKind::kTimeout;
        case 409:
        case 412:
        case 423:
            return ErrorKind::kConflict;
        case 429:
        case 509:
            return ErrorKind::kThrottled;
        case 501:
            return ErrorKind::kInvalidInput;
        default:
            return status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kInvalidInput;
    }
}

std::string remedy_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::kUnauthenticated:
            return "Sign the connection in again.";
        case ErrorKind::kForbidden:
            return "Give the connection's account the right to do this.";
        default:
            return {};
    }
}

Json details_headers(const http::Headers& headers) {
    constexpr std::array<std::string_view, 4> kHidden{
        "set-cookie", "authorization", "proxy-authenticate", "www-authenticate"};
    Json out = Json::object();
    for (const auto& [name, value] : headers) {
        std::string lower = name;
        std::ranges::transform(lower, lower.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        });
        if (std::ranges::find(kHidden, lower) == kHidden.end()) {
            out[name] = value;
        }
    }
    return out;
}

}  // namespace

Error service_error(const http::Response& response, Timestamp now) {
    auto parsed = parse_json(response.body, "answer");
    const bool is_json = parsed.has_value() && parsed->is_structured();
    const Said said = is_json ? from_json(*parsed) : from_text(response.body);
    Error error;
    error.kind = kind_of(response.status);
    error.code = http::status_code_name(response.status);
    error.message = shortened(one_line(said.message), kMessageBytesMax);
    if (error.message.empty()) {
        error.message = "The service answered " + std::to_string(response.status) + " " +
                        std::string(http::reason_phrase(response.status)) +
                        (said.code.empty() ? "" : " (" + said.code + ")") + ".";
    }
    error.remedy = remedy_of(error.kind);
    error.http_status = response.status;
    if (const auto wait = http::retry_after(response.headers, now)) {
        error.retry_after = std::chrono::ceil<std::chrono::milliseconds>(*wait);
    }
    Json details{{"statusCode", response.status}, {"headers", details_headers(response.headers)}};
    details["body"] = is_json && response.body.size() <= kDetailBodyBytesMax
                          ? std::move(*parsed)
                          : Json(shortened(response.body, kDetailBodyBytesMax));
    if (!said.code.empty()) {
        details["serviceCode"] = said.code;
    }
    error.details = dump(details);
    return error;
}

std::string service_code(const Error& error) {
    const auto details = parse_json(error.details, "details");
    return details ? string_or(*details, "serviceCode") : std::string();
}

}  // namespace tideway::connector
