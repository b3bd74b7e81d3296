#include "connectors/http/http_connector.h"

#include <algorithm>
#include <utility>

#include "connectors/http/web_request.h"
#include "engine/http/url.h"

namespace tideway::connectors::http {
namespace {

namespace web = ::tideway::http;
using connector::Done;
using connector::Failed;
using connector::Send;
using connector::Turn;

constexpr int kRedirectsMax = 5;

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// One request and its answer; a read follows redirects.
class WebExchange final : public connector::Exchange {
  public:
    explicit WebExchange(const connector::Call& call)
        : method_(method_of(call)),
          input_(call.input),
          base_url_(string_or(call.settings, "base_url")),
          settings_(call.settings),
          effect_(call.operation->effect),
          now_(call.now) {}

    Turn begin() override {
        auto request = build_request(method_, input_, settings_);
        if (!request) {
            return Failed{std::move(request.error()), model::AttemptClass::kNotDone};
        }
        request_ = std::move(*request);
        return send();
    }

    Turn on_response(const web::Response& response) override {
        if (effect_ == model::EffectClass::kRead && is_redirect(response.status)) {
            const std::string next =
                resolve_location(request_.url, response.headers.get_or("Location", ""));
            if (!next.empty()) {
                return follow(next);
            }
        }
        if (response.status >= 200 && response.status < 400) {
            return Done{print_response(response), {}};
        }
        return Failed{
            connector::service_error(response, now_),
            connector::classify(response.status, effect_)};
    }

  private:
    static std::string method_of(const connector::Call& call) {
        const std::string& id = call.operation->id;
        if (id == "request") {
            return string_or(call.input, "method", "POST");
        }
        return id == "put" ? "PUT" : id == "delete" ? "DELETE" : "GET";
    }

    Turn send() const {
        Send out;
        out.request = request_;
        // Credentials are for the connection's own service; other hosts do not see them.
        out.audience = same_origin(request_.url, base_url_) ? "service" : "";
        out.is_effect = effect_ != model::EffectClass::kRead;
        return out;
    }

    Turn follow(const std::string& next) {
        if (++redirects_ > kRedirectsMax) {
            return Failed{
                fail(
                    ErrorKind::kInvalidInput,
                    "TooManyRedirects",
                    "The service redirected more than " + std::to_string(kRedirectsMax) + " times.",
                    "Check the address."
                )
                    .value(),
                model::AttemptClass::kNotDone};
        }
        const auto url = web::parse_url(next);
        if (!url || (url->scheme != "https" && url->scheme != "http")) {
            return Failed{
                fail(
                    ErrorKind::kInvalidInput,
                    "BadRedirect",
                    "The service redirected to '" + next + "', which cannot be called.",
                    "Check the address."
                )
                    .value(),
                model::AttemptClass::kNotDone};
        }
        // What the author put into the headers was for the first host.
        if (!same_origin(next, request_.url)) {
            const std::string accept = request_.headers.get_or("Accept", "*/*");
            request_.headers = {{"Accept", accept}};
        }
        request_.url = next;
        return send();
    }

    std::string method_;
    Json input_;
    std::string base_url_;
    Json settings_;
    model::EffectClass effect_;
    Timestamp now_;
    web::Request request_;
    int redirects_ = 0;
};

class HttpConnector final : public connector::Connector {
  public:
    std::unique_ptr<connector::Exchange> start(const connector::Call& call) const override {
        return std::make_unique<WebExchange>(call);
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
