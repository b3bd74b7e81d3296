// Copies of a store: made beside the process that writes it, and put in place of a store again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace tideway::store {

// In the meta table of a copy, until its open runs are Paused: when the copy was made (ISO 8601).
inline constexpr const char* kRestoredFromKey = "restored_from";

// Copies the store at `path`, as of one commit, to the new file `target`, which is there whole or
// not at all and readable by its owner only. Blocking. Returns its bytes. Fails with
// "StoreNotFound", "BackupExists" (nothing is overwritten), "StoreDiskFull", "StoreCorrupt",
// "BackupFailed".
Result<std::int64_t> back_up_sqlite(
    const std::string& path, const std::string& target, Timestamp now
);

// What migrations are about to do to a store that is there.
struct MigrationAhead {
    int from = 0;      // the schema of the store
    int to = 0;        // that of this program
    std::string copy;  // the file that keeps the store as it is
};

// Empty when the store at `path` is new, of this program's schema, or of a newer one. Blocking.
Result<std::optional<MigrationAhead>> migration_ahead(const std::string& path);

// Copies the store at `path` to `ahead.copy`, as back_up_sqlite does, but in place of an earlier
// copy of that name: a start that fails again and again makes one. Blocking. Fails as
// back_up_sqlite.
Status copy_before_migration(const std::string& path, const MigrationAhead& ahead, Timestamp now);

// Puts a copy of `backup` in place of the store at `path`. What was there is kept beside it under
// the name that is returned ("" when nothing was). Blocking. Fails with "StoreInUse" while a server
// has the store open, "StoreCorrupt" when the backup is damaged or not a store, "StoreTooNew",
// "StoreDiskFull", "BackupFailed"; the store is then as it was.
Result<std::string> restore_sqlite(
    const std::string& backup, const std::string& path, Timestamp now
);

}  // namespace tideway::store
