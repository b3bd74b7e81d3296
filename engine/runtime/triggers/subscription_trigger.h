// A connector's webhook trigger that subscribes: keeps the subscription alive and its address right
// while the flow is on.
#pragma once

#include "engine/runtime/activation.h"
#include "engine/runtime/triggers/timed_trigger.h"

namespace tideway::runtime {

// Thread: the executor's; the service is asked on the desk.
class SubscriptionTrigger final : public TimedTrigger {
  public:
    SubscriptionTrigger(const TriggerServices& services, const FlowEntry& flow)
        : TimedTrigger(services, flow) {}

    void start() override;
    void act(Timestamp now) override;

  private:
    void kept(Result<std::optional<Timestamp>> renew_at);
};

}  // namespace tideway::runtime
