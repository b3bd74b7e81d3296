#include "connectors/partner_center/connection_test.h"

#include "connectors/partner_center/requests.h"
#include "connectors/partner_center/webhooks.h"
#include "engine/connector/chained_exchange.h"

namespace tideway::connectors::partner_center {
namespace {

using connector::Turn;
using model::EffectClass;

class TestConnection final : public connector::ChainedExchange {
  public:
    explicit TestConnection(const Json& settings)
        : requests_(settings, "test") {}

    Turn begin() override {
        return ask(
            requests_.get_referrals(requests_.referrals_url() + "?$top=1"),
            [this](const http::Response& r) { return listed(r); }
        );
    }

  private:
    Turn listed(const http::Response& response) {
        const auto body = read_object(response);
        const Json* value = body ? find(*body, "value") : nullptr;
        if (!is_success(response)) {
            add_refusal("Read referrals", response);
        } else if (value == nullptr || !value->is_array()) {
            add("Read referrals",
                false,
                "The base address answers, but not as the referrals service does: check base_url.");
        } else if (value->empty()) {
            add("Read referrals",
                true,
                "The user may read referrals but sees none. A user without the role Referrals "
                "admin "
                "sees only deals whose team names them.");
        } else {
            add("Read referrals",
                true,
                "The user reads referrals. If deals are missing, the user lacks the role Referrals "
                "admin and sees only deals whose team names them.");
        }
        return ask(requests_.get_webhooks(""), [this](const http::Response& r) {
            return viewed(r);
        });
    }

    Turn viewed(const http::Response& response) {
        if (response.status == 404) {
            add("View the webhook registration",
                true,
                "No webhook is registered yet: register the trigger's address before turning on "
                "flows that start with referral_event.");
        } else if (!is_success(response)) {
            add_refusal("View the webhook registration", response);
        } else {
            const auto body = read_object(response).value_or(Json::object());
            const Json& url = field_in_any_case(body, "WebhookUrl");
            add("View the webhook registration",
                true,
                "Events go to " +
                    (url.is_string() ? url.get<std::string>() : "an unknown address") + ".");
        }
        return connector::Done{to_payload(Json{{"checks", std::move(checks_)}}), {}};
    }

    void add_refusal(const char* what, const http::Response& response) {
        add(what, false, answered(response, EffectClass::kRead, Timestamp{}).error.text());
    }

    void add(const char* what, bool is_ok, const std::string& message) {
        checks_.push_back({{"what", what}, {"ok", is_ok}, {"message", message}});
    }

    Requests requests_;
    Json checks_ = Json::array();
};

}  // namespace

std::unique_ptr<connector::Exchange> test_connection(const Json& settings) {
    return std::make_unique<TestConnection>(settings);
}

}  // namespace tideway::connectors::partner_center
