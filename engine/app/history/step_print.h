// The step tree of a run, for people.
#pragma once

#include <ostream>
#include <string>

#include "engine/base/json.h"

namespace tideway::app {

enum class Contents { kWith, kWithout };  // inputs, outputs and attempts of the steps

// `steps` as GET /runs/{run} has them; a line for each, those inside indented.
void print_steps(const Json& steps, Contents contents);

// What a muted effect would change, [{"field", "before", "after"}]: a line for each.
void print_changes(std::ostream& out, const Json& changes, const std::string& indent);

}  // namespace tideway::app
