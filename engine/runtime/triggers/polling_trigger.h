// Asks a service what is new, as often as a schedule says: for a polling trigger, and for a webhook
// trigger to find what no call has brought. The events of a poll and the cursor behind them are one
// commit.
#pragma once

#include "engine/runtime/exchange_driver.h"
#include "engine/runtime/runtime.h"
#include "engine/runtime/triggers/poll_plan.h"
#include "engine/runtime/triggers/timed_trigger.h"

namespace tideway::runtime {

// Thread: the executor's.
class PollingTrigger final : public TimedTrigger {
  public:
    PollingTrigger(const TriggerServices& services, const FlowEntry& flow, PollPlan plan);

    void start() override;
    void act(Timestamp now) override;

  private:
    using State = Result<std::optional<store::TriggerState>>;
    using Admissions = Result<std::vector<Admitted>>;

    void loaded(State state);
    void polled(ExchangeDriver::Outcome outcome);
    Status take(const Payload& output);
    void committed(Admissions admitted);
    void went_well();
    void went_wrong(Error error);

    const PollPlan plan_;
    const Timestamp anchor_;
    bool is_loaded_ = false;
    std::string rule_;
    std::string connection_;  // that is polled
    Json config_;
    Payload stored_;  // the cursor as it is in the store
    Json cursor_;     // the connector's part of it
    Payload next_;    // being committed
    Json next_cursor_;
    bool has_more_ = false;
    // What the service said of the next poll.
    std::optional<Duration> next_in_;
    std::optional<Duration> not_before_;
};

}  // namespace tideway::runtime
