// A real HTTP client on a loop thread of its own, used as if it blocked.
#pragma once

#include <future>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "engine/http/client.h"
#include "tests/support/loop_thread.h"

namespace tideway::testing {

// Thread: the test's.
class ClientThread {
  public:
    explicit ClientThread(http::ClientOptions options = {}) {
        thread_.run([&] { client_ = http::make_curl_client(thread_.loop(), std::move(options)); });
    }

    ~ClientThread() { destroy(); }

    ClientThread(const ClientThread&) = delete;
    ClientThread& operator=(const ClientThread&) = delete;

    // What a test on loopback needs.
    static http::NetworkPolicy local() {
        return http::NetworkPolicy{.allow_private = true, .allow_plain_http = true};
    }

    std::future<http::Exchange> start(
        http::Request request, http::NetworkPolicy policy = ClientThread::local()
    ) {
        auto promise = std::make_shared<std::promise<http::Exchange>>();
        auto future = promise->get_future();
        thread_.run([&] {
            client_->send(std::move(request), policy, [promise](http::Exchange exchange) {
                promise->set_value(std::move(exchange));
            });
        });
        return future;
    }

    http::Exchange send(http::Request request, http::NetworkPolicy policy = ClientThread::local()) {
        return start(std::move(request), std::move(policy)).get();
    }

    http::Exchange get(std::string url, http::NetworkPolicy policy = ClientThread::local()) {
        return send(http::Request{.url = std::move(url)}, std::move(policy));
    }

    http::Client& client() { return *client_; }

    template <typename Task>
    auto run(Task task) {
        return thread_.run(std::move(task));
    }

    // Requests in flight are dropped.
    void destroy() {
        thread_.run([this] { client_.reset(); });
    }

  private:
    LoopThread thread_;
    std::unique_ptr<http::Client> client_;
};

}  // namespace tideway::testing
