// Looks again and again which address a service calls that keeps one for all of a customer's
// programs: ours, another's, or none. Another's is kept, so that it can be registered again.
#pragma once

#include "engine/runtime/activation.h"
#include "engine/runtime/triggers/timed_trigger.h"

namespace tideway::runtime {

// Thread: the executor's; the service is asked on the desk.
class AddressCheck final : public TimedTrigger {
  public:
    AddressCheck(const TriggerServices& services, const FlowEntry& flow)
        : TimedTrigger(services, flow, Duty::kLooksAfter) {}

    void start() override;
    void act(Timestamp now) override;

  private:
    void looked(Result<RegisteredAddress> found);
};

}  // namespace tideway::runtime
