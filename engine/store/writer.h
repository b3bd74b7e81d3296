// The one thread that writes: takes everything that is queued, hands it to the group commit, and
// calls the completions in the order of submission.
#pragma once

#include <deque>
#include <thread>
#include <vector>

#include "engine/base/threading.h"
#include "engine/store/group_commit.h"
#include "engine/store/store.h"

namespace tideway::store {

// Thread: any. The group commit is borrowed and used on the writer thread only.
class Writer {
  public:
    explicit Writer(GroupCommit& group_commit);

    // Stores what is queued, then stops. What is submitted meanwhile fails with code "StoreClosed".
    ~Writer();

    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // As Store::submit().
    void submit(Batch batch, Completion done);

  private:
    struct Group {
        std::vector<Batch> batches;
        std::vector<Completion> completions;  // of the batches
        std::vector<Completion> refused;      // over the queue's limit
        bool is_closing = false;

        bool empty() const { return batches.empty() && refused.empty(); }
    };

    struct Pending {
        Batch batch;
        Completion done;
    };

    void run();
    Group take();  // waits for work; an empty group ends the thread
    void finish(Group& group);

    GroupCommit& group_commit_;
    Mutex mutex_;
    Condition work_;
    std::deque<Pending> queue_ TIDEWAY_GUARDED_BY(mutex_);
    std::vector<Completion> refused_ TIDEWAY_GUARDED_BY(mutex_);
    bool is_idle_ TIDEWAY_GUARDED_BY(mutex_) = false;
    bool is_closing_ TIDEWAY_GUARDED_BY(mutex_) = false;
    std::thread thread_;  // last: it uses the others
};

}  // namespace tideway::store
