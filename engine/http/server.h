// Inbound HTTP/1.1 over plain TCP or TLS: limits, keep-alive, chunked bodies, server-sent events.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/limits.h"
#include "engine/base/log.h"
#include "engine/base/loop.h"
#include "engine/base/result.h"
#include "engine/http/message.h"

namespace tideway::http {

struct ServerRequest {
    std::string method;
    std::string target;  // as sent: "/a%20b?x=1"
    std::string path;    // decoded per segment by the router; here still encoded, without the query
    std::string query;   // without '?'
    Headers headers;
    std::string body;
    std::string remote_address;                 // "127.0.0.1"
    std::map<std::string, std::string> params;  // filled by the router, decoded
};

// The writing end of a server-sent event stream. Thread: any. Sending to a closed stream does
// nothing.
class EventStream {
  public:
    virtual ~EventStream() = default;
    virtual void send(std::string_view event, std::string_view data) = 0;  // data: one JSON text
    virtual bool is_open() const = 0;
    virtual void close() = 0;
};

// How a handler answers; exactly one of send(), stream() and cut() is called, at any time and from
// any thread; a second answer is dropped. A responder that goes without an answer sends 500. It may
// outlive the server (then nobody is answered), not the loop.
class Responder {
  public:
    virtual ~Responder() = default;
    virtual void send(Response response) = 0;
    virtual std::shared_ptr<EventStream> stream() = 0;
    // For sandboxes that misbehave: closes the connection without an answer.
    virtual void cut() = 0;
};

// Thread: the server's loop.
using Handler = std::function<void(ServerRequest, std::shared_ptr<Responder>)>;

// A request that no handler sees, because it is too large or no valid HTTP; without its body.
// Thread: the server's loop.
using RefusedListener = std::function<void(const ServerRequest& request, const Error& error)>;

struct ServerOptions {
    std::string address = "127.0.0.1";
    int port = 0;                       // 0: any free one, see Server::port()
    std::string certificate_file = {};  // PEM; both or none
    std::string key_file = {};
    std::size_t body_bytes_max = limits::kRequestBodyBytesMax;
    std::size_t connections_max = limits::kServerConnectionsMax;
    Duration read_timeout = limits::kRequestReadTimeout;     // also of the TLS handshake
    Duration idle_timeout = limits::kIdleConnectionTimeout;  // also of a write without progress
    Duration stream_comment_interval = limits::kStreamCommentInterval;
    Log* log = nullptr;  // borrowed; says what a handler threw
    RefusedListener on_refused = {};
};

// Accepts from start() on; the destructor closes everything. Thread: the loop's.
class Server {
  public:
    virtual ~Server() = default;
    virtual int port() const = 0;
};

// Fails when the address is in use (code "AddressInUse", names it) or a certificate cannot be read.
Result<std::unique_ptr<Server>> start_server(Loop& loop, ServerOptions options, Handler handler);

}  // namespace tideway::http
