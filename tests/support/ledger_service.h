// A service of the outside world that counts what was really done to it. Tests make it misbehave by
// a plan of answers for the next requests. Its connector is beside it (ledger_connector.h).
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/http/router.h"
#include "engine/http/url.h"
#include "tests/support/test_server.h"

namespace tideway::testing {

// How the service treats one request.
// kAccept: done, and told with 202 that it is still to be done.
// kUsedUp: no requests are left, told with 403. kHold: done, and answered by release().
enum class Treatment {
    kDo,
    kHold,
    kAccept,
    kBreak,
    kRefuse,
    kBusy,
    kUsedUp,
    kCutBefore,
    kCutAfter,
    kDown,
    kUnknownCaller
};

// Thread: any; the handler runs on the server's.
class LedgerService {
  public:
    LedgerService()
        : server_([this](http::ServerRequest request, std::shared_ptr<http::Responder> responder) {
              handle(std::move(request), std::move(responder));
          }) {}

    // A responder does not outlive the loop of its server: nothing is held any more from here on.
    ~LedgerService() {
        server_.run([this] {
            plans_.clear();
            always_ = Treatment::kDo;
            held_.clear();
        });
    }

    LedgerService(const LedgerService&) = delete;
    LedgerService& operator=(const LedgerService&) = delete;

    std::string url() const { return server_.base_url(); }

    // The next requests with this path are treated so, one each; then all are done.
    void plan(const std::string& path, std::vector<Treatment> treatments) {
        server_.run([&] {
            for (const Treatment treatment : treatments) {
                plans_[path].push_back(treatment);
            }
        });
    }

    void forget_plans() {
        server_.run([this] { plans_.clear(); });
    }

    // Every request without a plan is treated so from now on.
    void always(Treatment treatment) {
        server_.run([&] { always_ = treatment; });
    }

    // What was really done, in order: "post 7".
    std::vector<std::string> done() {
        return server_.run([this] { return done_; });
    }

    // Requests that were done and are not answered yet.
    std::size_t held() {
        return server_.run([this] { return held_.size(); });
    }

    void release() {
        server_.run([this] {
            for (const auto& [answer, responder] : held_) {
                responder->send(http::json_response(200, answer));
            }
            held_.clear();
        });
    }

    void add_entry(const std::string& text) {
        server_.run([&] { entries_.push_back(text); });
    }

    // What the next subscriptions say of their end.
    void let_subscriptions_expire(const std::string& at) {
        server_.run([&] { subscriptions_expire_ = at; });
    }

    // What the next polls hear of the time of the one after: {"next_in_s": 10}.
    void let_polls_say(const Json& wish) {
        server_.run([&] { poll_wish_ = wish; });
    }

    // What is there to be looked at.
    void set_there(const std::string& json) {
        server_.run([&] { there_ = json; });
    }

    // The one address that it calls for everybody.
    void set_registered(const std::string& url) {
        server_.run([&] { registered_ = url; });
    }

    std::size_t requests() {
        return server_.run([this] { return requests_; });
    }

  private:
    void handle(http::ServerRequest request, std::shared_ptr<http::Responder> keep) {
        http::Responder& responder = *keep;
        ++requests_;
        auto& plan = plans_[request.path];
        Treatment treatment = always_;
        if (!plan.empty()) {
            treatment = plan.front();
            plan.pop_front();
        }
        switch (treatment) {
            case Treatment::kRefuse:
                responder.send(http::json_response(
                    400, R"({"error":{"code":"bad","message":"The ledger says no."}})"
                ));
                return;
            case Treatment::kBreak:
                responder.send(http::json_response(
                    500, R"({"error":{"code":"broken","message":"The ledger is broken."}})"
                ));
                return;
            case Treatment::kBusy:
                responder.send(
                    http::json_response(429, R"({"error":{"code":"busy","message":"Later."}})")
                );
                return;
            case Treatment::kUsedUp:
                responder.send(http::json_response(
                    403, R"({"error":{"code":"used_up","message":"Nothing is left today."}})"
                ));
                return;
            case Treatment::kDown:
                responder.send(http::json_response(
                    503, R"({"error":{"code":"down","message":"Maintenance."}})"
                ));
                return;
            case Treatment::kUnknownCaller:
                responder.send(
                    http::json_response(401, R"({"error":{"code":"who","message":"Who are you?"}})")
                );
                return;
            case Treatment::kCutBefore:
                responder.cut();
                return;
            case Treatment::kCutAfter:
                act(request);
                responder.cut();
                return;
            case Treatment::kHold:
                held_.emplace_back(act(request), std::move(keep));
                return;
            case Treatment::kAccept:
                responder.send(http::json_response(202, act(request)));
                return;
            case Treatment::kDo:
                responder.send(http::json_response(200, act(request)));
                return;
        }
    }

    std::string act(const http::ServerRequest& request) {
        if (request.path == "/probe") {
            const auto it = by_key_.find(request.query);
            return it == by_key_.end() ? R"({"found":false})"
                                       : R"({"found":true,"output":)" + it->second + "}";
        }
        if (request.path == "/read") {
            return R"({"entries":)" + std::to_string(done_.size()) + "}";
        }
        if (request.path == "/look") {
            return there_;
        }
        if (request.path == "/registered") {
            return dump(Json{{"url", registered_}});
        }
        if (request.path == "/entries") {
            return page(request.query);
        }
        if (request.path == "/outcome") {
            return R"({"outcome":"made"})";
        }
        done_.push_back(request.path.substr(1) + " " + request.body);
        if (request.path == "/subscribe") {
            Json subscription = {{"id", "s" + std::to_string(done_.size())}};
            if (!subscriptions_expire_.empty()) {
                subscription["expires"] = subscriptions_expire_;
            }
            return dump(subscription);
        }
        const std::string output = R"({"id":")" + std::to_string(done_.size()) + R"("})";
        by_key_[request.headers.get_or("Idempotency-Key", "")] = output;
        return output;
    }

    // "?after=2&most=10"; without `after` no entries, only how many there are.
    std::string page(const std::string& query) {
        const auto number = [&query](const char* name) {
            return std::stoul("0" + http::query_value(query, name));
        };
        Json out = {{"entries", Json::array()}, {"count", entries_.size()}, {"wish", poll_wish_}};
        if (!http::query_value(query, "after").empty()) {
            const std::size_t end = std::min(entries_.size(), number("after") + number("most"));
            for (std::size_t i = number("after"); i < end; ++i) {
                out["entries"].push_back(entries_[i]);
            }
        }
        return dump(out);
    }

    std::vector<std::string> entries_;
    std::string subscriptions_expire_;
    Json poll_wish_ = Json::object();
    std::string registered_;
    std::string there_ = "{}";
    std::map<std::string, std::deque<Treatment>> plans_;
    Treatment always_ = Treatment::kDo;
    std::vector<std::pair<std::string, std::shared_ptr<http::Responder>>> held_;
    std::vector<std::string> done_;
    std::map<std::string, std::string> by_key_;
    std::size_t requests_ = 0;
    TestServer server_;
};

}  // namespace tideway::testing
