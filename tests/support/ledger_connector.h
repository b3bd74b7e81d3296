// The connector of LedgerService:
//   ledger.read{}                  read
//   ledger.set{name,value}         idempotent
//   ledger.post{key?,value}        once, with a probe by idempotency key
//   ledger.shout{value}            once, no probe: parks when in doubt
//   trigger ledger_entries         polls what was put with add_entry()
//   trigger ledger_watch           subscribes
//   trigger ledger_alarm           subscribes, and is caught up by ledger_entries
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/connector/chained_exchange.h"
#include "engine/connector/connector.h"
#include "engine/model/connection.h"
#include "tests/support/ledger_service.h"

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
  {"id":"look","title":"Look","summary":"Reads one","effect":"read",
   "input":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]},"output":{}},
  {"id":"put","title":"Put","summary":"Sets, and can be asked before","effect":"idempotent",
   "already_done":[],"before":"look","object":"entry","record_id":"/name","fields":"/value",
   "input":{"type":"object","properties":{"name":{"type":"string"},"value":{}},"required":["name"]},
   "output":{}},
  {"id":"shout","title":"Shout","summary":"Once, unknown after","effect":"once","park":true,
   "input":{"type":"object"},"output":{},"secret_fields":["/value"]}],
 "triggers":[
  {"id":"entries","title":"Entries","kind":"polling","poll_interval_s":60,
   "object":"entry","record_id":"/name","fields":"/value",
   "config":{"type":"object","properties":{"prefix":{"type":"string"}}},"event":{}},
  {"id":"watch","title":"Watch","kind":"webhook","subscribes":true,
   "config":{"type":"object"},"event":{}},
  {"id":"alarm","title":"Alarm","kind":"webhook","subscribes":true,"caught_up_by":"entries",
   "registered":true,"config":{"type":"object"},"event":{}}]})";

class LedgerConnector final : public connector::Connector {
  public:
    explicit LedgerConnector(std::string url)
        : url_(std::move(url)) {}

    std::unique_ptr<connector::Exchange> start(const connector::Call& call) const override {
        connector::Send send;
        if (!call.underway.is_null()) {
            send.request.url = url_ + string_or(call.underway, "ask");
            return std::make_unique<One>(std::move(send), model::EffectClass::kRead, call.now);
        }
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

    std::unique_ptr<connector::Exchange> registered_address(
        const model::TriggerSpec& /*trigger*/, const Json& /*settings*/
    ) const override {
        connector::Send send;
        send.request.url = url_ + "/registered";
        return std::make_unique<One>(std::move(send), model::EffectClass::kRead, Timestamp());
    }

    std::unique_ptr<connector::Exchange> subscribe(
        const model::TriggerSpec& /*trigger*/, const connector::Subscription& subscription
    ) const override {
        return write(
            "/subscribe",
            {{"url", subscription.callback_url},
             {"replaces", string_or(subscription.state, "id")},
             {"renews", subscription.is_renewal}}
        );
    }

    std::unique_ptr<connector::Exchange> unsubscribe(
        const model::TriggerSpec& /*trigger*/, const connector::Subscription& subscription
    ) const override {
        return write("/unsubscribe", {{"id", string_or(subscription.state, "id")}});
    }

    int status_of(const http::Response& response) const override {
        return response.status == 403 ? 429 : response.status;
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
                if (response.status == 202) {
                    return connector::Underway{
                        {{"ask", "/outcome"}}, std::chrono::milliseconds(20)};
                }
                if (response.status < 400) {
                    return connector::Done{Payload(response.body), {}};
                }
                connector::Failed failed{
                    connector::service_error(response, now_),
                    connector::classify(response.status, effect_)};
                if (response.status == 403) {
                    failed.error.kind = ErrorKind::kThrottled;
                    failed.error.http_status = 429;
                }
                return failed;
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
        // "Northwind=5" is the amount of a record, anything else just a text.
        static Json event_of(const std::string& entry) {
            Json event = {{"entry", entry}};
            if (const auto equals = entry.find('='); equals != std::string::npos) {
                event["name"] = entry.substr(0, equals);
                event["value"]["amount"] = std::stoi(entry.substr(equals + 1));
            }
            return event;
        }

        connector::Turn read(const Json& page) const {
            const auto count = page["count"].get<std::size_t>();
            Json out = page["wish"];
            out["events"] = Json::array();
            out["cursor"] = count;
            for (const Json& entry : page["entries"]) {
                out["events"].push_back(
                    {{"event", event_of(entry)},
                     {"dedupe_key", entry},
                     {"change", {{"record", entry}, {"version", "1"}}}}
                );
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

inline model::ConnectionRecord ledger_connection() {
    model::ConnectionRecord out;
    out.name = "ledger";
    out.connector = "ledger";
    out.settings = Payload("{}");
    return out;
}

}  // namespace tideway::testing
