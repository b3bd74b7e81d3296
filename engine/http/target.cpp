// check_target(): what is refused before anything is sent.
#include <algorithm>
#include <charconv>
#include <memory>

#include <curl/curl.h>

#include "engine/http/http_transfer.h"
#include "engine/http/transport_failure.h"
#include "engine/http/url.h"

namespace tideway::http {
namespace {

struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

using UrlHandle = std::unique_ptr<CURLU, FreeUrl>;

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, which, &text, flags) != CURLUE_OK) {
        return {};
    }
    std::string out(text);
    curl_free(text);
    return out;
}

std::string lower_case(std::string text) {
    for (char& c : text) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
}

bool is_token(std::string_view text) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [kMarks](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kMarks.find(c) != std::string_view::npos;
    });
}

bool breaks_line(std::string_view text) {
    constexpr std::string_view kBreaks("\r\n\0", 3);
    return text.find_first_of(kBreaks) != std::string_view::npos;
}

Status check_form(const Request& request) {
    if (!is_token(request.method)) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidMethod",
            "'" + request.method + "' is not an HTTP method.",
            "Use GET, POST, PUT, PATCH or DELETE."
        );
    }
    for (const auto& [name, value] : request.headers) {
        if (!is_token(name) || breaks_line(value)) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidHeader",
                "The header '" + name.substr(0, 100) + "' cannot be sent.",
                "Names are letters, digits and '-'; values are one line."
            );
        }
    }
    return {};
}

tl::unexpected<Error> invalid_url(std::string_view why) {
    // The URL itself is not shown: it may carry a signature.
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidUrl",
        "The URL cannot be used: " + std::string(why) + ".",
        "Write https://host/path?query, with special characters percent-encoded."
    );
}

Result<Target> parse_target(const std::string& text) {
    const UrlHandle url(curl_url());
    if (text.find('\0') != std::string::npos) {
        return invalid_url("it has a zero byte");
    }
    const CURLUcode parsed = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_PATH_AS_IS);
    if (parsed != CURLUE_OK) {
        return invalid_url(curl_url_strerror(parsed));
    }
    if (!part(url.get(), CURLUPART_USER).empty() || !part(url.get(), CURLUPART_PASSWORD).empty()) {
        return invalid_url("it has a user name or password");
    }
    Target target;
    target.scheme = lower_case(part(url.get(), CURLUPART_SCHEME));
    target.host = lower_case(part(url.get(), CURLUPART_HOST));
    if (target.scheme != "https" && target.scheme != "http") {
        return invalid_url("only https:// and http:// are known");
    }
    const std::string port = part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    std::from_chars(port.data(), port.data() + port.size(), target.port);
    target.name = target.host;
    if (target.port != (target.scheme == "https" ? 443 : 80)) {
        target.name += ":" + port;
    }
    if (target.host.size() > 2 && target.host.front() == '[') {
        target.host = target.host.substr(1, target.host.size() - 2);
    }
    if (target.host.ends_with('.')) {
        target.host.pop_back();
    }
    return target;
}

bool is_allowed(const std::vector<std::string>& allowed_hosts, std::string_view host) {
    return allowed_hosts.empty() ||
           std::any_of(
               allowed_hosts.begin(),
               allowed_hosts.end(),
               [host](const std::string& entry) {
                   const std::string pattern = lower_case(entry);
                   if (pattern.starts_with("*.")) {
                       const std::string_view suffix = std::string_view(pattern).substr(1);
                       return host.size() > suffix.size() && host.ends_with(suffix);
                   }
                   return host == pattern;
               }
           );
}

}  // namespace

Result<Target> check_target(
    const Request& request, const NetworkPolicy& policy, const ProxySettings& proxies
) {
    TIDEWAY_TRY(check_form(request));
    TIDEWAY_TRY_ASSIGN(Target target, parse_target(request.url));
    if (target.scheme == "http" && !policy.allow_plain_http) {
        return fail(
            ErrorKind::kForbidden,
            "PlainHttpForbidden",
            "The request to " + target.name + " was not sent: http:// is not encrypted.",
            "Use https://, or allow it on the connection (allow_plain_http) if that is what you "
            "want."
        );
    }
    if (!is_allowed(policy.allowed_hosts, target.host)) {
        return fail(
            ErrorKind::kForbidden,
            "HostForbidden",
            "The request to " + target.name +
                " was not sent: the host is not one of those allowed here.",
            "Add it to the allowed hosts of the connection if that is what you want."
        );
    }
    if (!policy.allow_private && is_private_address(target.host)) {
        return fail(address_forbidden(target.name, target.host).error);
    }
    target.proxy = proxies.proxy_for(target.scheme, target.host, target.port);
    return target;
}

}  // namespace tideway::http
