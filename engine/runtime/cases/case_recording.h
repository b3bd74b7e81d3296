// A case out of a run that has ended: what came, what the connectors said, what was done. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/base/json.h"

namespace tideway::runtime {

// A run as the API shows it: its steps with their contents, and its journal.
struct RecordedRun {
    Json run;
    Json rows;
    std::vector<RecordedRun> children;
};

struct CaseRecording {
    Json test;                 // the case's file
    std::size_t replaced = 0;  // values that were personal, or secret
    std::size_t secured = 0;   // values that history keeps back, and somebody has to write
};

// What becomes of the attempts of a step before the one that decided it.
enum class EarlierAttempts {
    kLeftOut,  // the service answers as it did in the end
    kKept,     // it fails again as often as it did, in the same way
};

// `variables`: by name, as they are set. Personal data and secrets are replaced (anonymise.h). What
// differs each time (now(), uuid(), addresses of callbacks) is neither asked for nor expected.
CaseRecording record_case(
    const RecordedRun& recorded, const Json& variables, EarlierAttempts attempts
);

}  // namespace tideway::runtime
