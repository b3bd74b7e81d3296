// Store over SQL connections: one that writes, some that read.
#pragma once

#include <memory>
#include <vector>

#include "engine/store/group_commit.h"
#include "engine/store/reader_pool.h"
#include "engine/store/sql_reader.h"
#include "engine/store/writer.h"

namespace tideway::store {

// What a database gives the store: connections to a migrated schema, and what must stay alive while
// they are open (a process lock).
struct SqlConnections {
    std::shared_ptr<void> guard;
    std::unique_ptr<SqlDriver> writer;
    std::vector<std::unique_ptr<SqlDriver>> readers;  // at least one
};

class SqlStore final : public Store {
  public:
    SqlStore(SqlConnections connections, CrashPoints* crash_points)
        : guard_(std::move(connections.guard)),
          driver_(std::move(connections.writer)),
          pool_(std::move(connections.readers)),
          reader_(pool_),
          group_commit_(*driver_, crash_points),
          writer_(group_commit_) {}

    void submit(Batch batch, Completion done) override {
        writer_.submit(std::move(batch), std::move(done));
    }

    Reader& reader() override { return reader_; }

    Counters counters() const override { return group_commit_.counters(); }

  private:
    // Destroyed from below: the writer thread first, the guard last.
    std::shared_ptr<void> guard_;
    std::unique_ptr<SqlDriver> driver_;
    ReaderPool pool_;
    SqlReader reader_;
    GroupCommit group_commit_;
    Writer writer_;
};

}  // namespace tideway::store
