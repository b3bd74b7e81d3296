#include "connectors/partner_center/webhooks.h"

#include <algorithm>
#include <set>

#include "connectors/partner_center/requests.h"
#include "connectors/partner_center/webhook_address.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"

namespace tideway::connectors::partner_center {
namespace {

using connector::Done;
using connector::Turn;
using model::EffectClass;

std::string text_in_any_case(const Json& object, std::string_view name) {
    const Json& value = field_in_any_case(object, name);
    return value.is_string() ? value.get<std::string>() : std::string();
}

struct Registration {
    std::string subscriber_id;
    std::string url;
    Json events = Json::array();
};

std::optional<Registration> read_registration(const http::Response& response) {
    const auto body = read_object(response);
    if (!body) {
        return std::nullopt;
    }
    Registration out;
    out.subscriber_id = text_in_any_case(*body, "SubscriberId");
    out.url = text_in_any_case(*body, "WebhookUrl");
    if (const Json& events = field_in_any_case(*body, "WebhookEvents"); events.is_array()) {
        out.events = events;
    }
    return out;
}

std::set<std::string> names(const Json& events) {
    std::set<std::string> out;
    for (const Json& event : events) {
        if (event.is_string()) {
            out.insert(event.get<std::string>());
        }
    }
    return out;
}

Json output_of(const Registration& registration) {
    return {
        {"subscriber_id", registration.subscriber_id},
        {"url", registration.url},
        {"events", registration.events}};
}

// What a call asks for.
struct Wanted {
    explicit Wanted(const Json& input)
        : url(string_or(input, "url")) {
        if (const Json* list = find(input, "events"); list != nullptr && list->is_array()) {
            events = *list;
        }
    }

    bool is(const Registration& registration) const {
        return url == registration.url && names(events) == names(registration.events);
    }

    std::string url;
    Json events = Json::array();
};

class Register final : public connector::ChainedExchange {
  public:
    Register(const connector::Call& call, std::string method)
        : requests_(call),
          wanted_(call.input),
          address_(check_webhook_address(wanted_.url, call.settings)),
          method_(std::move(method)) {}

    Turn begin() override {
        if (!address_) {
            return connector::Failed{address_.error(), model::AttemptClass::kNotDone};
        }
        // The flag moves the signature out of Authorization, which proxies and gateways keep for
        // themselves.
        const Json body = {
            {"WebhookUrl", wanted_.url},
            {"WebhookEvents", wanted_.events},
            {"SignatureTokenToMsSignatureHeader", true}};
        return ask(requests_.write_webhooks(method_, "", body), [this](const http::Response& r) {
            return wrote(r);
        });
    }

  private:
    Turn wrote(const http::Response& response) {
        if (is_success(response)) {
            auto registration = read_registration(response);
            if (!registration) {
                return connector::unreadable(
                    response, "register the webhook", EffectClass::kIdempotent
                );
            }
            if (registration->url.empty()) {  // an answer without a body: it holds what was sent
                registration->url = wanted_.url;
                registration->events = wanted_.events;
            }
            return Done{to_payload(output_of(*registration)), {}};
        }
        refusal_ = answered(response, EffectClass::kIdempotent, requests_.now());
        if (response.status == 404) {
            refusal_.error.remedy = "Nothing is registered yet: use register_webhook.";
        }
        if (response.status != 409) {
            return refusal_;
        }
        return ask(requests_.get_webhooks(""), [this](const http::Response& r) {
            return viewed(r);
        });
    }

    // 409: there is a registration already, perhaps this very one.
    Turn viewed(const http::Response& response) {
        const auto registration = read_registration(response);
        if (!is_success(response) || !registration) {
            return refusal_;
        }
        if (wanted_.is(*registration)) {
            return Done{to_payload(output_of(*registration)), {}};
        }
        refusal_.error.remedy = "Partner Center keeps one registration per partner; it now names " +
                                registration->url +
                                ". Use update_webhook_registration to replace it.";
        return refusal_;
    }

    Requests requests_;
    Wanted wanted_;
    Status address_;
    std::string method_;
    connector::Failed refusal_;
};

// One GET whose answer `read` turns into the output.
class Look final : public connector::ChainedExchange {
  public:
    using Read = std::function<std::optional<Json>(const http::Response&)>;

    Look(Requests requests, std::string path, Read read)
        : requests_(std::move(requests)),
          path_(std::move(path)),
          read_(std::move(read)) {}

