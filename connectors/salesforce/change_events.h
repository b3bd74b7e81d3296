// The trigger of change data capture: Salesforce's change events by long polling (CometD), from the
// last event that was taken on.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::salesforce {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

// A poll that waits at Salesforce until something changes, for nearly two minutes at most. Its
// cursor is the replay id of the last event: what is not committed is delivered again.
ExchangePtr poll_change_events(const connector::Poll& poll);

}  // namespace tideway::connectors::salesforce
