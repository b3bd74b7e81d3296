// The registration of the partner's one webhook address, as exchanges.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::partner_center {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

ExchangePtr list_webhook_events(const connector::Call& call);
// The address alone, for the check of a trigger.
ExchangePtr view_registered_address(const Json& settings);
ExchangePtr view_webhook_registration(const connector::Call& call);
ExchangePtr register_webhook(const connector::Call& call);
ExchangePtr update_webhook_registration(const connector::Call& call);
ExchangePtr send_test_event(const connector::Call& call);
ExchangePtr get_test_event_result(const connector::Call& call);

// Whether the registration is what `call` (register or update) asked for.
ExchangePtr probe_registration(const connector::Call& call);

// A field in either spelling: documentation and service disagree (WebhookUrl, webhookUrl).
const Json& field_in_any_case(const Json& object, std::string_view name);

}  // namespace tideway::connectors::partner_center
