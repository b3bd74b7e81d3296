// Compares a run that took place with what its case expects.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime/cases/case_runner.h"
#include "engine/runtime/cases/case_world.h"

namespace tideway::runtime {

// The child run of a step, by its path; none: the step called nobody.
using FindChild =
    std::function<Result<std::optional<SeenRun>>(const SeenRun& parent, const std::string& path)>;

// `end` is the whole path, or its end from a whole name on.
bool ends_with_path(std::string_view path, std::string_view end);

Result<std::vector<CaseDifference>> check_run(
    const ExpectedRun& expected, const SeenRun& seen, const FindChild& find_child
);

std::vector<CaseDifference> check_effects(
    const std::vector<ExpectedEffect>& expected, const std::vector<ScriptedService::Effect>& seen
);

}  // namespace tideway::runtime
