#include "engine/store/group_commit.h"

#include <algorithm>
#include <type_traits>

#include "engine/base/assert.h"

namespace tideway::store {
namespace {

bool prunes(const Batch& batch) {
    return std::ranges::any_of(batch.commands, [](const Command& command) {
        return std::holds_alternative<Prune>(command);
    });
}

}  // namespace

GroupCommit::GroupCommit(SqlDriver& driver, CrashPoints* crash_points)
    : driver_(driver),
      crash_points_(crash_points),
      payloads_(driver),
      locks_(driver, payloads_),
      runs_(driver, payloads_, locks_),
      catalog_(driver, payloads_),
      notices_(driver),
      revisions_(driver, payloads_, catalog_),
      resubmissions_(driver),
      prune_(driver, payloads_) {}

std::vector<BatchResult> GroupCommit::apply(std::span<const Batch> batches) {
    std::vector<BatchResult> out = apply_together(batches);
    if (out.empty()) {
        for (std::size_t at = 0; at < batches.size(); ++at) {
            std::vector<BatchResult> one = apply_together(batches.subspan(at, 1));
            out.push_back(std::move(one.front()));
        }
    }
    if (std::ranges::any_of(batches, prunes)) {
        // What fails here is tried again by the next Prune.
        static_cast<void>(driver_.give_space_back());
    }
    return out;
}

// Empty when the database failed and there are several batches: nothing is stored then.
std::vector<BatchResult> GroupCommit::apply_together(std::span<const Batch> batches) {
    std::vector<BatchResult> out;
    out.reserve(batches.size());
    Status status = driver_.begin_write();
    for (const Batch& batch : batches) {
        if (!status) {
            break;
        }
        out.push_back(apply_batch(batch));
        if (driver_.is_broken()) {
            TIDEWAY_ASSERT(!out.back());
            status = tl::unexpected<Error>(out.back().error());
        }
    }
    if (status) {
        status = commit();
    }
    if (status) {
        batches_ += static_cast<std::int64_t>(batches.size());
        return out;
    }
    driver_.rollback();
    runs_.forget_heads();
    out.clear();
    if (batches.size() == 1) {
        out.emplace_back(tl::unexpected<Error>(status.error()));
    }
    return out;
}

Status GroupCommit::commit() {
    if (crash_points_ != nullptr) {
        crash_points_->visit("before commit");
    }
    TIDEWAY_TRY(driver_.commit());
    ++commits_;
    if (crash_points_ != nullptr) {
        crash_points_->visit("after commit");
    }
    return {};
}

// A single command refuses before it writes, so only longer batches need a savepoint.
BatchResult GroupCommit::apply_batch(const Batch& batch) {
    if (batch.commands.size() < 2) {
        return apply_commands(batch);
    }
    TIDEWAY_TRY(driver_.savepoint());
    BatchResult out = apply_commands(batch);
    if (out) {
        TIDEWAY_TRY(driver_.release_savepoint());
        return out;
    }
    runs_.forget_heads();
    if (!driver_.is_broken()) {
        TIDEWAY_TRY(driver_.rollback_to_savepoint());
    }
    return out;
}

BatchResult GroupCommit::apply_commands(const Batch& batch) {
    std::vector<Outcome> out;
    out.reserve(batch.commands.size());
    for (const Command& command : batch.commands) {
        TIDEWAY_TRY_ASSIGN(Outcome outcome, apply_command(command));
        out.push_back(std::move(outcome));
    }
    return out;
}

Result<Outcome> GroupCommit::apply_command(const Command& command) {
    return std::visit(
        [this](const auto& one) -> Result<Outcome> {
            using T = std::decay_t<decltype(one)>;
            if constexpr (std::is_same_v<T, Prune>) {
                return prune_.apply(one);
            } else if constexpr (requires(RunCommands & runs) { runs.apply(one); }) {
                return runs_.apply(one);
            } else if constexpr (requires(LockCommands & locks) { locks.apply(one); }) {
                return locks_.apply(one);
            } else if constexpr (requires(NoticeCommands & notices) { notices.apply(one); }) {
                return notices_.apply(one);
            } else if constexpr (std::is_same_v<T, PutRevision>) {
                return revisions_.apply(one);
            } else if constexpr (requires(ResubmissionCommands & commands) {
                                     commands.apply(one);
                                 }) {
                return resubmissions_.apply(one);
            } else {
                return catalog_.apply(one);
            }
        },
        command
    );
}

Store::Counters GroupCommit::counters() const {
    return {.commits = commits_.load(), .batches = batches_.load()};
}

}  // namespace tideway::store
