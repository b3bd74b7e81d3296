#include "engine/runtime/triggers/trigger_timers.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/runtime/activation.h"
#include "engine/runtime/triggers/polling_trigger.h"
#include "engine/runtime/triggers/recurrence_trigger.h"
#include "engine/runtime/triggers/subscription_trigger.h"

namespace tideway::runtime {
namespace {

constexpr Duration kLookInterval = std::chrono::minutes(1);

bool is_on(const FlowEntry& flow) {
    return flow.row.state == model::FlowState::kOn && flow.published;
}

// Whether a trigger of `before` still is that of `now`.
bool is_same(const FlowEntry& before, const FlowEntry& now) {
    return is_on(now) && before.published == now.published;
}

}  // namespace

TriggerTimers::TriggerTimers(TriggerServices services)
    : services_(std::move(services)) {
    services_.rearm = [this] { rearm(); };
    refresh();
}

TriggerTimers::~TriggerTimers() = default;

void TriggerTimers::refresh() {
    services_.executor->post([this] { follow_flows(); });
}

void TriggerTimers::look() {
    services_.executor->post([this] { act_on_due(); });
}

std::optional<TriggerStatus> TriggerTimers::status(model::FlowId flow) const {
    const Lock lock(mutex_);
    const auto it = statuses_.find(flow);
    return it == statuses_.end() ? std::nullopt : std::optional(it->second);
}

std::shared_ptr<TimedTrigger> TriggerTimers::make(const FlowEntry& flow) const {
    const std::string& name = flow.published->declaration.trigger;
    if (name == "recurrence") {
        return std::make_shared<RecurrenceTrigger>(services_, flow);
    }
    const ConnectorTrigger trigger = find_trigger(*services_.registry, name);
    if (trigger.spec == nullptr) {
        return nullptr;
    }
    if (trigger.spec->kind == "polling") {
        return std::make_shared<PollingTrigger>(services_, flow, trigger);
    }
    return trigger.spec->subscribes ? std::make_shared<SubscriptionTrigger>(services_, flow)
                                    : nullptr;
}

void TriggerTimers::follow_flows() {
    const std::vector<FlowEntry> flows = services_.catalog->flows();
    std::erase_if(triggers_, [&flows](const auto& entry) {
        return std::ranges::none_of(flows, [&entry](const FlowEntry& flow) {
            return flow.row.id == entry.first && is_same(entry.second->flow(), flow);
        });
    });
    for (const FlowEntry& flow : flows) {
        if (!is_on(flow) || triggers_.contains(flow.row.id)) {
            continue;
        }
        if (auto trigger = make(flow)) {
            triggers_[flow.row.id] = trigger;
            trigger->start();
        }
    }
    rearm();
}

void TriggerTimers::act_on_due() {
    const Timestamp now = services_.clock->now();
    // Acting changes status().next at once, and may come back here through rearm() only.
    for (const auto& [flow, trigger] : triggers_) {
        if (trigger->status().next && *trigger->status().next <= now) {
            trigger->act(now);
        }
    }
    rearm();
}

void TriggerTimers::rearm() {
    std::optional<Timestamp> next;
    {
        const Lock lock(mutex_);
        statuses_.clear();
        for (const auto& [flow, trigger] : triggers_) {
            const TriggerStatus& status = trigger->status();
            statuses_[flow] = status;
            if (status.next && (!next || *status.next < *next)) {
                next = status.next;
            }
        }
    }
    Duration delay = kLookInterval;
    if (next) {
        delay = std::clamp(*next - services_.clock->now(), Duration(0), kLookInterval);
    }
    timer_ = services_.executor->after(delay, [this] { act_on_due(); });
}

}  // namespace tideway::runtime
