// Which results of an earlier run a run takes over that starts from a step. Pure.
//
// Taken over is what had begun before that step and has ended, as it ended. What runs beside it (a
// branch of the same parallel, an item of the same foreach with concurrency) is taken over where it
// succeeded. Locks are always taken anew, and so is an address whose call had not come by then.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/model/journal_row.h"

namespace tideway::runtime {

// The call that a child flow's step is: its path in the caller, and the step's in the child.
struct StepInChild {
    std::string call;
    std::string step;
};

// Of a path that names a step in a flow that this run called. `rows` is its journal.
std::optional<StepInChild> step_in_child(
    const std::vector<model::JournalRow>& rows, std::string_view path
);

// What the run that calls at `call` tells its child to start from; empty: from the beginning.
std::string_view start_in_child(std::string_view start, std::string_view call);

// Thread: any one. The rows are borrowed.
class ReusableSteps {
  public:
    // `start`: empty: nothing is taken over.
    ReusableSteps(const std::vector<model::JournalRow>& rows, std::string_view start);

    struct Step {
        const model::JournalRow* opening = nullptr;  // says what was asked
        const model::JournalRow* ending = nullptr;   // result or wake; of a value its only row
    };

    std::optional<Step> find(std::string_view path) const;

    // False: the run never came to the step to start from.
    bool has_start() const { return start_.empty() || begins_ > 0; }

  private:
    struct Known {
        std::int64_t first = 0;
        Step step;
        const model::JournalRow* scope = nullptr;
    };

    const Known* known(std::string_view path) const;
    const model::JournalRow* scope_at(std::string_view path) const;
    bool is_taken_over(std::string_view path, const Known& known) const;
    bool runs_beside_start(std::string_view path) const;

    std::string start_;  // in this run
    std::int64_t begins_ = 0;
    std::unordered_map<std::string_view, Known> by_path_;  // views into the rows
};

}  // namespace tideway::runtime
