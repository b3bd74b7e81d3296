// Names that flows use and that their pack has to have. Thread: any.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/script/outline.h"

namespace tideway::script {

struct PackNames {
    std::set<std::string> variables;  // environment variables that the pack declares
    std::set<std::string> flows;
};

// Warnings, with the nearest name that there is: "unknown-variable" of env "...", "unknown-flow" of
// run_child_flow(..., "..."). They keep a flow from being turned on. Files with a syntax error, and
// names that are no literals, are for analyse() to find.
std::vector<Finding> check_names(
    const std::map<std::string, std::string>& files, const PackNames& names
);

}  // namespace tideway::script
