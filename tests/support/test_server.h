// A real HTTP server for a test, on a free loopback port and a thread of its own.
//
//   TestServer server([](http::ServerRequest request, std::shared_ptr<http::Responder> responder) {
//       responder->send(http::json_response(200, R"({"path":")" + request.path + "\"}"));
//   });
//   client.get(server.base_url() + "/a");
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "engine/http/router.h"
#include "engine/http/server.h"
#include "tests/support/loop_thread.h"

namespace tideway::testing {

// Thread: the test's; the handler runs on the server's. Stops when destroyed.
class TestServer {
  public:
    explicit TestServer(http::Handler handler, http::ServerOptions options = {})
        : scheme_(options.certificate_file.empty() ? "http" : "https") {
        server_ = thread_.run([&]() -> std::unique_ptr<http::Server> {
            auto started =
                http::start_server(thread_.loop(), std::move(options), std::move(handler));
            if (!started) {
                ADD_FAILURE() << started.error().text();
                return nullptr;
            }
            return *std::move(started);
        });
    }

    ~TestServer() { stop(); }

    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    int port() const { return server_ ? server_->port() : 0; }

    std::string base_url() const { return scheme_ + "://127.0.0.1:" + std::to_string(port()); }

    Loop& loop() { return thread_.loop(); }

    // Runs `task` on the server's thread and waits for it.
    template <typename Task>
    auto run(Task task) {
        return thread_.run(std::move(task));
    }

    // Closes the listener and every connection; the port refuses from now on.
    void stop() {
        if (server_) {
            thread_.run([this] { server_.reset(); });
        }
    }

  private:
    std::string scheme_;
    LoopThread thread_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace tideway::testing
