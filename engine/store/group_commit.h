// Turns batches into transactions: many batches, one commit, and each batch on its own in success
// and failure.
#pragma once

#include <atomic>
#include <span>
#include <vector>

#include "engine/store/catalog_commands.h"
#include "engine/store/notices/notice_commands.h"
#include "engine/store/prune.h"
#include "engine/store/resubmissions/resubmission_commands.h"
#include "engine/store/revisions/revision_commands.h"
#include "engine/store/run_commands.h"
#include "engine/store/store.h"

namespace tideway::store {

using BatchResult = Result<std::vector<Outcome>>;

// Thread: the writer's, but for counters(). The driver is borrowed.
class GroupCommit {
  public:
    GroupCommit(SqlDriver& driver, CrashPoints* crash_points);

    // One result per batch, in order. All batches share one commit; when the database itself fails
    // (disk full, say), the transaction is undone and each batch is tried in a commit of its own.
    std::vector<BatchResult> apply(std::span<const Batch> batches);

    Store::Counters counters() const;

  private:
    std::vector<BatchResult> apply_together(std::span<const Batch> batches);
    BatchResult apply_batch(const Batch& batch);
    BatchResult apply_commands(const Batch& batch);
    Result<Outcome> apply_command(const Command& command);
    Status commit();

    SqlDriver& driver_;
    CrashPoints* crash_points_;
    PayloadTable payloads_;
    LockCommands locks_;
    RunCommands runs_;
    CatalogCommands catalog_;
    NoticeCommands notices_;
    RevisionCommands revisions_;
    ResubmissionCommands resubmissions_;
    PruneCommands prune_;
    std::atomic<std::int64_t> commits_{0};
    std::atomic<std::int64_t> batches_{0};
};

}  // namespace tideway::store
