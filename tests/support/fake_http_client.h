// An http::Client that records what it is given and answers by script. A request beyond the script
// stays open until reply().
#pragma once

#include <deque>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/loop.h"
#include "engine/http/client.h"
#include "engine/http/url.h"

namespace tideway::testing_support {

// Thread: the loop's.
class FakeHttpClient final : public http::Client {
  public:
    explicit FakeHttpClient(Executor& loop) : loop_(loop) {}

    struct Sent {
        http::Request request;
        http::NetworkPolicy policy;

        // A field of the form that was posted; "" when it is not there.
        std::string form(std::string_view name) const {
            for (const auto& [key, value] : http::parse_query(request.body)) {
                if (key == name) {
                    return value;
                }
            }
            return {};
        }
    };

    void send(
        http::Request request, const http::NetworkPolicy& policy,
        std::function<void(http::Exchange)> done
    ) override {
        sent.push_back({std::move(request), policy});
        open_.push_back(std::move(done));
        if (!script_.empty()) {
            http::Exchange next = std::move(script_.front());
            script_.pop_front();
            reply(std::move(next));
        }
    }

    // What the next request without an answer gets.
    void will_answer(http::Exchange exchange) { script_.push_back(std::move(exchange)); }
    void will_answer(int status, std::string body, http::Headers headers = {}) {
        will_answer(http::Response{status, std::move(headers), std::move(body)});
    }

    // Answers the oldest open request.
    void reply(http::Exchange exchange) {
        if (open_.empty()) {
            throw std::logic_error("no request is open");
        }
        loop_.post([done = std::move(open_.front()), exchange = std::move(exchange)] {
            done(exchange);
        });
        open_.pop_front();
    }
    void reply(int status, std::string body) {
        reply(http::Response{status, {}, std::move(body)});
    }

    static http::Exchange trouble(ErrorKind kind, std::string message) {
        http::TransportError error;
        error.error.kind = kind;
        error.error.code = "Trouble";
        error.error.message = std::move(message);
        return tl::unexpected<http::TransportError>(std::move(error));
    }

    std::size_t open_requests() const { return open_.size(); }

    std::vector<Sent> sent;

  private:
    Executor& loop_;
    std::deque<http::Exchange> script_;
    std::deque<std::function<void(http::Exchange)>> open_;
};

}  // namespace tideway::testing_support
