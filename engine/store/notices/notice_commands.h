// The commands of notices.h, and what the end of a run that failed leaves for them. Each checks
// everything that can be refused before it writes anything.
#pragma once

#include "engine/store/commands.h"
#include "engine/store/sql_driver.h"

namespace tideway::store {

// Thread: that of the driver; inside a write transaction. The driver is borrowed.
class NoticeCommands {
  public:
    explicit NoticeCommands(SqlDriver& driver)
        : driver_(driver) {}

    Result<Outcome> apply(const RaiseNotice& command);
    Result<Outcome> apply(const EndNotice& command);
    Result<Outcome> apply(const PutDelivery& command);
    Result<Outcome> apply(const PutNoticeChannel& command);
    Result<Outcome> apply(const DeleteNoticeChannel& command);  // code "NoticeChannelNotFound"
    Result<Outcome> apply(const PutEventExpectation& command);

  private:
    Result<Outcome> open(const model::NoticeRecord& notice);
    Status grow(std::int64_t id, const model::NoticeRecord& notice);
    Status deliver(
        std::int64_t id, model::NoticeMoment moment, Timestamp at, const RaiseNotice& command
    );

    SqlDriver& driver_;
};

// With the end of a run: counts it in its failure group, if it is one that failed.
Status note_failure(SqlDriver& driver, RunId run_id, const model::RunRecord& run, Timestamp ended);

// Notices that ended before `before`, with their deliveries, and failure groups without a failure
// since; at most `limit` of each.
Status prune_notices(SqlDriver& driver, Timestamp before, int limit);

}  // namespace tideway::store
