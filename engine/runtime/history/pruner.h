// Removes history whose retention is over, in small pieces with a pause between them, so that runs
// never wait long for the writer.
#pragma once

#include <memory>

#include "engine/base/log.h"
#include "engine/base/loop.h"
#include "engine/runtime/reader_pool.h"
#include "engine/store/store.h"

namespace tideway::runtime {

// What is to go now.
store::Prune prune_command(const store::Retention& retention, Timestamp now);

// Thread: the executor's, but for look(). Borrows everything.
class Pruner {
  public:
    Pruner(store::Store& store, ReaderPool& readers, const Clock& clock, Log& log)
        : store_(store),
          readers_(readers),
          clock_(clock),
          log_(log) {}

    // Looks now, and every ten minutes. Before the executor's thread has work.
    void start(Executor& executor);

    // Something about retention has changed. Thread: any.
    void look();

  private:
    void begin();
    void prune(const store::Retention& retention);
    void on_pruned(const Result<std::vector<store::Outcome>>& result);

    store::Store& store_;
    ReaderPool& readers_;
    const Clock& clock_;
    Log& log_;
    Executor* executor_ = nullptr;
    std::unique_ptr<Timer> timer_;
    bool is_busy_ = false;
    bool look_again_ = false;
};

}  // namespace tideway::runtime
