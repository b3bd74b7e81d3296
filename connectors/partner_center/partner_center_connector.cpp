#include "connectors/partner_center/partner_center_connector.h"

#include <array>
#include <utility>

#include "connectors/partner_center/certificate_cache.h"
#include "connectors/partner_center/changes.h"
#include "connectors/partner_center/connection_test.h"
#include "connectors/partner_center/notification.h"
#include "connectors/partner_center/referrals.h"
#include "connectors/partner_center/requests.h"
#include "connectors/partner_center/webhooks.h"
#include "engine/connector/bound_connector.h"
#include "engine/http/url.h"

namespace tideway::connectors::partner_center {
namespace {

using Binding = connector::OperationBinding;

constexpr std::array kBindings{
    Binding{"list_referrals", &list_referrals, nullptr},
    Binding{"get_referral", &get_referral, nullptr},
    Binding{"create_referral", &create_referral, &probe_create},
    Binding{"replace_referral", &replace_referral, &probe_replace},
    Binding{"patch_referral", &patch_referral, &probe_patch},
    Binding{"list_webhook_events", &list_webhook_events, nullptr},
    Binding{"view_webhook_registration", &view_webhook_registration, nullptr},
    Binding{"register_webhook", &register_webhook, &probe_registration},
    Binding{"update_webhook_registration", &update_webhook_registration, &probe_registration},
    Binding{"send_test_event", &send_test_event, nullptr},
    Binding{"get_test_event_result", &get_test_event_result, nullptr},
};

class PartnerCenterConnector final : public connector::BoundConnector {
  public:
    PartnerCenterConnector()
        : BoundConnector(kBindings) {}

    ExchangePtr receive(const model::TriggerSpec& /*trigger*/, const connector::Incoming& incoming)
        const override {
        return receive_notification(incoming, certificates_);
    }

    ExchangePtr registered_address(const model::TriggerSpec& /*trigger*/, const Json& settings)
        const override {
        return view_registered_address(settings);
    }

    ExchangePtr poll(const model::TriggerSpec& /*trigger*/, const connector::Poll& poll)
        const override {
        return poll_referrals(poll);
    }

    ExchangePtr test(const Json& settings) const override { return test_connection(settings); }

    // Certificates come from addresses that strangers name, so the connection reaches the two
    // services, the sign-in and the certificate hosts only.
    http::NetworkPolicy network_policy(const Json& settings) const override {
        http::NetworkPolicy policy = Connector::network_policy(settings);
        policy.allowed_hosts = certificate_hosts(settings);
        const std::array<std::pair<std::string_view, std::string_view>, 3> services{{
            {"base_url", kDefaultBaseUrl},
            {"webhooks_url", kDefaultWebhooksUrl},
            {"authority", "https://login.microsoftonline.com"},
        }};
        for (const auto& [key, fallback] : services) {
            const std::string set = string_or(settings, key);
            const auto url = http::parse_url(set.empty() ? fallback : std::string_view(set));
            if (url) {
                policy.allowed_hosts.push_back(url->host);
            }
        }
        return policy;
    }

  private:
    mutable CertificateCache certificates_;
};

}  // namespace

std::unique_ptr<connector::Connector> make_connector() {
    return std::make_unique<PartnerCenterConnector>();
}

}  // namespace tideway::connectors::partner_center
