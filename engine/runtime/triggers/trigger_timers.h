// Everything that starts runs by itself: recurrences, polls, and subscriptions that must be
// renewed. Follows the flows of the catalog: what is on has its trigger here.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "engine/base/threading.h"
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

    // Flows were turned on or off, published, or bound to another connection.
    void refresh();

    // Acts on what is due by the clock now. Timers do that by themselves, at least every minute, so
    // that a clock that is set is seen.
    void look();

    // Nothing: the flow has no trigger that acts by itself, or is off.
    std::optional<TriggerStatus> status(model::FlowId flow) const;

  private:
    std::shared_ptr<TimedTrigger> make(const FlowEntry& flow) const;
    void follow_flows();
    void act_on_due();
    void rearm();

    TriggerServices services_;
    std::map<model::FlowId, std::shared_ptr<TimedTrigger>> triggers_;
    std::unique_ptr<Timer> timer_;
    mutable Mutex mutex_;
    std::map<model::FlowId, TriggerStatus> statuses_ TIDEWAY_GUARDED_BY(mutex_);
};

}  // namespace tideway::runtime
