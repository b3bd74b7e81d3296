// Retention: takes ended runs and what only they needed out of the store.
#pragma once

#include <vector>

#include "engine/store/commands.h"
#include "engine/store/payload_table.h"
#include "engine/store/sql_driver.h"

namespace tideway::store {

// Thread: that of the driver; inside a write transaction. Everything is borrowed.
class PruneCommands {
  public:
    PruneCommands(SqlDriver& driver, PayloadTable& payloads)
        : driver_(driver),
          payloads_(payloads) {}

    // Also removes, up to the limit each: events without a run, keys of duplicates that have
    // expired, flow versions that neither a run nor a flow names, notices that have ended and
    // failure groups. Ledger rows stay, without their outputs.
    Result<Outcome> apply(const Prune& command);

  private:
    Result<std::vector<std::int64_t>> ids(std::string_view sql, const Prune& command);
    Status on_run(std::string_view sql, RunId run_id);
    Status remove_run(RunId run_id);
    Status remove_event(EventId event_id);
    Status remove_version(VersionId version_id);

    SqlDriver& driver_;
    PayloadTable& payloads_;
};

}  // namespace tideway::store
