// SQLite behind SqlDriver: one file in WAL mode with synchronous=FULL.
#pragma once

#include <memory>
#include <string>

#include "engine/store/sql_driver.h"
#include "engine/store/store.h"

namespace tideway::store {

// Keeps other processes (and a second store of this one) away from a database file, by a lock on
// "<file>.lock" that the operating system drops with the process. Thread: any.
class ProcessLock {
  public:
    // Fails with code "StoreInUse".
    static Result<std::unique_ptr<ProcessLock>> acquire(const std::string& database_path);

    ~ProcessLock();
    ProcessLock(const ProcessLock&) = delete;
    ProcessLock& operator=(const ProcessLock&) = delete;

  private:
    explicit ProcessLock(int descriptor)
        : descriptor_(descriptor) {}

    int descriptor_;
};

// The one connection that writes. Makes the file when it is absent. Fails with "StoreCorrupt" when
// the file is no database, not ours, or damaged. After a close that was not clean the file is
// checked for up to limits::kStartCheckBudget; what that does not reach fails with "StoreCorrupt"
// when it is read.
Result<std::unique_ptr<SqlDriver>> open_sqlite_writer(
    const std::string& path, Durability durability = Durability::kFull
);

// A connection that cannot write. The file exists.
Result<std::unique_ptr<SqlDriver>> open_sqlite_reader(const std::string& path);

}  // namespace tideway::store
