// A service of the outside world that counts what was really done to it, and a connector for it:
//   ledger.read{}                  read
//   ledger.set{name,value}         idempotent
//   ledger.post{key?,value}        once, with a probe by idempotency key
//   ledger.shout{value}            once, no probe: parks when in doubt
// Tests make it misbehave by a plan of answers for the next requests.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/connector/chained_exchange.h"
#include "engine/connector/connector.h"
#include "engine/http/router.h"
#include "tests/support/test_server.h"

namespace tideway::testing {

inline constexpr const char* kLedgerSpec = R"({
 "id":"ledger","title":"Ledger","summary":"Counts","status":"stable","auth":["none"],
 "settings":{"type":"object"},
 "operations":[
  {"id":"read","title":"Read","summary":"Reads","effect":"read","input":{"type":"object"},"output":{}},
  {"id":"set","title":"Set","summary":"Sets","effect":"idempotent","already_done":[],
   "input":{"type":"object","properties":{"name":{"type":"string"},"value":{}},"required":["name"]},
   "output":{},"object":"entry","record_id":"/name","fields":""},
  {"id":"post","title":"Post","summary":"Posts once","effect":"once","probe":true,"creates":true,
   "input":{"type":"object"},"output":{},"object":"entry","record_id":"output:/id"},
  {"id":"shout","title":"Shout","summary":"Once, unknown after","effect":"once","park":true,
   "input":{"type":"object"},"output":{}}],
 "triggers":[]})";

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
        done_.push_back(request.path.substr(1) + " " + request.body);
        const std::string output = R"({"id":")" + std::to_string(done_.size()) + R"("})";
        by_key_[request.headers.get_or("Idempotency-Key", "")] = output;
        return output;
    }

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

    std::string url_;
};

}  // namespace tideway::testing
