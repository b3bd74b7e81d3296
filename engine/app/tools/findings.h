// What preflight and verify_tenant of a pack have found.
#pragma once

#include <ostream>

#include "engine/base/json.h"

namespace tideway::app {

// [{"check", "ok", "warning", "message", "remedy"}] of the tool's run.
Json findings_of(const Json& run);

// How many are not ok; a warning is.
int problems_in(const Json& findings);

enum class FindingsShown { kAll, kProblems };

// A line for each, and its remedy below.
void print_tool_findings(std::ostream& out, const Json& findings, FindingsShown shown);

}  // namespace tideway::app
