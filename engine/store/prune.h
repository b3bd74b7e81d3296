// Retention: takes ended runs and what only they needed out of the store.
#pragma once

#include <limits>
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

    // Sweeps through the flows and their runs by id, a piece with each command, and then through
    // what belongs to no run: events without one go with their flow, keys of duplicates when they
    // have expired, flow versions when neither a run nor a flow names them, effects when their own
    // retention is over, notices and resubmissions that have ended.
    Result<Outcome> apply(const Prune& command);

  private:
    // What one piece may still do.
    struct Budget {
        std::int64_t runs = 0;    // removed
        std::int64_t rows = 0;    // of journals, removed
        std::int64_t looked = 0;  // runs looked at
    };

    // The sweep is there: runs of the flow up to this one are done, flows before it, too.
    struct Place {
        FlowId flow = std::numeric_limits<FlowId>::min();
        RunId run = 0;
        bool flows_are_done = false;
        std::int64_t effect = 0;  // effects up to this one are done
    };

    // Each of these: true when nothing is left of it, false when the piece is.
    Result<bool> prune_flows(const Prune& command, Budget& budget);
    Result<bool> prune_flow(FlowId flow_id, Timestamp before, Budget& budget);
    Result<bool> prune_events(FlowId flow_id, Timestamp before, int limit);
    Result<bool> prune_versions(const Prune& command);
    Result<bool> prune_keys(const Prune& command);
    Result<bool> prune_ledger(Timestamp before, int limit);
    Result<bool> remove_run(RunId run_id, Budget& budget);

    Result<std::vector<FlowId>> flows();
    Status on_run(std::string_view sql, RunId run_id);
    Status remove_event(EventId event_id);
    Status prune_tries(const Prune& command);
    Status remove_version(VersionId version_id);

    SqlDriver& driver_;
    PayloadTable& payloads_;
    Place place_;
};

}  // namespace tideway::store
