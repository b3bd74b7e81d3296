#include "engine/runtime/triggers/trigger_timers.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/runtime/activation.h"
#include "engine/runtime/triggers/address_check.h"
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

// Several triggers of a flow as one.
void add_status(TriggerStatus& out, const TriggerStatus& one) {
    if (one.next && (!out.next || *one.next < *out.next)) {
        out.next = one.next;
    }
    out.last = std::max(out.last, one.last);
    if (one.failures > out.failures) {
        out.failures = one.failures;
        out.error = one.error;
    }
    if (one.registered) {
        out.registered = one.registered;
    }
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

std::vector<std::shared_ptr<TimedTrigger>> TriggerTimers::make(
    const FlowEntry& flow, EventSource source
) const {
    std::vector<std::shared_ptr<TimedTrigger>> out;
    if (flow.published->declaration.trigger == "recurrence") {
        out.push_back(std::make_shared<RecurrenceTrigger>(services_, flow));
        return out;
    }
    const ConnectorTrigger trigger =
        find_trigger(*services_.registry, flow.published->declaration.trigger);
    if (trigger.spec != nullptr && trigger.spec->subscribes) {
        out.push_back(std::make_shared<SubscriptionTrigger>(services_, flow));
    }
    if (auto plan = poll_plan(*services_.registry, *flow.published, source)) {
        out.push_back(std::make_shared<PollingTrigger>(services_, flow, std::move(*plan)));
    }
    if (trigger.spec != nullptr && trigger.spec->is_registered) {
        out.push_back(std::make_shared<AddressCheck>(services_, flow));
    }
    return out;
}

void TriggerTimers::follow_flows() {
    const std::vector<FlowEntry> flows = services_.catalog->flows();
    const EventSource source = services_.environment->settings().events_come_by();
    std::erase_if(followed_, [&flows, source](const auto& entry) {
        const Followed& followed = entry.second;
        return followed.source != source || std::ranges::none_of(flows, [&](const FlowEntry& flow) {
                   return flow.row.id == entry.first && is_same(followed.flow, flow);
               });
    });
    for (const FlowEntry& flow : flows) {
        if (!is_on(flow) || followed_.contains(flow.row.id)) {
            continue;
        }
        Followed followed{flow, source, make(flow, source)};
        const auto triggers = followed.triggers;
        followed_.emplace(flow.row.id, std::move(followed));
        for (const auto& trigger : triggers) {
            trigger->start();
        }
    }
    rearm();
}

void TriggerTimers::act_on_due() {
    const Timestamp now = services_.clock->now();
    // Acting changes status().next at once, and may come back here through rearm() only.
    for (const auto& [flow, followed] : followed_) {
        for (const auto& trigger : followed.triggers) {
            if (trigger->status().next && *trigger->status().next <= now) {
                trigger->act(now);
            }
        }
    }
    rearm();
}

void TriggerTimers::rearm() {
    std::optional<Timestamp> next;
    {
        const Lock lock(mutex_);
        statuses_.clear();
        for (const auto& [flow, followed] : followed_) {
            for (const auto& trigger : followed.triggers) {
                const TriggerStatus& status = trigger->status();
                if (status.next && (!next || *status.next < *next)) {
                    next = status.next;
                }
                add_status(statuses_[flow], status);
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
