#include "connectors/dataverse/dataverse_connector.h"

#include <array>
#include <charconv>

#include "connectors/dataverse/actions.h"
#include "connectors/dataverse/batch.h"
#include "connectors/dataverse/callbacks.h"
#include "connectors/dataverse/changes.h"
#include "connectors/dataverse/connection_test.h"
#include "connectors/dataverse/definitions.h"
#include "connectors/dataverse/metadata.h"
#include "connectors/dataverse/query.h"
#include "connectors/dataverse/rows.h"
#include "engine/connector/bound_connector.h"

namespace tideway::connectors::dataverse {
namespace {

using Binding = connector::OperationBinding;

constexpr std::array kBindings{
    Binding{"create_row", &create_row, &probe_create},
    Binding{"get_row", &get_row, nullptr},
    Binding{"list_rows", &list_rows, nullptr},
    Binding{"update_row", &update_row, &probe_update},
    Binding{"upsert_row", &upsert_row, &probe_upsert},
    Binding{"delete_row", &delete_row, nullptr},
    Binding{"associate_rows", &associate_rows, nullptr},
    Binding{"disassociate_rows", &disassociate_rows, nullptr},
    Binding{"perform_action", &perform_action, nullptr},
    Binding{"win_opportunity", &win_opportunity, &probe_win},
    Binding{"lose_opportunity", &lose_opportunity, &probe_lose},
    Binding{"batch", &batch, nullptr},
    Binding{"track_changes", &track_changes, nullptr},
    Binding{"who_am_i", &who_am_i, nullptr},
    Binding{"describe_table", &describe_table, nullptr},
    Binding{"check_privileges", &check_privileges, nullptr},
    Binding{"create_table", &create_table, &probe_table},
    Binding{"create_column", &create_column, &probe_column},
    Binding{"create_key", &create_key, &probe_key},
    Binding{"publish_customizations", &publish_customizations, nullptr},
};

// The service protection limit of a user, as documented; the answers tell only what is left of it.
constexpr std::int64_t kRequestsMax = 6000;

class DataverseConnector final : public connector::BoundConnector {
  public:
    DataverseConnector()
        : BoundConnector(kBindings) {}

    ExchangePtr receive(const model::TriggerSpec& /*trigger*/, const connector::Incoming& incoming)
        const override {
        return receive_row(incoming);
    }

    ExchangePtr subscribe(
        const model::TriggerSpec& /*trigger*/, const connector::Subscription& subscription
    ) const override {
        return dataverse::subscribe(subscription);
    }

    ExchangePtr unsubscribe(
        const model::TriggerSpec& /*trigger*/, const connector::Subscription& subscription
    ) const override {
        return dataverse::unsubscribe(subscription);
    }

    ExchangePtr poll(const model::TriggerSpec& /*trigger*/, const connector::Poll& poll)
        const override {
        return poll_rows(poll);
    }

    ExchangePtr test(const Json& settings) const override { return test_connection(settings); }

    // Service protection counts the requests of a user on one web server.
    std::optional<connector::Quota> quota(const http::Headers& headers) const override {
        const auto text = headers.get("x-ms-ratelimit-burst-remaining-xrm-requests");
        std::int64_t remaining = 0;
        if (!text || std::from_chars(text->begin(), text->end(), remaining).ec != std::errc()) {
            return std::nullopt;
        }
        return connector::Quota{
            "requests in 5 minutes", remaining, std::chrono::minutes(5), kRequestsMax};
    }
};

}  // namespace

std::unique_ptr<connector::Connector> make_connector() {
    return std::make_unique<DataverseConnector>();
}

}  // namespace tideway::connectors::dataverse
