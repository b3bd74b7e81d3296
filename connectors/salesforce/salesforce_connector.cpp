#include "connectors/salesforce/salesforce_connector.h"

#include <array>
#include <charconv>

#include "connectors/salesforce/change_events.h"
#include "connectors/salesforce/changes.h"
#include "connectors/salesforce/collections.h"
#include "connectors/salesforce/connection_test.h"
#include "connectors/salesforce/custom_fields.h"
#include "connectors/salesforce/layouts.h"
#include "connectors/salesforce/reads.h"
#include "connectors/salesforce/record_operations.h"
#include "connectors/salesforce/requests.h"
#include "engine/connector/bound_connector.h"

namespace tideway::connectors::salesforce {
namespace {

using Binding = connector::OperationBinding;

constexpr std::array kBindings{
    Binding{"query", &query, nullptr},
    Binding{"get_record", &get_record, nullptr},
    Binding{"get_record_by_external_id", &get_record_by_external_id, nullptr},
    Binding{"create_record", &create_record, &probe_create},
    Binding{"update_record", &update_record, &probe_update},
    Binding{"upsert_record", &upsert_record, &probe_upsert},
    Binding{"delete_record", &delete_record, nullptr},
    Binding{"create_records", &create_records, nullptr},
    Binding{"update_records", &update_records, &probe_update_records},
    Binding{"delete_records", &delete_records, nullptr},
    Binding{"composite", &composite, nullptr},
    Binding{"describe_object", &describe_object, nullptr},
    Binding{"list_objects", &list_objects, nullptr},
    Binding{"list_updated", &list_updated, nullptr},
    Binding{"list_deleted", &list_deleted, nullptr},
    Binding{"create_field", &create_field, &probe_field},
    Binding{"list_layouts", &list_layouts, nullptr},
    Binding{"add_to_layout", &add_to_layout, nullptr},
    Binding{"get_limits", &get_limits, nullptr},
    Binding{"who_am_i", &who_am_i, nullptr},
};

struct PollBinding {
    std::string_view id;
    ExchangePtr (*poll)(const connector::Poll&);
};

constexpr std::array kPolls{
    PollBinding{"record_created", &poll_created},
    PollBinding{"record_changed", &poll_changed},
    PollBinding{"record_deleted", &poll_deleted},
    PollBinding{"change_event", &poll_change_events},
};

// "api-usage=1034/115000; per-app-api-usage=17/250(appName=x)".
std::optional<connector::Quota> read_usage(std::string_view text) {
    constexpr std::string_view kName = "api-usage=";
    const std::size_t at = text.starts_with(kName) ? 0 : text.find(" api-usage=");
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const std::size_t number = text.find('=', at) + 1;
    const char* end = text.data() + text.size();
    std::int64_t used = 0;
    std::int64_t allowed = 0;
    const auto [slash, problem] = std::from_chars(text.data() + number, end, used);
    if (problem != std::errc() || slash == end || *slash != '/' ||
        std::from_chars(slash + 1, end, allowed).ec != std::errc()) {
        return std::nullopt;
    }
    return connector::Quota{"requests in 24 hours", allowed - used, std::chrono::hours(24)};
}

class SalesforceConnector final : public connector::BoundConnector {
  public:
    SalesforceConnector()
        : BoundConnector(kBindings) {}

    ExchangePtr poll(const model::TriggerSpec& trigger, const connector::Poll& poll)
        const override {
        for (const PollBinding& binding : kPolls) {
            if (binding.id == trigger.id) {
                return binding.poll(poll);
            }
        }
        return nullptr;
    }

    ExchangePtr test(const Json& settings) const override { return test_connection(settings); }

    int status_of(const http::Response& response) const override {
        return is_over_limit(response) ? 429 : response.status;
    }

    // The requests of all the organization's users and apps.
    std::optional<connector::Quota> quota(const http::Headers& headers) const override {
        return read_usage(headers.get_or("Sforce-Limit-Info", ""));
    }
};

}  // namespace

std::unique_ptr<connector::Connector> make_connector() {
    return std::make_unique<SalesforceConnector>();
}

}  // namespace tideway::connectors::salesforce
