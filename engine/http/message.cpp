#include "engine/http/message.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include <date/date.h>

namespace tideway::http {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return lower(x) == lower(y);
           });
}

struct StatusName {
    int status;
    std::string_view phrase;
    std::string_view name;  // .NET Framework's, which Power Automate shows; empty where it has none
};

constexpr StatusName kStatusNames[] = {
    {100, "Continue", "Continue"},
    {101, "Switching Protocols", "SwitchingProtocols"},
    {200, "OK", "OK"},
    {201, "Created", "Created"},
    {202, "Accepted", "Accepted"},
    {203, "Non-Authoritative Information", "NonAuthoritativeInformation"},
    {204, "No Content", "NoContent"},
    {205, "Reset Content", "ResetContent"},
    {206, "Partial Content", "PartialContent"},
    {207, "Multi-Status", ""},
    {300, "Multiple Choices", "MultipleChoices"},
    {301, "Moved Permanently", "MovedPermanently"},
    {302, "Found", "Found"},
    {303, "See Other", "SeeOther"},
    {304, "Not Modified", "NotModified"},
    {305, "Use Proxy", "UseProxy"},
    {307, "Temporary Redirect", "TemporaryRedirect"},
    {308, "Permanent Redirect", ""},
    {400, "Bad Request", "BadRequest"},
    {401, "Unauthorized", "Unauthorized"},
    {402, "Payment Required", "PaymentRequired"},
    {403, "Forbidden", "Forbidden"},
    {404, "Not Found", "NotFound"},
    {405, "Method Not Allowed", "MethodNotAllowed"},
    {406, "Not Acceptable", "NotAcceptable"},
    {407, "Proxy Authentication Required", "ProxyAuthenticationRequired"},
    {408, "Request Timeout", "RequestTimeout"},
    {409, "Conflict", "Conflict"},
    {410, "Gone", "Gone"},
    {411, "Length Required", "LengthRequired"},
    {412, "Precondition Failed", "PreconditionFailed"},
    {413, "Content Too Large", "RequestEntityTooLarge"},
    {414, "URI Too Long", "RequestUriTooLong"},
    {415, "Unsupported Media Type", "UnsupportedMediaType"},
    {416, "Range Not Satisfiable", "RequestedRangeNotSatisfiable"},
    {417, "Expectation Failed", "ExpectationFailed"},
    {422, "Unprocessable Content", ""},
    {423, "Locked", ""},
    {424, "Failed Dependency", ""},
    {426, "Upgrade Required", "UpgradeRequired"},
    {428, "Precondition Required", ""},
    {429, "Too Many Requests", ""},
    {431, "Request Header Fields Too Large", ""},
    {500, "Internal Server Error", "InternalServerError"},
    {501, "Not Implemented", "NotImplemented"},
    {502, "Bad Gateway", "BadGateway"},
    {503, "Service Unavailable", "ServiceUnavailable"},
    {504, "Gateway Timeout", "GatewayTimeout"},
    {505, "HTTP Version Not Supported", "HttpVersionNotSupported"},
    {507, "Insufficient Storage", ""},
};

const StatusName* find_status(int status) {
    const auto* found = std::lower_bound(
        std::begin(kStatusNames),
        std::end(kStatusNames),
        status,
        [](const StatusName& row, int wanted) { return row.status < wanted; }
    );
    return found != std::end(kStatusNames) && found->status == status ? found : nullptr;
}

// A longer wait than any retry is worth; keeps arithmetic on foreign numbers from overflowing.
constexpr std::chrono::hours kRetryAfterMax{24 * 366};

std::optional<Timestamp> parse_http_date(std::string_view text) {
    // IMF-fixdate, RFC 850 and asctime: RFC 9110, 5.6.7.
    for (const char* format : {
             "%a, %d %b %Y %H:%M:%S GMT",
             "%A, %d-%b-%y %H:%M:%S GMT",
             "%a %b %e %H:%M:%S %Y",
         }) {
        std::istringstream in{std::string(text)};
        in.imbue(std::locale::classic());
        date::sys_seconds at;
        in >> date::parse(format, at);
        if (!in.fail()) {
            return Timestamp(at);
        }
    }
    return std::nullopt;
}

}  // namespace

void Headers::add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string_view name, std::string value) {
    remove(name);
    fields_.emplace_back(std::string(name), std::move(value));
}

void Headers::remove(std::string_view name) {
    std::erase_if(fields_, [name](const auto& field) { return same_name(field.first, name); });
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
    for (const auto& [field, value] : fields_) {
        if (same_name(field, name)) {
            return value;
        }
    }
    return std::nullopt;
}

std::string Headers::get_or(std::string_view name, std::string_view fallback) const {
    return std::string(get(name).value_or(fallback));
}

std::string_view reason_phrase(int status) {
    const StatusName* row = find_status(status);
    return row != nullptr ? row->phrase : std::string_view("Unknown");
}

std::string status_code_name(int status) {
    const StatusName* row = find_status(status);
    return row != nullptr && !row->name.empty() ? std::string(row->name) : std::to_string(status);
}

std::optional<Duration> retry_after(const Headers& headers, Timestamp now) {
    const auto value = headers.get("Retry-After");
    if (!value || value->empty()) {
        return std::nullopt;
    }
    if (value->find_first_not_of("0123456789") == std::string_view::npos) {
        std::int64_t seconds = 0;
        const auto read = std::from_chars(value->data(), value->data() + value->size(), seconds);
        if (read.ec != std::errc() || seconds > std::chrono::seconds(kRetryAfterMax).count()) {
            return kRetryAfterMax;
        }
        return std::chrono::seconds(seconds);
    }
    const auto at = parse_http_date(*value);
    if (!at) {
        return std::nullopt;
    }
    if (*at <= now) {
        return Duration::zero();
    }
    return std::min<Duration>(*at - now, kRetryAfterMax);
}

}  // namespace tideway::http
