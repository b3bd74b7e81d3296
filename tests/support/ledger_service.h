// A service of the outside world that counts what was really done to it, and a connector for it:
//   ledger.read{}                  read
//   ledger.set{name,value}         idempotent
//   ledger.post{key?,value}        once, with a probe by idempotency key
//   ledger.shout{value}            once, no probe: parks when in doubt
//   trigger ledger_entries         polls what was put with add_entry()
//   trigger ledger_watch           subscribes
// Tests make it misbehave by a plan of answers for the next requests.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/connector/chained_exchange.h"
#include "engine/connector/connector.h"
#include "engine/http/router.h"
#include "engine/http/url.h"
#include "tests/support/test_server.h"

namespace tideway::testing {

inline constexpr const char* kLedgerSpec = R"({
 "id":"ledger","title":"Ledger","summary":"Counts","status":"stable","auth":["none"],
 "settings":{"type":"object"},
 "operations":[
  {"id":"read","title":"Read","summary":"Reads","effect":"read","input":{"type":"object"},"output":{}},
  {"id":"set","title":"Set","summary":"Sets","effect":"idempotent","already_done":[],
   "input":{"type":"object","properties":{"name":{"type":"string"},"value":{}},"required":["name"]},
   "output":{},"object":"entry","record_id":"/name","fields":"/value"},
  {"id":"post","title":"Post","summary":"Posts once","effect":"once","probe":true,"creates":true,
   "input":{"type":"object"},"output":{},"object":"entry","record_id":"output:/id"},
  {"id":"shout","title":"Shout","summary":"Once, unknown after","effect":"once","park":true,
   "input":{"type":"object"},"output":{}}],
 "triggers":[
  {"id":"entries","title":"Entries","kind":"polling","poll_interval_s":60,
   "config":{"type":"object","properties":{"prefix":{"type":"string"}}},"event":{}},
  {"id":"watch","title":"Watch","kind":"webhook","subscribes":true,
   "config":{"type":"object"},"event":{}}]})";

// How the service treats one request.
enum class Treatment { kDo, kRefuse, kBusy, kCutBefore, kCutAfter, kDown, kUnknownCaller };

// Thread: any; the handler runs on the server's.
class LedgerService {
  public:
    LedgerService()
        : server_([this](http::ServerRequest request, std::shared_ptr<http::Responder> responder) {
              handle(std::move(request), *responder);
          }) {}

    std::string url() const { return server_.base_url(); }

    // The next requests with this path are treated so, one each; then all are done.
    void plan(const std::string& path, std::vector<Treatment> treatments) {
        server_.run([&] {
            for (const Treatment treatment : treatments) {
                plans_[path].push_back(treatment);
            }
        });
    }

    // Every request without a plan is treated so from now on.
    void always(Treatment treatment) {
        server_.run([&] { always_ = treatment; });
    }

    // What was really done, in order: "post 7".
    std::vector<std::string> done() {
        return server_.run([this] { return done_; });
    }

    void add_entry(const std::string& text) {
        server_.run([&] { entries_.push_back(text); });
    }

    // What the next subscriptions say of their end.
    void let_subscriptions_expire(const std::string& at) {
        server_.run([&] { subscriptions_expire_ = at; });
    }

    std::size_t requests() {
        return server_.run([this] { return requests_; });
    }

