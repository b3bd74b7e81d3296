#include "engine/runtime/triggers/kept_subscription.h"

namespace tideway::runtime {

Payload to_payload(const KeptSubscription& subscription) {
    return tideway::to_payload(Json{
        {"trigger", subscription.trigger},
        {"connection", subscription.connection},
        {"rule", subscription.rule},
        {"state", subscription.state}});
}

Result<KeptSubscription> parse_subscription(const Payload& kept) {
    KeptSubscription out;
    if (kept.empty()) {
        return out;
    }
    TIDEWAY_TRY_ASSIGN(const Json json, parse_json(kept.view(), "subscription"));
    out.trigger = string_or(json, "trigger");
    out.connection = string_or(json, "connection");
    out.rule = string_or(json, "rule");
    const Json* state = find(json, "state");
    out.state = out.trigger.empty() || state == nullptr ? json : *state;
    return out;
}

}  // namespace tideway::runtime
