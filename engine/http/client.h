// Outbound HTTP: pools, deadlines, TLS verification, proxies, and a guard on addresses.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "engine/base/crash_points.h"
#include "engine/base/error.h"
#include "engine/base/limits.h"
#include "engine/base/loop.h"
#include "engine/http/message.h"

namespace tideway::http {

// Which addresses a request may reach. Requests with different rules never share a pool.
struct NetworkPolicy {
    bool allow_private = false;     // loopback, private and link-local addresses
    bool allow_plain_http = false;  // http:// as well as https://
    std::vector<std::string> allowed_hosts;  // empty: any; "*.microsoft.com" matches sub-domains
    std::string ca_file;                     // extra trusted certificates, or empty

    friend bool operator==(const NetworkPolicy&, const NetworkPolicy&) = default;
};

// No complete answer came.
struct TransportError {
    bool sent = false;  // some byte of the request may have left: the effect is in doubt
    // kTimeout, kUnavailable, kForbidden (address guard, allowed hosts, plain http), kLimit, and
    // kInvalidInput for a request that cannot be one (URL, method, header, ca_file).
    Error error;
};

using Exchange = tl::expected<Response, TransportError>;

// Thread: the loop that the implementation was made with, for calls and for callbacks.
class Client {
  public:
    virtual ~Client() = default;

    // `done` is called exactly once, later than this call returns; never after the client is gone:
    // its destructor drops the requests in flight, and their `done` with them. `done` may send more
    // or destroy the client. Redirects are not followed: they are answers.
    virtual void send(
        Request request, const NetworkPolicy& policy, std::function<void(Exchange)> done
    ) = 0;
};

// As in the variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY (or their lower-case names). Loopback is
// never asked of a proxy. What a proxy resolves, the address guard cannot see: then only addresses
// written in the URL are checked.
struct ProxySettings {
    std::string http;      // "http://proxy:3128", or empty
    std::string https;     // the proxy for https:// URLs, or empty
    std::string no_proxy;  // "contoso.local, .fabrikam.com, 10.0.0.1, *"

    static ProxySettings from_environment();
    // The proxy for this target, or empty.
    std::string proxy_for(std::string_view scheme, std::string_view host, int port) const;
};

struct ClientOptions {
    std::string user_agent = "tideway";
    CrashPoints* crash_points = nullptr;  // borrowed; visited "before send", "after send", "receive"
    std::size_t response_bytes_max = limits::kResponseBodyBytesMax;
    Duration connect_timeout = limits::kConnectTimeout;  // name lookup, connect, TLS handshake
    ProxySettings proxies = ProxySettings::from_environment();
};

// libcurl's multi interface on an asio loop.
std::unique_ptr<Client> make_curl_client(Loop& loop, ClientOptions options);

}  // namespace tideway::http
