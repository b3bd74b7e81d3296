// The commands of resubmissions.h.
#pragma once

#include "engine/store/commands.h"
#include "engine/store/sql_driver.h"

namespace tideway::store {

// Thread: that of the driver; inside a write transaction. The driver is borrowed.
class ResubmissionCommands {
  public:
    explicit ResubmissionCommands(SqlDriver& driver)
        : driver_(driver) {}

    Result<Outcome> apply(const PutResubmission& command);
    Result<Outcome> apply(const SetResubmissionState& command);
    Result<Outcome> apply(const PutResubmissionItem& command);

  private:
    Result<ResubmissionState> state_of(std::int64_t id);

    SqlDriver& driver_;
};

// Those that ended before `before`, with their items; at most `limit` of them.
Status prune_resubmissions(SqlDriver& driver, Timestamp before, int limit);

}  // namespace tideway::store
