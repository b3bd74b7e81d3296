// The history of a run as people see it.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/runtime/step_tree.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {

// "@now" and the like are not shown.
inline void drop_unnamed(std::vector<runtime::StepNode>& steps) {
    std::erase_if(steps, [](const runtime::StepNode& step) { return step.name.starts_with('@'); });
    for (runtime::StepNode& step : steps) {
        drop_unnamed(step.children);
    }
}

inline std::vector<runtime::StepNode> history_of(RuntimeWorld& world, const model::RunRecord& run) {
    const auto version = world.catalog().version(run.version_id);
    EXPECT_TRUE(version);
    const auto& outline = (*version)->analysis.outline;
    auto steps = runtime::build_step_tree(world.journal(run), outline, run);
    drop_unnamed(steps);
    return steps;
}

// The first step of that name, in the order of the flow.
inline std::optional<runtime::StepNode> find_step(
    const std::vector<runtime::StepNode>& steps, std::string_view name
) {
    for (const runtime::StepNode& step : steps) {
        if (step.name == name) {
            return step;
        }
        if (auto found = find_step(step.children, name)) {
            return found;
        }
    }
    return std::nullopt;
}

// A step that must be there.
inline runtime::StepNode step_of(
    RuntimeWorld& world, const model::RunRecord& run, std::string_view name
) {
    const auto found = find_step(history_of(world, run), name);
    EXPECT_TRUE(found) << "no step '" << name << "'";
    return found.value_or(runtime::StepNode());
}

inline model::Status status_of(
    RuntimeWorld& world, const model::RunRecord& run, std::string_view name
) {
    return step_of(world, run, name).status;
}

}  // namespace tideway::testing
