// Outbound HTTP: pools, deadlines, TLS verification, proxies, and a guard on addresses.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "engine/base/crash_points.h"
#include "engine/base/error.h"
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
    Error error;        // kTimeout, kUnavailable, kForbidden (address guard), kLimit, kCancelled
};

using Exchange = tl::expected<Response, TransportError>;

// Thread: the loop that the implementation was made with, for calls and for callbacks.
class Client {
  public:
    virtual ~Client() = default;

    // `done` is called exactly once, later than this call returns. Redirects are not followed: they
    // are answers.
    virtual void send(
        Request request, const NetworkPolicy& policy, std::function<void(Exchange)> done
    ) = 0;
};

struct ClientOptions {
    std::string user_agent = "tideway";
    CrashPoints* crash_points = nullptr;  // borrowed; visited "before send", "after send", "receive"
};

// libcurl's multi interface on an asio loop. HTTP_PROXY and NO_PROXY are honoured.
std::unique_ptr<Client> make_curl_client(Loop& loop, ClientOptions options);

}  // namespace tideway::http
