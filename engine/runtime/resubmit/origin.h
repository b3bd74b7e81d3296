// The run that a resubmitted run does again, as it needs it in memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/run.h"
#include "engine/store/store.h"

namespace tideway::runtime {

struct Origin {
    model::RunRecord run;
    std::vector<model::JournalRow> rows;
    bool is_changed = false;  // the new run has another version or event
};

// Whether the run does not simply do everything again: it starts from a step, or keeps to a plan.
bool needs_origin(const model::RunRecord& run);

// Null: an earlier run never got to calling it.
Result<std::shared_ptr<const Origin>> origin_of(store::Reader& reader, const model::RunRecord& run);

// The run that `caller`, or the run that it did again, and so on, called at `path`; or none.
Result<Uid> earlier_child(store::Reader& reader, Uid caller, std::string_view path);

// Code "StepNotInHistory": the run, or the flow that it called there, never came to that step.
Status require_step(store::Reader& reader, const model::RunRecord& run, const std::string& step);

}  // namespace tideway::runtime
