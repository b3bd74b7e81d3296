// Why steps were not taken, under Power Automate's codes: in the branch that a condition or switch
// did not take, behind a step that failed, or inside of what was skipped itself. Pure.
#pragma once

#include <vector>

#include "engine/runtime/step_tree.h"

namespace tideway::runtime {

// Sets the error of each Skipped step whose reason the tree tells; of others, such as what stands
// behind a `return`, it stays empty. `ended` is how the run, in which the steps are, ended.
void explain_skips(std::vector<StepNode>& steps, model::Status ended);

}  // namespace tideway::runtime
