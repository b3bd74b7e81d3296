// The command line's own client of the running server. Blocking.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/app/host.h"
#include "engine/base/json.h"
#include "engine/base/loop.h"
#include "engine/base/result.h"
#include "engine/http/client.h"

namespace tideway::app {

struct ServerAddress {
    std::string url = "http://127.0.0.1:7171";
    std::string token;
    std::string confirmation{};  // the environment's name, if somebody said it
    // Asked when the server wants that name; null: nobody is there to say it.
    std::function<Result<std::string>(const Error& refusal)> ask{};
};

// Sends one request and waits. Thread: one.
class BlockingHttp {
  public:
    explicit BlockingHttp(const std::shared_ptr<Host>& host = std::make_shared<Host>());
    ~BlockingHttp();
    BlockingHttp(const BlockingHttp&) = delete;
    BlockingHttp& operator=(const BlockingHttp&) = delete;

    Result<http::Response> send(http::Request request, const http::NetworkPolicy& policy);
    void run();  // the loop, until somebody stops it

    Loop& loop() { return loop_; }

    http::Client& client() { return *client_; }

  private:
    Loop loop_;
    std::unique_ptr<http::Client> client_;
};

class ApiClient {
  public:
    explicit ApiClient(
        ServerAddress address, const std::shared_ptr<Host>& host = std::make_shared<Host>()
    )
        : address_(std::move(address)),
          http_(host) {}

    // `path` below /api/v1. An error answer becomes the Error it was made from. What a production
    // environment refuses without its name is asked for, and sent again with it.
    Result<Json> call(const std::string& method, const std::string& path, const Json& body = {});

    Result<Json> get(const std::string& path) { return call("GET", path); }

    Result<Json> post(const std::string& path, const Json& body = Json::object()) {
        return call("POST", path, body);
    }

    const ServerAddress& address() const { return address_; }

    // How long a call may take from now on.
    void set_timeout(Duration timeout) { timeout_ = timeout; }

    // Called once of each call that takes longer than a moment.
    void when_slow(std::function<void()> tell) { tell_slow_ = std::move(tell); }

  private:
    Result<Json> call_once(const std::string& method, const std::string& path, const Json& body);

    ServerAddress address_;
    Duration timeout_ = http::Request().timeout;
    std::function<void()> tell_slow_;
    BlockingHttp http_;
};

}  // namespace tideway::app
