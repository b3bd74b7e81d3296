#include "connectors/http/webhook.h"

#include <string>
#include <utility>

#include "connectors/http/places.h"
#include "connectors/http/web_request.h"
#include "engine/connector/chained_exchange.h"

namespace tideway::connectors::http {
namespace {

namespace web = ::tideway::http;
using connector::Done;
using connector::Failed;
using connector::Turn;

constexpr std::string_view kCallbackUrl = "{callback_url}";

bool is_success(const web::Response& response) {
    return response.status >= 200 && response.status < 300;
}

bool is_gone(const web::Response& response) {
    return response.status == 404 || response.status == 410;
}

Failed not_done(Error error) {
    return {std::move(error), model::AttemptClass::kNotDone};
}

Error wrong_table(std::string message, std::string remedy) {
    Error error;
    error.kind = ErrorKind::kInvalidInput;
    error.code = "InvalidTriggerConfiguration";
    error.message = std::move(message);
    error.remedy = std::move(remedy);
    return error;
}

const Json* request_at(const Json& object, std::string_view key) {
    const Json* request = find(object, key);
    return request != nullptr && request->is_object() ? request : nullptr;
}

// Sends requests of the trigger's table and of the subscription's state.
class Requester : public connector::ChainedExchange {
  protected:
    Requester(Json settings, Timestamp now)
        : settings_(std::move(settings)),
          now_(now) {}

    Turn request(const Json& written, std::string_view method, Next next) {
        auto built = build_request(string_or(written, "method", method), written, settings_);
        if (!built) {
            return not_done(std::move(built.error()));
        }
        asked_ = built->url;
        return ask(to_send(std::move(*built), settings_), std::move(next));
    }

    Turn refused(const web::Response& response) const {
        return not_done(connector::service_error(response, now_));
    }

    // As a flow would see it; an address in it is absolute.
    Json answer_of(const web::Response& response) const {
        web::Response seen = response;
        if (const auto location = response.headers.get("Location")) {
            seen.headers.set("Location", resolve_location(asked_, *location));
        }
        return Json::parse(print_response(seen).view(), nullptr, false);
    }

    Timestamp now() const { return now_; }

  private:
    Json settings_;
    Timestamp now_;
    std::string asked_;
};

class Unsubscribe final : public Requester {
  public:
    explicit Unsubscribe(const connector::Subscription& subscription)
        : Requester(subscription.settings, subscription.now),
          state_(subscription.state) {}

    Turn begin() override {
        const Json* end = request_at(state_, "unsubscribe");
        if (end == nullptr) {
            return Done{Payload("null"), {}};
        }
        return request(*end, "DELETE", [this](const web::Response& response) -> Turn {
            if (!is_success(response) && !is_gone(response)) {
                return refused(response);
            }
            return Done{Payload("null"), {}};
        });
    }

  private:
    Json state_;
};

class Subscribe final : public Requester {
  public:
    explicit Subscribe(const connector::Subscription& subscription)
        : Requester(subscription.settings, subscription.now),
          config_(subscription.config),
          before_(subscription.state),
          is_renewal_(subscription.is_renewal) {
        places_.callback_url = subscription.callback_url;
        if (const auto lifetime = int_or(config_, "lifetime_s", 0); lifetime > 0) {
            places_.expires = format_utc(subscription.now + std::chrono::seconds(lifetime));
        }
    }

    Turn begin() override {
        const Json* subscribe = request_at(config_, "subscribe");
        if (subscribe == nullptr || !has_place(*subscribe, kCallbackUrl)) {
            return not_done(wrong_table(
                "The trigger's `subscribe` does not say where the service gets the flow's address.",
                "Write \"{callback_url}\" where the service expects it, mostly in its `body`."
            ));
        }
        const Json* renew = is_renewal_ ? request_at(before_, "renew") : nullptr;
        return renew == nullptr ? end_before() : this->renew(*renew);
    }

  private:
    Turn renew(const Json& written) {
        const auto filled = fill_places(written, places_);
        if (!filled) {
            return not_done(filled.error());
        }
        return request(*filled, "PATCH", [this](const web::Response& response) -> Turn {
            if (is_gone(response)) {
                return end_before();
            }
            if (!is_success(response)) {
                return refused(response);
            }
            for (const char* kept : {"renew", "unsubscribe"}) {
                if (const Json* request = request_at(before_, kept)) {
                    state_[kept] = *request;
                }
            }
            return keep(answer_of(response));
        });
    }

    // First, so that a service that keeps one subscription for an address does not refuse the next
    // one, and an end that names the address does not end the next one.
    Turn end_before() {
        const Json* end = request_at(before_, "unsubscribe");
        if (end == nullptr) {
            return subscribe();
        }
        return request(*end, "DELETE", [this](const web::Response& response) -> Turn {
            return is_success(response) || is_gone(response) ? subscribe() : refused(response);
        });
    }

    Turn subscribe() {
        const auto filled = fill_places(config_["subscribe"], places_);
        if (!filled) {
            return not_done(filled.error());
        }
        return request(*filled, "POST", [this](const web::Response& response) -> Turn {
            return is_success(response) ? subscribed(answer_of(response)) : refused(response);
        });
    }

    Turn subscribed(const Json& answer) {
        // {expires} of `renew` is filled in when that is sent.
        const Places known{places_.callback_url, std::nullopt, answer};
        for (const char* later : {"renew", "unsubscribe"}) {
            const Json* request = request_at(config_, later);
            if (request == nullptr) {
                continue;
            }
            auto filled = fill_places(*request, known);
            if (!filled) {
                return not_done(std::move(filled.error()));
            }
            state_[later] = std::move(*filled);
        }
        return keep(answer);
    }

    // When it ends: as the answer says, else as the table says.
    Turn keep(const Json& answer) {
        const std::string pointer = string_or(config_, "expires_at");
        const Json* said = pointer.empty() ? nullptr : find_in_answer(answer, pointer);
        const auto at = said != nullptr && said->is_string() ? parse_utc(said->get<std::string>())
                                                             : std::nullopt;
        if (!pointer.empty() && !at && !places_.expires) {
            return not_done(wrong_table(
                "The service's answer has no time at " + pointer +
                    ", which `expires_at` of the trigger names.",
                "Correct it, or say with `lifetime_s` how long a subscription lives. The answer "
                "was " +
                    dump(answer).substr(0, 500)
            ));
        }
        if (at) {
            state_["expires"] = format_utc(*at);
        } else if (places_.expires) {
            state_["expires"] = *places_.expires;
        }
        return Done{to_payload(state_), {}};
    }

    Json config_;
    Json before_;
    bool is_renewal_;
    Json state_ = Json::object();
    Places places_;
};

}  // namespace

std::unique_ptr<connector::Exchange> subscribe_anywhere(const connector::Subscription& subscription
) {
    return std::make_unique<Subscribe>(subscription);
}

std::unique_ptr<connector::Exchange> unsubscribe_anywhere(
    const connector::Subscription& subscription
) {
    return std::make_unique<Unsubscribe>(subscription);
}

}  // namespace tideway::connectors::http
