// RunSession: the output gate. One batch holds everything journaled so far, in order and without a
// gap; one batch of a run is under way at a time.
#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/runtime/run_session.h"

namespace tideway::runtime {

using model::JournalRow;

namespace {
constexpr Duration kReloadDelay = std::chrono::seconds(1);
}

const JournalRow& RunSession::append(JournalRow row) {
    row.at = services_.operations.clock->now();
    const JournalRow& added = journal_->append(std::move(row));
    flush_soon();
    return added;
}

void RunSession::add_command(
    store::Command command, std::function<void(const store::Outcome&)> then
) {
    if (then) {
        command_results_.push_back({unflushed_commands_.size(), std::move(then)});
    }
    unflushed_commands_.push_back(std::move(command));
    flush_soon();
}

namespace {

// What the end of a run, or the release of a lock, lets others do.
void tell_grants(RunObserver& observer, const std::vector<store::Outcome>& outcomes) {
    for (const store::Outcome& outcome : outcomes) {
        for (const store::LockGrant& grant : outcome.grants) {
            observer.on_lock_granted(grant.run_id, grant.path);
        }
        for (const model::RunId run : outcome.turns) {
            observer.on_turn(run);
        }
    }
}

}  // namespace

std::function<void()> RunSession::guarded(std::function<void()> task) {
    return [alive = std::weak_ptr<bool>(alive_), task = std::move(task)] {
        if (!alive.expired()) {
            task();
        }
    };
}

void RunSession::gate(AfterFlush then) {
    // What is under way is enough only if nothing was added since.
    const bool needs_another = has_unflushed() || !is_flushing_;
    gates_.push_back({batches_ + (needs_another ? 1 : 0), std::move(then)});
    flush();
}

// A timer that is set stays: a flush before it is due leaves it nothing to do.
void RunSession::flush_soon() {
    if (flush_timer_) {
        return;
    }
    flush_timer_ =
        services_.operations.executor->after(Duration(limits::kBackgroundFlush), guarded([this] {
                                                 flush_timer_.reset();
                                                 flush_in_background();
                                             }));
}

bool RunSession::has_unflushed() const {
    return journal_->has_unflushed() || run_changed_ || !unflushed_effects_.empty() ||
           !unflushed_commands_.empty();
}

void RunSession::flush_in_background() {
    if (has_unflushed()) {
        flush();
    }
}

void RunSession::flush() {
    if (is_flushing_) {
        return;
    }
    if (in_turn_) {
        flush_after_turn_ = true;
        return;
    }
    store::AppendJournal append;
    append.run_id = run_.id;
    append.lease_epoch = run_.lease_epoch;
    append.rows = journal_->take_unflushed();
    append.effects = std::exchange(unflushed_effects_, {});
    append.tracked = tracked_.take_unflushed();
    run_.journal_bytes = journal_->bytes();
    if (std::exchange(run_changed_, false)) {
        append.run = run_;
    }
    // The journal comes last: it may end the run, which gives up what the others asked for.
    store::Batch batch;
    batch.commands = std::exchange(unflushed_commands_, {});
    batch.commands.emplace_back(std::move(append));
    in_flight_results_ = std::exchange(command_results_, {});
    is_flushing_ = true;
    ++batches_;
    Executor& executor = *services_.operations.executor;
    services_.store->submit(
        std::move(batch),
        [this, &executor, observer = services_.observer, alive = std::weak_ptr<bool>(alive_)](
            Result<std::vector<store::Outcome>> result
        ) {
            executor.post([this, observer, alive, result = std::move(result)]() mutable {
                // A lock is passed on by its release and by the end of the run that held it.
                if (result) {
                    tell_grants(*observer, *result);
                }
                if (!alive.expired()) {
                    on_flushed(std::move(result));
                }
            });
        }
    );
}

void RunSession::on_flushed(Result<std::vector<store::Outcome>> result) {
    is_flushing_ = false;
    if (!result) {
        services_.operations.log->warning(
            "a run's batch could not be stored; it is replayed",
            {{"run", run_.uid.hex()}, {"error", result.error().text()}}
        );
        services_.observer->on_not_stored(run_, result.error());
        services_.observer->on_must_reload(run_.id, kReloadDelay);
        return;
    }
    const std::weak_ptr<bool> alive = alive_;
    for (CommandResult& waiting : std::exchange(in_flight_results_, {})) {
        waiting.then((*result)[waiting.index]);
        if (alive.expired()) {
            return;
        }
    }
    std::vector<Gate> open;
    std::vector<Gate> passed;
    for (Gate& gate : gates_) {
        (gate.batch <= batches_ ? passed : open).push_back(std::move(gate));
    }
    gates_ = std::move(open);
    for (Gate& gate : passed) {
        gate.then();
        if (alive.expired()) {
            return;
        }
    }
    if (!gates_.empty() && !is_flushing_) {
        flush();
        return;
    }
    if (has_unflushed()) {
        flush_soon();
    }
}

}  // namespace tideway::runtime
