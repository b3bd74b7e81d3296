// What is asked of which service for a flow, and how often. Pure.
#pragma once

#include <optional>

#include "engine/model/schedule.h"
#include "engine/runtime/activation.h"
#include "engine/runtime/environment/environment.h"

namespace tideway::runtime {

// What is asked for a flow.
struct PollPlan {
    ConnectorTrigger asked;  // a polling trigger: the flow's own, or the one that catches it up
    model::Schedule schedule;
    model::EventOrigin origin = model::EventOrigin::kBrought;
};

// Absent: there is nothing to ask for the flow's trigger. In an environment whose events come by
// polling a webhook trigger is asked as often as its polling trigger would be.
std::optional<PollPlan> poll_plan(
    const connector::Registry& registry, const LoadedVersion& version, EventSource source
);

}  // namespace tideway::runtime
