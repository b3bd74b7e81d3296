// Runs that the engine itself has paused: nothing that happens to them makes them go on, only a
// person does (resume, resubmit, cancel). Not those with a parked effect: they wait for a decision.
#pragma once

#include "engine/store/store.h"

namespace tideway::runtime {

inline constexpr const char* kDiverged = "Diverged";
inline constexpr const char* kRunDiesRepeatedly = "RunDiesRepeatedly";
inline constexpr const char* kRestoredFromBackup = "RestoredFromBackup";

bool waits_for_person(const model::RunRecord& run);

// In a store that was put in place from a backup, the first time it is opened: pauses the open
// runs, because what they did after the copy was made is not in it, and stops resubmissions.
// Returns how many runs. Blocking.
Result<int> pause_restored_runs(store::Store& store);

}  // namespace tideway::runtime
