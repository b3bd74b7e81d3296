// trigger.recurrence: fires at the times of its schedule.
#pragma once

#include "engine/runtime/runtime.h"
#include "engine/runtime/triggers/recurrence.h"
#include "engine/runtime/triggers/timed_trigger.h"

namespace tideway::runtime {

// Thread: the executor's.
class RecurrenceTrigger final : public TimedTrigger {
  public:
    RecurrenceTrigger(const TriggerServices& services, const FlowEntry& flow);

    void start() override;
    void act(Timestamp now) override;

  private:
    using State = Result<std::optional<store::TriggerState>>;
    using Admissions = Result<std::vector<Admitted>>;

    void loaded(State state);
    // The firings and the cursor behind them, in one commit.
    void commit(const std::vector<Firing>& firings, RecurrenceCursor next);
    void committed(Admissions admitted);

    const model::Schedule schedule_;
    const std::string rule_;
    Payload stored_;  // the cursor as it is in the store
    RecurrenceCursor cursor_;
    RecurrenceCursor next_;  // being committed
    std::size_t firings_ = 0;
};

}  // namespace tideway::runtime
