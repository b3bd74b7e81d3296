#include "engine/runtime/triggers/subscription_trigger.h"

#include <utility>

#include "engine/base/limits.h"

namespace tideway::runtime {
namespace {

constexpr Duration kRetryInterval = std::chrono::seconds(30);

}  // namespace

void SubscriptionTrigger::start() {
    act(services_.clock->now());
}

void SubscriptionTrigger::act(Timestamp /*now*/) {
    wait_until(std::nullopt);
    services_.desk->post(
        [activation = services_.activation, flow = flow_, done = back(&SubscriptionTrigger::kept)] {
            done(activation->keep_subscription_blocking(flow));
        }
    );
}

void SubscriptionTrigger::kept(Result<std::optional<Timestamp>> renew_at) {
    if (!renew_at) {
        failed(std::move(renew_at.error()), kRetryInterval, limits::kTriggerBackoffMax);
        return;
    }
    succeeded();
    wait_until(*renew_at);
}

}  // namespace tideway::runtime
