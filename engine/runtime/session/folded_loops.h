// Finished iterations of loops with `checkpoint = true`: a replay begins behind them. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/model/journal_row.h"

namespace tideway::runtime {

struct FoldedLoop {
    int done = 0;  // iterations 1 .. done are left out
    Payload last;  // what the last of them returned: {"state":..}
    // Rows of theirs that say what the run itself keeps: outcome, tracked values, secured steps,
    // children that were given up.
    std::vector<model::JournalRow> kept;
};

using FoldedLoops = std::map<std::string, FoldedLoop, std::less<>>;  // by the loop's path

// Takes the rows of finished iterations out of a journal. A failed one stays, and so does that
// which ended a repeat_until.
FoldedLoops fold_loops(std::vector<model::JournalRow>& rows);

// What a loop is answered with when it begins: {"done":n,"last":{"state":..}}.
Payload resumed_at(const FoldedLoop& loop);

}  // namespace tideway::runtime