  private:
    void handle(http::ServerRequest request, http::Responder& responder) {
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
            case Treatment::kBusy:
                responder.send(
                    http::json_response(429, R"({"error":{"code":"busy","message":"Later."}})")
                );
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
        if (request.path == "/entries") {
            return page(request.query);
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
        Json out = {{"entries", Json::array()}, {"count", entries_.size()}};
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
    std::map<std::string, std::deque<Treatment>> plans_;
    Treatment always_ = Treatment::kDo;
    std::vector<std::string> done_;
    std::map<std::string, std::string> by_key_;
    std::size_t requests_ = 0;
    TestServer server_;
};

class LedgerConnector final : public connector::Connector {
  public:
    explicit LedgerConnector(std::string url)
        : url_(std::move(url)) {}

    std::unique_ptr<connector::Exchange> start(const connector::Call& call) const override {
        connector::Send send;
        send.request.method = "POST";
        send.request.url = url_ + "/" + call.operation->id;
        send.request.headers.set("Idempotency-Key", call.idempotency_key);
        const Json* value = find(call.input, "value");
        send.request.body = value == nullptr ? "" : dump(*value);
        send.is_effect = call.operation->effect != model::EffectClass::kRead;
        return std::make_unique<One>(std::move(send), call.operation->effect, call.now);
    }

    std::unique_ptr<connector::Exchange> probe(const connector::Call& call) const override {
        connector::Send send;
        send.request.url = url_ + "/probe?" + call.idempotency_key;
        return std::make_unique<One>(std::move(send), model::EffectClass::kRead, call.now);
    }

    std::unique_ptr<connector::Exchange> poll(
        const model::TriggerSpec& /*trigger*/, const connector::Poll& poll
    ) const override {
        return std::make_unique<Entries>(url_, poll);
    }

    std::unique_ptr<connector::Exchange> subscribe(
        const model::TriggerSpec& /*trigger*/, const connector::Subscription& subscription
    ) const override {
        return write(
            "/subscribe",
            {{"url", subscription.callback_url}, {"replaces", string_or(subscription.state, "id")}}
        );
    }

    std::unique_ptr<connector::Exchange> unsubscribe(
        const model::TriggerSpec& /*trigger*/, const connector::Subscription& subscription
    ) const override {
        return write("/unsubscribe", {{"id", string_or(subscription.state, "id")}});
    }

    http::NetworkPolicy network_policy(const Json&) const override {
        http::NetworkPolicy policy;
        policy.allow_private = true;
        policy.allow_plain_http = true;
        return policy;
    }

  private:
    class One final : public connector::ChainedExchange {
      public:
        One(connector::Send send, model::EffectClass effect, Timestamp now)
            : send_(std::move(send)),
              effect_(effect),
              now_(now) {}

        connector::Turn begin() override {
            return ask(std::move(send_), [this](const http::Response& response) -> connector::Turn {
                if (response.status < 400) {
                    return connector::Done{Payload(response.body), {}};
                }
                return connector::Failed{
                    connector::service_error(response, now_),
                    connector::classify(response.status, effect_)};
            });
        }

      private:
        connector::Send send_;
        model::EffectClass effect_;
        Timestamp now_;
    };

    class Entries final : public connector::ChainedExchange {
      public:
        Entries(const std::string& url, const connector::Poll& poll)
            : url_(url + "/entries?most=" + std::to_string(poll.events_max)),
              now_(poll.now) {
            if (poll.cursor.is_number_integer()) {
                after_ = poll.cursor.get<std::size_t>();
                url_ += "&after=" + std::to_string(*after_);
            }
        }

        connector::Turn begin() override {
            connector::Send send;
            send.request.url = url_;
            return ask(std::move(send), [this](const http::Response& response) -> connector::Turn {
                if (response.status >= 400) {
                    return connector::Failed{connector::service_error(response, now_), {}};
                }
                return read(Json::parse(response.body));
            });
        }

      private:
        connector::Turn read(const Json& page) const {
            const auto count = page["count"].get<std::size_t>();
            Json out = {{"events", Json::array()}, {"cursor", count}};
            for (const Json& entry : page["entries"]) {
                out["events"].push_back({{"event", {{"entry", entry}}}, {"dedupe_key", entry}});
            }
            if (after_) {
                out["cursor"] = *after_ + page["entries"].size();
                out["has_more"] = *after_ + page["entries"].size() < count;
            }
            return connector::Done{to_payload(out), {}};
        }

        std::string url_;
        Timestamp now_;
        std::optional<std::size_t> after_;
    };

    std::unique_ptr<connector::Exchange> write(const std::string& path, const Json& body) const {
        connector::Send send;
        send.request.method = "POST";
        send.request.url = url_ + path;
        send.request.body = dump(body);
        return std::make_unique<One>(std::move(send), model::EffectClass::kIdempotent, Timestamp());
    }

    std::string url_;
};

}  // namespace tideway::testing
