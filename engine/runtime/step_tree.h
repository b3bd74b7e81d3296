// A run's history as people read it: the journal folded into a tree, with what was not taken
// (Skipped) from the flow's outline. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/model/flow.h"
#include "engine/model/journal_row.h"
#include "engine/model/run.h"

namespace tideway::runtime {

// One that did not end the step, with what was asked and answered.
struct AttemptNote {
    int number = 0;
    model::AttemptClass attempt_class = model::AttemptClass::kNone;
    Timestamp ended;
    Duration took{};
    Payload note;
};

struct StepNode {
    std::string name;
    std::string path;  // "" for what never ran
    std::string kind;  // as in OutlineNode
    std::string operation;
    int line = 0;
    model::Status status = model::Status::kSkipped;
    std::string code;
    bool is_static = false;  // it did not take place: static_result
    int attempts = 0;
    std::vector<AttemptNote> attempt_notes;
    Json changes;  // muted_changes() of a muted effect, where what is there was read; or null
    Payload input;
    Payload output;
    Payload error;
    model::Secured secured = model::Secured::kNothing;  // what to_json() does not show
    std::optional<Timestamp> started;
    std::optional<Timestamp> ended;
    std::vector<StepNode> children;
};

std::vector<StepNode> build_step_tree(
    const std::vector<model::JournalRow>& rows,
    const std::vector<model::OutlineNode>& outline,
    const model::RunRecord& run
);

enum class Contents { kWithout, kWith };  // inputs and outputs

Json to_json(const StepNode& node, Contents contents);

// "Write the CRM ID back failed: <the service's message>": the first line about a failed run.
std::string headline(const model::RunRecord& run);

}  // namespace tideway::runtime
