// What is kept of a flow's subscription: who made it, for what, and the connector's own state.
// Pure. Thread: any.
#pragma once

#include <string>

#include "engine/base/json.h"

namespace tideway::runtime {

struct KeptSubscription {
    std::string trigger;     // "http.webhook"
    std::string connection;  // empty: none was needed
    std::string rule;        // digest of both and of the trigger's table
    Json state;              // the connector's; null: there is no subscription
};

Payload to_payload(const KeptSubscription& subscription);

// Empty bytes: no subscription. Of one that an older program kept only the state is known.
Result<KeptSubscription> parse_subscription(const Payload& kept);

}  // namespace tideway::runtime
