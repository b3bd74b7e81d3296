#include <cstdlib>

#include "engine/http/client.h"
#include "engine/http/url.h"

namespace tideway::http {
namespace {

std::string variable(const char* lower, const char* upper) {
    for (const char* name : {lower, upper}) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in this program changes the environment
        if (const char* value = std::getenv(name); value != nullptr && *value != '\0') {
            return value;
        }
    }
    return {};
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host.ends_with(".localhost") || host == "::1" ||
           (host.starts_with("127.") && is_private_address(host));
}

std::string lower_case(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

// "contoso.com" and ".contoso.com" both stand for the host and what is below it, as curl has it.
bool covers(std::string_view entry, std::string_view host, int port) {
    if (entry == "*") {
        return true;
    }
    if (entry.starts_with("*.")) {
        entry.remove_prefix(1);
    }
    const std::size_t colon = entry.rfind(':');
    const bool has_port = colon != std::string_view::npos && entry.find(':') == colon;
    if (has_port) {
        if (entry.substr(colon + 1) != std::to_string(port)) {
            return false;
        }
        entry = entry.substr(0, colon);
    }
    if (entry.starts_with('.')) {
        entry.remove_prefix(1);
    }
    if (entry.empty()) {
        return false;
    }
    return host == entry || (host.size() > entry.size() && host.ends_with(entry) &&
                             host[host.size() - entry.size() - 1] == '.');
}

}  // namespace

ProxySettings ProxySettings::from_environment() {
    const std::string any = variable("all_proxy", "ALL_PROXY");
    ProxySettings settings{
        .http = variable("http_proxy", "HTTP_PROXY"),
        .https = variable("https_proxy", "HTTPS_PROXY"),
        .no_proxy = variable("no_proxy", "NO_PROXY"),
    };
    settings.http = settings.http.empty() ? any : settings.http;
    settings.https = settings.https.empty() ? any : settings.https;
    return settings;
}

std::string ProxySettings::proxy_for(std::string_view scheme, std::string_view host, int port)
    const {
    const std::string& proxy = scheme == "https" ? https : http;
    if (proxy.empty() || is_loopback(host)) {
        return {};
    }
    const std::string entries = lower_case(no_proxy);
    std::string_view rest = entries;
    while (!rest.empty()) {
        const std::size_t end = rest.find_first_of(", ");
        if (covers(rest.substr(0, end), host, port)) {
            return {};
        }
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    return proxy;
}

}  // namespace tideway::http
