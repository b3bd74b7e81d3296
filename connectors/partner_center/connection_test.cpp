#include "connectors/partner_center/connection_test.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

#include "connectors/partner_center/requests.h"
#include "connectors/partner_center/webhooks.h"
#include "engine/connector/chained_exchange.h"

namespace tideway::connectors::partner_center {
namespace {

using connector::Turn;
using model::EffectClass;

using Emails = std::set<std::string>;

constexpr const char* kGiveTheRole =
    " If deals are missing, give the user the role Referrals admin in Partner Center (Account "
    "settings, User management).";

Emails team_of(const Json& referral) {
    Emails out;
    for (const Json& member : referral.value("team", Json::array())) {
        std::string email = string_or(member, "email");
        std::transform(email.begin(), email.end(), email.begin(), [](unsigned char c) {
            return static_cast<char>(std::tolower(c));
        });
        out.insert(std::move(email));
    }
    return out;
}

// Those who are in the team of every deal.
Emails in_every_team(const Json& referrals) {
    Emails common = team_of(referrals.front());
    for (const Json& referral : referrals) {
        const Emails team = team_of(referral);
        std::erase_if(common, [&](const std::string& email) { return !team.contains(email); });
    }
    return common;
}

// Partner Center tells nobody's role, but a Referral user sees only deals whose team names that
// user: such a user is in the team of every deal that it sees.
std::string what_is_seen(const Json& referrals) {
    if (referrals.empty()) {
        return std::string(
                   "The user may read referrals but sees none: there are none, or the user "
                   "is only a Referral user and in the team of none."
               ) +
               kGiveTheRole;
    }
    const Emails common = in_every_team(referrals);
    if (common.empty()) {
        return "The user sees deals of different people, as a Referrals admin does.";
    }
    return "The user sees only deals whose team names " + *common.begin() +
           ". A Referral user, who sees own deals only, would see the same." + kGiveTheRole;
}

class TestConnection final : public connector::ChainedExchange {
  public:
    explicit TestConnection(const Json& settings)
        : requests_(settings, "test") {}

    Turn begin() override {
        return ask(
            requests_.get_referrals(requests_.referrals_url() + "?$select=id,team&$top=50"),
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
        } else {
            add("Read referrals", true, what_is_seen(*value));
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
