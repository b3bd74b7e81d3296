// What readers of history are not shown of an event and of what its run gives back. Thread: any.
#pragma once

#include "engine/runtime/flow_catalog.h"
#include "engine/store/commands.h"

namespace tideway::runtime {

// By the trigger of the published version.
model::Secured secured_by(const FlowEntry& flow);

// Inputs: the event. Outputs: response and output of the run.
void secure(store::Admit& admit, model::Secured secured);

}  // namespace tideway::runtime
