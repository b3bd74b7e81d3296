// The step tree of a run, for people.
#pragma once

#include "engine/base/json.h"

namespace tideway::app {

enum class Contents { kWith, kWithout };  // inputs, outputs and attempts of the steps

// `steps` as GET /runs/{run} has them; a line for each, those inside indented.
void print_steps(const Json& steps, Contents contents);

}  // namespace tideway::app
