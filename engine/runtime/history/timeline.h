// What a run wrote, for the time line of a record. Pure.
#pragma once

#include <vector>

#include "engine/base/json.h"
#include "engine/model/run.h"
#include "engine/runtime/step_tree.h"

namespace tideway::runtime {

// [{"step", "path", "operation", "state", "record", "input", "changes"}] in the order of the steps:
// the effects of the run, and those of a muted run that did not take place (state "Muted"). What is
// secured is not shown.
Json writes_of(const std::vector<StepNode>& steps, const std::vector<model::EffectRecord>& effects);

}  // namespace tideway::runtime
