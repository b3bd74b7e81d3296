// Everything that starts runs by itself: recurrences, polls, catching up with what no webhook has
// brought, and subscriptions that must be renewed. Follows the flows of the catalog: what is on has
// its triggers here.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/threading.h"
#include "engine/runtime/environment/environment.h"
#include "engine/runtime/triggers/timed_trigger.h"

namespace tideway::runtime {

// Thread: refresh(), look() and status() from any; made anywhere before the executor runs, and
// destroyed after it has stopped.
class TriggerTimers {
  public:
    explicit TriggerTimers(TriggerServices services);
    ~TriggerTimers();
    TriggerTimers(const TriggerTimers&) = delete;
    TriggerTimers& operator=(const TriggerTimers&) = delete;

    // Flows were turned on or off, published, or bound to another connection; or events come from
    // elsewhere.
    void refresh();

    // Acts on what is due by the clock now. Timers do that by themselves, at least every minute, so
    // that a clock that is set is seen.
    void look();

    // Nothing: the flow has no trigger that acts by itself, or is off. Of several: when the first
    // acts, when the last has acted, and the error of the one that fails most.
    std::optional<TriggerStatus> status(model::FlowId flow) const;

  private:
    // What acts for one flow.
    struct Followed {
        FlowEntry flow;
        EventSource source = EventSource::kWebhook;
        std::vector<std::shared_ptr<TimedTrigger>> triggers;
    };

    std::vector<std::shared_ptr<TimedTrigger>> make(const FlowEntry& flow, EventSource source)
        const;
    void follow_flows();
    void act_on_due();
    void rearm();

    TriggerServices services_;
    std::map<model::FlowId, Followed> followed_;
    std::unique_ptr<Timer> timer_;
    mutable Mutex mutex_;
    std::map<model::FlowId, TriggerStatus> statuses_ TIDEWAY_GUARDED_BY(mutex_);
};

}  // namespace tideway::runtime
