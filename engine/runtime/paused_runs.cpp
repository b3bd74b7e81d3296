#include "engine/runtime/paused_runs.h"

#include "engine/runtime/flow_catalog.h"
#include "engine/store/backup.h"

namespace tideway::runtime {

bool waits_for_person(const model::RunRecord& run) {
    return run.status == model::Status::kPaused &&
           (run.code == kDiverged || run.code == kRunDiesRepeatedly ||
            run.code == kRestoredFromBackup);
}

Result<int> pause_restored_runs(store::Store& store) {
    TIDEWAY_TRY_ASSIGN(const auto taken, store.reader().meta(store::kRestoredFromKey));
    if (!taken || taken->empty()) {
        return 0;
    }
    TIDEWAY_TRY_ASSIGN(const auto open, store.reader().open_runs());
    store::Batch batch;
    for (const model::RunRecord& run : open) {
        if (waits_for_person(run)) {
            continue;
        }
        store::SetRunStatus set;
        set.run_id = run.id;
        set.status = model::Status::kPaused;
        set.code = kRestoredFromBackup;
        set.reason = "The store was restored from the backup of " + *taken +
                     "; what this run did after it is not known here.";
        set.remedy = "Look at what it changed outside; then resume, resubmit or cancel it.";
        batch.commands.emplace_back(std::move(set));
    }
    const int paused = static_cast<int>(batch.commands.size());
    TIDEWAY_TRY_ASSIGN(const auto resubmissions, store.reader().resubmissions().unfinished());
    for (const std::int64_t id : resubmissions) {
        store::SetResubmissionState set;
        set.id = id;
        set.state = store::ResubmissionState::kStopped;
        set.reason = "The store was restored from the backup of " + *taken + ".";
        set.at = SystemClock().now();
        batch.commands.emplace_back(std::move(set));
    }
    batch.commands.emplace_back(store::SetMeta{store::kRestoredFromKey, ""});
    TIDEWAY_TRY(submit_blocking(store, std::move(batch)));
    return paused;
}

}  // namespace tideway::runtime
