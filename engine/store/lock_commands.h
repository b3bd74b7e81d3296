// Commands about what runs wait for: durable locks (`exclusive`) and callbacks.
// Each checks everything that can be refused before it writes anything.
#pragma once

#include <vector>

#include "engine/store/commands.h"
#include "engine/store/payload_table.h"
#include "engine/store/sql_driver.h"

namespace tideway::store {

// Thread: that of the driver; inside a write transaction. Everything is borrowed.
class LockCommands {
  public:
    LockCommands(SqlDriver& driver, PayloadTable& payloads)
        : driver_(driver),
          payloads_(payloads) {}

    // Asking again for the same (key, run, path) finds the place in the queue unchanged.
    Result<Outcome> apply(const AcquireLock& command);
    // A lock that is not there (any more) is released already.
    Result<Outcome> apply(const ReleaseLock& command);
    // The same token again changes nothing and keeps what was received. Of the open questions of a
    // flow with one key one stays: that which was there if both say the same, else the newer one.
    Result<Outcome> apply(const PutCallback& command);
    Result<Outcome> apply(const ReceiveCallback& command);
    // A call that has come is kept.
    Result<Outcome> apply(const CloseCallback& command);

    // Gives up what an ended run holds or waits for; the locks that passed on.
    Result<std::vector<LockGrant>> end_run(RunId run_id);

  private:
    Status require_open_run(RunId run_id);
    Result<bool> is_free_for(const std::string& key, const Uid& holder);
    // When nobody holds the key any more, the first in the queue does.
    Result<std::optional<LockGrant>> pass_on(const std::string& key);
    Result<Uid> uid_of(RunId run_id);
    // The runs whose questions gave way to the one that was put.
    Result<std::vector<LockGrant>> keep_one_question(const PutCallback& put);
    Status receive(const std::string& token, RunId run_id, const Payload& payload);

    SqlDriver& driver_;
    PayloadTable& payloads_;
};

}  // namespace tideway::store
