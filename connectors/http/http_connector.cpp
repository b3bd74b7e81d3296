#include "connectors/http/http_connector.h"

#include <algorithm>
#include <utility>

#include "connectors/http/poll.h"
#include "connectors/http/redirects.h"
#include "connectors/http/web_request.h"
#include "connectors/http/webhook.h"

namespace tideway::connectors::http {
namespace {

namespace web = ::tideway::http;
using connector::Done;
using connector::Failed;
using connector::Send;
using connector::Turn;

constexpr std::chrono::seconds kAskAgain{10};  // where the service does not say

// One request and its answer; a read follows redirects. A 202 with Location begins work: what
// becomes of it is read there.
class WebExchange final : public connector::Exchange {
  public:
    explicit WebExchange(const connector::Call& call)
        : method_(method_of(call)),
          input_(call.input),
          settings_(call.settings),
          effect_(call.operation->effect),
          location_(string_or(call.underway, "location")),
          now_(call.now) {}

    Turn begin() override {
        auto request = build_request(method_, input_, settings_);
        if (!request) {
            return Failed{std::move(request.error()), model::AttemptClass::kNotDone};
        }
        request_ = is_underway() ? asked_at(*request, location_) : std::move(*request);
        return send();
    }

    Turn on_response(const web::Response& response) override {
        if (effect() == model::EffectClass::kRead) {
            auto next = redirects_.next(request_, response);
            if (!next) {
                return Failed{std::move(next.error()), model::AttemptClass::kNotDone};
            }
            if (*next) {
                request_ = std::move(**next);
                return send();
            }
        }
        if (response.status == 202 && bool_or(input_, "wait_for_result", true)) {
            const std::string named =
                resolve_location(request_.url, response.headers.get_or("Location", ""));
            if (!named.empty() || is_underway()) {
                return underway(named.empty() ? location_ : named, response);
            }
        }
        if (response.status >= 200 && response.status < 400) {
            return Done{print_response(response), {}};
        }
        return Failed{
            connector::service_error(response, now_),
            connector::classify(response.status, effect())};
    }

  private:
    static std::string method_of(const connector::Call& call) {
        const std::string& id = call.operation->id;
        if (id == "request") {
            return string_or(call.input, "method", "POST");
        }
        return id == "put" ? "PUT" : id == "delete" ? "DELETE" : "GET";
    }

    bool is_underway() const { return !location_.empty(); }

    model::EffectClass effect() const {
        return is_underway() ? model::EffectClass::kRead : effect_;
    }

    Turn underway(const std::string& location, const web::Response& response) const {
        const Duration wait = web::retry_after(response.headers, now_).value_or(kAskAgain);
        return connector::Underway{
            {{"location", location}}, std::max<Duration>(wait, std::chrono::seconds(1))};
    }

    Turn send() const {
        Send out = to_send(request_, settings_);
        out.is_effect = effect() != model::EffectClass::kRead;
        return out;
    }

    std::string method_;
    Json input_;
    Json settings_;
    model::EffectClass effect_;
    std::string location_;  // where to ask for what has begun; empty: nothing has
    Timestamp now_;
    web::Request request_;
    Redirects redirects_;
};

class HttpConnector final : public connector::Connector {
  public:
    std::unique_ptr<connector::Exchange> start(const connector::Call& call) const override {
        return std::make_unique<WebExchange>(call);
    }

    std::unique_ptr<connector::Exchange> poll(
        const model::TriggerSpec& /*trigger*/, const connector::Poll& poll
    ) const override {
        return poll_address(poll);
    }

    std::unique_ptr<connector::Exchange> subscribe(
        const model::TriggerSpec& /*trigger*/, const connector::Subscription& subscription
    ) const override {
        return subscribe_anywhere(subscription);
    }

    std::unique_ptr<connector::Exchange> unsubscribe(
        const model::TriggerSpec& /*trigger*/, const connector::Subscription& subscription
    ) const override {
        return unsubscribe_anywhere(subscription);
    }

    web::NetworkPolicy network_policy(const Json& settings) const override {
        web::NetworkPolicy policy = Connector::network_policy(settings);
        if (const Json* hosts = find(settings, "allowed_hosts");
            hosts != nullptr && hosts->is_array()) {
            for (const Json& host : *hosts) {
                if (host.is_string()) {
                    policy.allowed_hosts.push_back(host.get<std::string>());
                }
            }
        }
        return policy;
    }
};

}  // namespace

std::unique_ptr<connector::Connector> make_connector() {
    return std::make_unique<HttpConnector>();
}

}  // namespace tideway::connectors::http
