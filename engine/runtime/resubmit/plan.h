// What a resubmission would do, run by run; changes nothing. It is exact for results that are taken
// over and for effects that the ledger knows, a prediction after the first fresh read.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/runtime/health/connection_gate.h"
#include "engine/runtime/resubmit/choices.h"
#include "engine/runtime/resubmit/step_plan.h"
#include "engine/runtime/runtime.h"

namespace tideway::runtime {

enum class Pick {
    kAll,
    kLatestPerRecord,  // of the runs of one flow that follow each other, only the last
};

struct Selection {
    // Oldest first.
    std::vector<model::RunRecord> runs;
    // By a filter: a run that was resubmitted since is not made again.
    bool is_search = false;
    Pick pick = Pick::kAll;
};

struct RunPlan {
    model::RunRecord original;
    std::string flow;  // "pack/name"
    std::string version;
    std::string start;
    std::vector<PlannedStep> steps;        // those of called flows behind their call
    std::vector<std::string> connections;  // of each step; empty: of none
};

struct PlannedCalls {
    std::int64_t calls = 0;       // of steps that are made again
    std::int64_t may_follow = 0;  // of steps that the runs did not come to before
};

struct ResubmitPlan {
    std::vector<store::ResubmissionItem> items;
    std::vector<RunPlan> runs;  // the first of those that will be made
    std::map<StepFate, std::int64_t> steps;
    std::map<std::string, PlannedCalls> calls;           // by connection
    std::map<model::FlowId, model::VersionId> versions;  // what `current` or `draft` is, planned
    std::string hash;                                    // equal for equal plans
};

struct PlanServices {
    const Runtime* runtime = nullptr;
    const FlowCatalog* catalog = nullptr;
    const connector::Registry* registry = nullptr;
};

// `shown`: of how many runs the steps are kept. Blocking.
Result<ResubmitPlan> plan_resubmission(
    const PlanServices& services,
    store::Reader& reader,
    const Selection& selection,
    const ResubmitChoices& choices,
    std::size_t shown
);

}  // namespace tideway::runtime
