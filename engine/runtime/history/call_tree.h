// Runs that called each other: a run, the runs that its run_child_flow steps started, and so on.
#pragma once

#include <vector>

#include "engine/store/store.h"

namespace tideway::runtime {

// The run that nobody called, above `run`; itself when nobody called it, or when whoever did is not
// kept any more.
Result<model::RunRecord> top_of_call_tree(store::Reader& reader, model::RunRecord run);

// Runs of the tree below `top` that have not ended, and `top` itself, callers first.
Result<std::vector<model::RunRecord>> open_runs_of_tree(
    store::Reader& reader, const model::RunRecord& top
);

// What the run called itself, open ones only.
Result<std::vector<model::RunRecord>> open_children(store::Reader& reader, const Uid& parent);

// With a run that ends so, the runs that it called end too: nobody waits for them any more, and
// nobody would look at what they answer.
bool ends_its_children(const model::RunRecord& run);

}  // namespace tideway::runtime
