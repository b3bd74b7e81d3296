#include "engine/runtime/triggers/recurrence_trigger.h"

#include <utility>

namespace tideway::runtime {
namespace {

constexpr const char* kSource = "recurrence";
constexpr Duration kRetryInterval = std::chrono::seconds(1);
constexpr Duration kRetryIntervalMax = std::chrono::seconds(30);

}  // namespace

RecurrenceTrigger::RecurrenceTrigger(const TriggerServices& services, const FlowEntry& flow)
    : TimedTrigger(services, flow),
      schedule_(*flow.published->schedule),
      rule_(rule_of(kSource, flow.published->declaration.trigger_config, {})) {}

void RecurrenceTrigger::start() {
    wait_until(std::nullopt);
    services_.runtime->readers().run([flow = flow_.row.id,
                                      done = back(&RecurrenceTrigger::loaded)](store::Reader& reader
                                     ) { done(reader.trigger_state(flow)); });
}

void RecurrenceTrigger::loaded(State state) {
    if (!state) {
        failed(std::move(state.error()), kRetryInterval, kRetryIntervalMax);
        return;
    }
    stored_ = *state ? (*state)->cursor : Payload();
    if (const auto cursor = read_recurrence(stored_, rule_)) {
        cursor_ = *cursor;
        wait_until(next_firing(schedule_, cursor_));
        return;
    }
    commit({}, begin_recurrence(schedule_, rule_, services_.clock->now()));
}

void RecurrenceTrigger::act(Timestamp now) {
    if (cursor_.rule.empty()) {
        start();
        return;
    }
    const DueFirings due = due_firings(schedule_, cursor_, now);
    commit(due.firings, {rule_, cursor_.anchor, due.last});
}

void RecurrenceTrigger::commit(const std::vector<Firing>& firings, RecurrenceCursor next) {
    wait_until(std::nullopt);
    std::vector<Delivery> deliveries;
    for (const Firing& firing : firings) {
        Delivery delivery;
        delivery.flow = flow_;
        delivery.source = kSource;
        delivery.event = firing_event(schedule_, firing);
        deliveries.push_back(std::move(delivery));
    }
    next_ = std::move(next);
    firings_ = firings.size();
    services_.runtime->admit_all(
        std::move(deliveries),
        {store::MoveCursor{flow_.row.id, stored_, to_payload(next_)}},
        back(&RecurrenceTrigger::committed)
    );
}

void RecurrenceTrigger::committed(Admissions admitted) {
    if (!admitted) {
        cursor_ = {};  // read again before anything fires
        failed(std::move(admitted.error()), kRetryInterval, kRetryIntervalMax);
        return;
    }
    stored_ = to_payload(next_);
    cursor_ = std::move(next_);
    if (firings_ > 0) {
        succeeded();
    } else {
        status_.failures = 0;
        status_.error.reset();
    }
    wait_until(next_firing(schedule_, cursor_));
}

}  // namespace tideway::runtime
