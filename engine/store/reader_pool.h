// The read connections of a store and who uses which.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/threading.h"
#include "engine/store/sql_driver.h"

namespace tideway::store {

// Thread: any.
class ReaderPool {
  public:
    explicit ReaderPool(std::vector<std::unique_ptr<SqlDriver>> drivers);

    // One connection, for one thread, with one snapshot of the store for as long as this lives. The
    // snapshot ends with it.
    class Lease {
      public:
        explicit Lease(ReaderPool& pool)
            : pool_(pool),
              driver_(pool.take()) {}

        ~Lease();
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;

        // Call once, before anything is read.
        Status begin() { return driver_.begin_read(); }

        SqlDriver& driver() { return driver_; }

      private:
        ReaderPool& pool_;
        SqlDriver& driver_;
    };

  private:
    SqlDriver& take();  // waits for a free one
    void give_back(SqlDriver& driver);

    std::vector<std::unique_ptr<SqlDriver>> drivers_;
    Mutex mutex_;
    Condition returned_;
    std::vector<SqlDriver*> free_ TIDEWAY_GUARDED_BY(mutex_);
};

}  // namespace tideway::store
