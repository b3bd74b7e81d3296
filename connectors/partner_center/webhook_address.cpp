#include "connectors/partner_center/webhook_address.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/http/url.h"

namespace tideway::connectors::partner_center {
namespace {

// "10.0.0.7", and what resolvers take for an address as well: "2130706433", "0x7f.1".
bool is_numeric(std::string_view host) {
    const auto last = host.substr(host.rfind('.') + 1);
    return !last.empty() && last.front() >= '0' && last.front() <= '9';
}

bool is_dotted_address(std::string_view host) {
    const bool plain =
        std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
    return plain && std::ranges::count(host, '.') == 3;
}

bool is_local_name(std::string_view host) {
    constexpr std::array<std::string_view, 5> kLocal{
        ".localhost", ".local", ".internal", ".lan", ".home.arpa"};
    return host.find('.') == std::string_view::npos ||
           std::ranges::any_of(kLocal, [host](std::string_view end) {
               return host.ends_with(end);
           });
}

// Why nobody outside reaches the host; empty: somebody may.
std::string problem_of(std::string host) {
    if (host.ends_with('.')) {
        host.pop_back();
    }
    const bool is_address = host.find(':') != std::string::npos || is_numeric(host);
    if (http::is_private_address(host)) {
        return "it is an address of this machine or of a private network";
    }
    if (is_address && host.find(':') == std::string::npos && !is_dotted_address(host)) {
        return "'" + host + "' is no public host name";
    }
    if (!is_address && is_local_name(host)) {
        return "'" + host + "' is a name of this machine or of a private network";
    }
    return {};
}

}  // namespace

Status check_webhook_address(const std::string& address, const Json& settings) {
    if (bool_or(settings, "is_sandbox", false)) {
        return {};
    }
    std::string problem;
    const auto url = http::parse_url(address);
    if (!url) {
        problem = "it is no web address";
    } else if (url->scheme != "https") {
        problem = "it is not https";
    } else {
        problem = problem_of(url->host);
    }
    if (problem.empty()) {
        return {};
    }
    return fail(
        ErrorKind::kInvalidInput,
        "WebhookAddressRefused",
        "Partner Center cannot send events to " + address + ": " + problem + ".",
        "Give the flow's HTTP POST URL under the server's public https address (public_url in "
        "config.json, docs/network.md); other addresses only work with the sandbox."
    );
}

}  // namespace tideway::connectors::partner_center