    Turn begin() override {
        return ask(requests_.get_webhooks(path_), [this](const http::Response& r) -> Turn {
            if (!is_success(r) && r.status != 404) {
                return answered(r, EffectClass::kRead, requests_.now());
            }
            const auto output = read_(r);
            if (!output && r.status == 404) {
                return answered(r, EffectClass::kRead, requests_.now());
            }
            if (!output) {
                return connector::unreadable(r, "webhook registration", EffectClass::kRead);
            }
            return Done{to_payload(*output), {}};
        });
    }

  private:
    Requests requests_;
    std::string path_;
    Read read_;
};

class SendTestEvent final : public connector::ChainedExchange {
  public:
    explicit SendTestEvent(const connector::Call& call)
        : requests_(call) {}

    Turn begin() override {
        return ask(
            requests_.write_webhooks("POST", "/validationEvents", Json()),
            [this](const http::Response& r) { return read(r); }
        );
    }

  private:
    Turn read(const http::Response& response) const {
        if (!is_success(response)) {
            connector::Failed failed = answered(response, EffectClass::kOnce, requests_.now());
            if (response.status == 400) {
                failed.error.remedy =
                    "A test event needs \"test-created\" among the events of the "
                    "registration.";
            }
            return failed;
        }
        const auto body = read_object(response);
        if (!body) {
            return connector::unreadable(response, "send a test event", EffectClass::kOnce);
        }
        const Json output = {{"correlation_id", text_in_any_case(*body, "correlationId")}};
        return Done{to_payload(output), {}};
    }

    Requests requests_;
};

std::optional<Json> read_events(const http::Response& response) {
    auto body = parse_json(response.body, "the event names");
    if (response.status == 404 || !body || !body->is_array()) {
        return std::nullopt;
    }
    return Json{{"events", std::move(*body)}};
}

std::optional<Json> read_view(const http::Response& response) {
    if (response.status == 404) {
        return Json{{"registered", false}, {"url", ""}, {"events", Json::array()}};
    }
    const auto registration = read_registration(response);
    if (!registration) {
        return std::nullopt;
    }
    return Json{{"registered", true}, {"url", registration->url}, {"events", registration->events}};
}

std::optional<Json> read_test_result(const http::Response& response) {
    const auto body = read_object(response);
    if (response.status == 404 || !body) {
        return std::nullopt;
    }
    const Json& results = field_in_any_case(*body, "results");
    return Json{
        {"status", text_in_any_case(*body, "status")},
        {"results", results.is_array() ? results : Json::array()}};
}

}  // namespace

const Json& field_in_any_case(const Json& object, std::string_view name) {
    static const Json kNull;
    if (!object.is_object()) {
        return kNull;
    }
    for (const auto& [key, value] : object.items()) {
        const bool is_it = std::equal(
            key.begin(),
            key.end(),
            name.begin(),
            name.end(),
            [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); }
        );
        if (is_it) {
            return value;
        }
    }
    return kNull;
}

ExchangePtr list_webhook_events(const connector::Call& call) {
    return std::make_unique<Look>(Requests(call), "/events", read_events);
}

ExchangePtr view_registered_address(const Json& settings) {
    return std::make_unique<Look>(Requests(settings, "registered address"), "", read_view);
}

ExchangePtr view_webhook_registration(const connector::Call& call) {
    return std::make_unique<Look>(Requests(call), "", read_view);
}

ExchangePtr register_webhook(const connector::Call& call) {
    return std::make_unique<Register>(call, "POST");
}

ExchangePtr update_webhook_registration(const connector::Call& call) {
    return std::make_unique<Register>(call, "PUT");
}

ExchangePtr send_test_event(const connector::Call& call) {
    return std::make_unique<SendTestEvent>(call);
}

ExchangePtr get_test_event_result(const connector::Call& call) {
    const std::string id = string_or(call.input, "correlation_id");
    if (!is_referral_id(id)) {
        return std::make_unique<connector::ImmediateExchange>(connector::refused(
            "InvalidCorrelationId",
            "\"" + id + "\" is not the id of a test event.",
            "Use the correlation_id that send_test_event returned."
        ));
    }
    return std::make_unique<Look>(Requests(call), "/validationEvents/" + id, read_test_result);
}

ExchangePtr probe_registration(const connector::Call& call) {
    const Wanted wanted(call.input);
    const auto compare = [wanted](const http::Response& response) -> std::optional<Json> {
        if (response.status == 404) {
            return Json{{"found", false}};
        }
        const auto registration = read_registration(response);
        if (!registration) {
            return std::nullopt;
        }
        if (!wanted.is(*registration)) {
            return Json{{"found", false}};
        }
        return Json{{"found", true}, {"output", output_of(*registration)}};
    };
    return std::make_unique<Look>(Requests(call), "", compare);
}

}  // namespace tideway::connectors::partner_center
