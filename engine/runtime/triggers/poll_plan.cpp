#include "engine/runtime/triggers/poll_plan.h"

#include "engine/base/limits.h"
#include "engine/runtime/triggers/recurrence.h"

namespace tideway::runtime {

std::optional<PollPlan> poll_plan(
    const connector::Registry& registry, const LoadedVersion& version, EventSource source
) {
    PollPlan plan;
    plan.asked = find_trigger(registry, version.declaration.trigger);
    if (plan.asked.spec == nullptr) {
        return std::nullopt;
    }
    if (plan.asked.spec->kind == "polling") {
        plan.schedule = *version.schedule;
        return plan;
    }
    if (plan.asked.spec->caught_up_by.empty()) {
        return std::nullopt;
    }
    const std::string& trigger = version.declaration.trigger;
    const model::ConnectorSpec& spec = *registry.spec(trigger.substr(0, trigger.find('.')));
    plan.asked.spec = spec.trigger(plan.asked.spec->caught_up_by);
    const bool polls = source == EventSource::kPolling;
    plan.schedule = every(polls ? plan.asked.spec->poll_interval : limits::kCatchUpInterval);
    plan.origin = polls ? model::EventOrigin::kPolled : model::EventOrigin::kCatchUp;
    return plan;
}

}  // namespace tideway::runtime
