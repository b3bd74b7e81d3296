// What becomes of the steps of a run when it is made again, told from its journal and from the
// outline of the flow that will run. Pure.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/connector_spec.h"
#include "engine/model/flow.h"
#include "engine/model/journal_row.h"

namespace tideway::runtime {

enum class StepFate {
    kReused,     // its result is taken over, or the ledger's
    kRepeated,   // it is made again
    kProbed,     // the service is asked whether it has happened; made when it has not
    kMayFollow,  // the run did not get there: it is made if the flow comes to it
    kSkipped,    // the run did not take it; where it is an effect, it is not made
};
std::string_view to_string(StepFate fate);  // "reused" ...

struct PlannedStep {
    std::string path;       // of kMayFollow and kSkipped without occurrences and iterations
    std::string operation;  // "<reference>.<operation>", "run_child_flow"
    StepFate fate = StepFate::kRepeated;
    bool is_effect = false;
};

// Null: no such operation.
using FindOperation = std::function<const model::OperationSpec*(std::string_view operation)>;

// What is known of the run that is made again.
struct EarlierRun {
    const std::vector<model::JournalRow>* rows = nullptr;  // null: it never was
    // With another version or event its decisions foretell nothing.
    bool is_changed = false;
};

class StepPlan {
  public:
    StepPlan(
        const EarlierRun& earlier,
        std::string_view start,
        const std::vector<model::OutlineNode>& outline,
        const FindOperation& find_operation
    );

    // Operations and calls of flows: those of the journal in its order, then the others.
    const std::vector<PlannedStep>& steps() const { return steps_; }

    // Whether an effect there, or a call of a flow, is part of it.
    bool has(std::string_view path) const;

  private:
    std::vector<PlannedStep> steps_;
    std::set<std::string, std::less<>> again_;       // paths
    std::set<std::string, std::less<>> reused_;      // the same
    std::set<std::string, std::less<>> may_follow_;  // without occurrences and iterations
};

}  // namespace tideway::runtime
