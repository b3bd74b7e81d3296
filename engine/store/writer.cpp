#include "engine/store/writer.h"

#include <algorithm>

#include "engine/base/limits.h"

namespace tideway::store {
namespace {

tl::unexpected<Error> busy() {
    tl::unexpected<Error> out = fail(
        ErrorKind::kThrottled,
        "ServerBusy",
        "The store has " + std::to_string(limits::kWriterQueueMax) + " batches waiting already.",
        "Try again in a moment."
    );
    out.value().retry_after = std::chrono::seconds(1);
    return out;
}

tl::unexpected<Error> closed() {
    return fail(
        ErrorKind::kUnavailable,
        "StoreClosed",
        "The store is closing.",
        "Try again when the server is up."
    );
}

}  // namespace

Writer::Writer(GroupCommit& group_commit)
    : group_commit_(group_commit),
      thread_([this] { run(); }) {}

Writer::~Writer() {
    {
        const Lock lock(mutex_);
        is_closing_ = true;
    }
    work_.notify_one();
    thread_.join();
}

void Writer::submit(Batch batch, Completion done) {
    bool wake = false;
    {
        const Lock lock(mutex_);
        if (is_closing_ || queue_.size() >= limits::kWriterQueueMax) {
            refused_.push_back(std::move(done));
        } else {
            queue_.push_back({std::move(batch), std::move(done)});
        }
        wake = is_idle_;
        is_idle_ = false;
    }
    if (wake) {
        work_.notify_one();
    }
}

void Writer::run() {
    for (;;) {
        Group group = take();
        if (group.empty()) {
            return;
        }
        finish(group);
    }
}

Writer::Group Writer::take() {
    Group out;
    const Lock lock(mutex_);
    while (queue_.empty() && refused_.empty() && !is_closing_) {
        is_idle_ = true;
        work_.wait(mutex_);
    }
    is_idle_ = false;
    out.is_closing = is_closing_;
    out.refused.swap(refused_);
    const std::size_t count = std::min(queue_.size(), limits::kGroupCommitBatchesMax);
    out.batches.reserve(count);
    out.completions.reserve(count);
    for (std::size_t taken = 0; taken < count; ++taken) {
        out.batches.push_back(std::move(queue_.front().batch));
        out.completions.push_back(std::move(queue_.front().done));
        queue_.pop_front();
    }
    return out;
}

void Writer::finish(Group& group) {
    for (const Completion& done : group.refused) {
        done(group.is_closing ? closed() : busy());
    }
    if (group.batches.empty()) {
        return;
    }
    std::vector<BatchResult> results = group_commit_.apply(group.batches);
    for (std::size_t at = 0; at < results.size(); ++at) {
        group.completions[at](std::move(results[at]));
    }
}

}  // namespace tideway::store
