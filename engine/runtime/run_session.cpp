#include "engine/runtime/run_session.h"

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/model/step_path.h"
#include "engine/runtime/effect_key.h"
#include "engine/runtime/flow_catalog.h"
#include "engine/runtime/paused_runs.h"

namespace tideway::runtime {

using model::JournalRow;
using model::RowKind;
using script::Answer;
using script::ExecutionState;

namespace {

// What a control row is about.
constexpr const char* kCancel = "cancel";
constexpr const char* kTimeLimit = "time_limit";
constexpr const char* kUnplanned = "unplanned_effect";

constexpr const char* kUnplannedRemedy =
    "Look at the step. Plan the new run itself: what it came to is then in the plan.";

}  // namespace

RunSession::RunSession(
    SessionServices& services,
    std::shared_ptr<LoadedVersion> version,
    script::Vm& vm,
    model::RunRecord run,
    Uid lock_holder
)
    : services_(services),
      version_(std::move(version)),
      run_(std::move(run)),
      lock_holder_(lock_holder),
      time_limit_(std::min<Duration>(
          services_.limits.duration, version_->timeout.value_or(services_.limits.duration)
      )),
      alive_(std::make_shared<bool>(true)) {
    script::RunInfo info;
    info.id = run_.uid.hex();
    info.resubmit_of = run_.resubmit_of.is_none() ? std::string() : run_.resubmit_of.hex();
    info.started_by = run_.person;
    info.version = version_->version.hash;
    info.flow = version_->version.flow;
    info.environment = services_.environment;
    execution_ = script::Execution::create(vm, *this, std::move(info));
}

RunSession::~RunSession() {
    // Closing the branches asks for nothing any more.
    if (!std::exchange(is_over_, true)) {
        execution_->stop();
    }
}

void RunSession::begin(
    const Payload& event, std::vector<JournalRow> rows, std::unique_ptr<Rerun> rerun
) {
    rerun_ = std::move(rerun);
    journal_ = std::make_unique<Journal>(std::move(rows));
    has_responded_ = !run_.response.empty();
    if (run_.status != model::Status::kRunning) {
        run_.status = model::Status::kRunning;
        run_.wait_reason.clear();
        run_.wake_at.reset();
        run_changed_ = true;
    }
    if (!run_.started) {
        run_.started = services_.operations.clock->now();
        run_changed_ = true;
    }
    is_live_ = !journal_->has_deliveries() && journal_->recorded_count() == 0;
    take_turn([this, &event] { drive(execution_->start(event)); });
    if (version_->timeout && !is_over_) {
        const Duration left = ends_at() - services_.operations.clock->now();
        limit_timer_ = services_.operations.executor->after(
            std::max(Duration(0), left),
            guarded([this] { time_out_if_due(services_.operations.clock->now()); })
        );
    }
}

void RunSession::take_turn(const std::function<void()>& turn) {
    // The end of an effect may end the run while a turn is taken: the outermost flushes.
    const bool is_outermost = !std::exchange(in_turn_, true);
    turn();
    if (!is_outermost) {
        return;
    }
    in_turn_ = false;
    if (std::exchange(flush_after_turn_, false)) {
        flush();
    }
}

void RunSession::resume() {
    is_preempted_ = false;
    take_turn([this] { drive(execution_->resume()); });
    // What ended meanwhile was kept back: the preempted branch goes first, always.
    while (!is_preempted_ && !is_over_ && !kept_back_.empty()) {
        auto next = std::move(kept_back_.front());
        kept_back_.pop_front();
        next();
    }
}

RunSession::Stop RunSession::read_stop(const JournalRow& control) {
    if (control.operation == kUnplanned) {
        const auto error = model::parse_step_error(control.output.view());
        return {StopCause::kUnplanned, error.message, control.path};
    }
    return {
        control.operation == kTimeLimit ? StopCause::kTimeLimit : StopCause::kCancel, control.code};
}

JournalRow RunSession::write_stop(const Stop& stop) {
    JournalRow row;
    row.kind = RowKind::kControl;
    row.code = stop.reason;
    switch (stop.cause) {
        case StopCause::kCancel:
            row.operation = kCancel;
            row.status = model::Status::kCancelled;
            break;
        case StopCause::kTimeLimit:
            row.operation = kTimeLimit;
            row.status = model::Status::kTimedOut;
            break;
        case StopCause::kUnplanned:
            // All that is left of the step: nothing of it was written before.
            row.operation = kUnplanned;
            row.status = model::Status::kFailed;
            row.path = stop.step;
            row.code = kUnplannedEffect;
            row.output = model::to_payload(error_of(stop));
            break;
    }
    return row;
}

void RunSession::drive(ExecutionState state) {
    while (true) {
        if (!diverged_.empty()) {
            diverge({}, diverged_);
            return;
        }
        switch (state.kind) {
            case ExecutionState::Kind::kPreempted:
                // It used up its quantum, whatever it was called for: to the end of the line.
                is_preempted_ = true;
                services_.operations.executor->post([this, alive = std::weak_ptr<bool>(alive_)] {
                    if (!alive.expired() && is_preempted()) {
                        resume();
                    }
                });
                return;
            case ExecutionState::Kind::kVmLost:
                services_.observer->on_vm_lost(run_.id);
                return;
            case ExecutionState::Kind::kReturned:
            case ExecutionState::Kind::kFailed:
            case ExecutionState::Kind::kStopped:
                finish(state);
                return;
            case ExecutionState::Kind::kWaiting:
                break;
        }
        std::optional<JournalRow> taken_over;
        const JournalRow* row = journal_->next_delivery();
        if (row == nullptr) {
            go_live();
            taken_over = next_taken_over();
            if (!taken_over) {
                return;
            }
            row = &*taken_over;
        }
        if (row->kind == RowKind::kControl) {
            stop_ = read_stop(*row);
            continue;
        }
        const bool is_value = row->status == model::Status::kSucceeded;
        auto delivery = execution_->deliver(
            row->path,
            is_value ? Answer::of(row->output)
                     : Answer::raise(model::parse_step_error(row->output.view()))
        );
        if (!delivery.known) {
            diverge(row->path, "the recorded answer has no step that waits for it");
            return;
        }
        state = std::move(delivery.state);
    }
}

void RunSession::go_live() {
    if (!is_live_) {
        is_live_ = true;
        const std::string missing = journal_->first_unmatched();
        if (!missing.empty()) {
            diverge(missing, "the recorded step was not asked for again");
            return;
        }
    }
    if (stop_) {
        stop(*stop_);
        return;
    }
    watch_deadlines();
    for (const std::string& path : std::exchange(fresh_, {})) {
        if (auto wait = waits_.find(path); wait != waits_.end()) {
            start_wait(wait->second);
        } else if (auto operation = operations_.find(path); operation != operations_.end()) {
            start_operation(*operation->second);
        }
    }
    update_waiting();
}

void RunSession::deliver(const std::string& path, const Answer& answer) {
    if (is_over_) {
        return;
    }
    take_turn([this, &path, &answer] {
        auto delivery = execution_->deliver(path, answer);
        if (!delivery.known) {
            services_.operations.log->error(
                "an answer found no waiting step", {{"run", run_.uid.hex()}, {"path", path}}
            );
            return;
        }
        drive(std::move(delivery.state));
    });
}

void RunSession::update_waiting() {
    if (is_over_ || is_preempted_) {
        return;
    }
    std::string reason;
    std::optional<Timestamp> wake_at = deadlines_.next(services_.operations.clock->now());
    bool has_parked = false;
    bool has_active = false;
    bool has_paused = !waits_.empty();
    for (const auto& [path, wait] : waits_) {
        // Only for a commit: its address.
        has_active = has_active || wait.kind == script::RequestKind::kCallbackBegin;
        if (wait.due && (!wake_at || *wait.due < *wake_at)) {
            wake_at = wait.due;
        }
        reason = wait.operation.empty() ? path : wait.operation;
    }
    for (const auto& [path, pending] : operations_) {
        has_parked = has_parked || pending->is_parked;
        has_active = has_active || !(pending->is_parked || pending->waits());
        if (pending->held) {
            has_paused = true;
            reason = pending->held->why;
        }
        if (pending->pause) {
            has_paused = true;
            reason = pending->pause->why;
            wake_at = wake_at ? std::min(*wake_at, pending->pause->until) : pending->pause->until;
        }
    }
    const auto status = has_active   ? model::Status::kRunning
                        : has_parked ? model::Status::kPaused
                        : has_paused ? model::Status::kWaiting
                                     : model::Status::kRunning;
    if (status == model::Status::kPaused) {
        reason = "a person must decide about an effect in doubt";
    }
    if (status == model::Status::kRunning) {
        reason.clear();
    }
    if (status == run_.status && wake_at == run_.wake_at && reason == run_.wait_reason) {
        return;
    }
    run_.status = status;
    run_.wake_at = wake_at;
    run_.wait_reason = reason;
    run_changed_ = true;
    flush_soon();
    services_.observer->on_progress(run_);
}

void RunSession::note_progress() {
    if (std::exchange(run_.deaths, 0) != 0) {
        run_changed_ = true;
    }
}

bool RunSession::is_idle() const {
    const bool only_waits = std::ranges::all_of(operations_, [](const auto& operation) {
        return operation.second->waits();
    });
    return is_live_ && !is_over_ && !ending_ && !is_preempted_ && only_waits &&
           !(waits_.empty() && operations_.empty()) && gates_.empty() && !is_flushing_ &&
           !journal_->has_unflushed() && !run_changed_;
}

bool RunSession::has_effect_in_flight() const {
    for (const auto& [path, pending] : operations_) {
        if (pending->run && pending->run->is_in_flight() && !pending->is_parked) {
            return true;
        }
    }
    return false;
}

// The run ends before an effect that it meant to make: the ledger says that it was not made.
void RunSession::close_unsent_effects() {
    for (const auto& [path, pending] : operations_) {
        const bool is_unsent = pending->is_intent_new && !pending->is_parked &&
                               !pending->underway &&
                               !(pending->run && pending->run->is_in_flight());
        if (is_unsent) {
            pending->effect.state = model::EffectState::kSkipped;
            unflushed_effects_.push_back(pending->effect);
        }
    }
}

void RunSession::finish(const ExecutionState& state) {
    if (has_effect_in_flight()) {
        // Awaited and ledgered first; the end of the last one comes back here.
        ending_ = state;
        return;
    }
    switch (state.kind) {
        case ExecutionState::Kind::kReturned:
            finish_as(model::Status::kSucceeded, "OK", {}, state.value);
            return;
        case ExecutionState::Kind::kFailed: {
            const auto status = state.error.status == model::Status::kTimedOut
                                    ? model::Status::kTimedOut
                                    : model::Status::kFailed;
            finish_as(status, "ActionFailed", state.error, {});
            return;
        }
        case ExecutionState::Kind::kStopped:
        case ExecutionState::Kind::kPreempted:
        case ExecutionState::Kind::kWaiting:
        case ExecutionState::Kind::kVmLost:
            break;
    }
    finish_stopped();
}

model::StepError RunSession::error_of(const Stop& stop) {
    model::StepError error;
    error.message = stop.reason;
    error.step = stop.step;
    switch (stop.cause) {
        case StopCause::kCancel:
            error.code = "Cancelled";
            error.status = model::Status::kCancelled;
            break;
        case StopCause::kTimeLimit:
            error.code = "RunTimedOut";
            error.status = model::Status::kTimedOut;
            break;
        case StopCause::kUnplanned:
            error.code = kUnplannedEffect;
            error.remedy = kUnplannedRemedy;
            break;
    }
    return error;
}

void RunSession::finish_stopped() {
    if (terminated_) {
        const auto parsed = parse_json(terminated_->input.view(), "terminate");
        const Json input = parsed ? *parsed : Json::object();
        const auto status = model::parse_status(string_or(input, "status", "Failed"))
                                .value_or(model::Status::kFailed);
        model::StepError error;
        if (status == model::Status::kFailed) {
            error.code = string_or(input, "code", "Terminated");
            error.message = string_or(input, "message", "The flow ended itself.");
            error.step = terminated_->path;
        }
        finish_as(status, "Terminated", std::move(error), {});
        return;
    }
    const Stop stop = stop_.value_or(Stop{StopCause::kCancel, "The run was cancelled."});
    model::StepError error = error_of(stop);
    const std::string code = error.code;
    finish_as(error.status, code, error, {});
}

void RunSession::finish_as(
    model::Status status, std::string code, model::StepError error, Payload output
) {
    is_over_ = true;
    execution_->stop();
    close_unsent_effects();
    operations_.clear();
    waits_.clear();
    const bool has_error = !error.code.empty();
    run_.status = status;
    run_.wait_reason.clear();
    run_.wake_at.reset();
    run_.code = code;
    run_.output = output;
    run_.ended = services_.operations.clock->now();
    if (has_error) {
        run_.error = model::to_payload(for_history(error));
        run_.failed_step = error.step;
        run_.fingerprint = fingerprint(version_->version.flow, error);
    }
    run_changed_ = true;
    JournalRow row;
    row.kind = RowKind::kEnd;
    row.status = status;
    row.code = std::move(code);
    row.secured = run_.is_secured ? model::Secured::kOutputs : model::Secured::kNothing;
    row.output = has_error ? run_.error : output;
    append(std::move(row));
    gate([this] {
        if (!has_responded_) {
            services_.observer->on_response(run_);
        }
        // The observer drops this session: nothing of it may be used after.
        services_.observer->on_ended(run_);
    });
}

void RunSession::diverge(std::string_view path, std::string_view what) {
    std::string message = "The replay left the recorded history";
    if (!path.empty()) {
        message += " at " + model::describe_path(path);
    }
    message += ": " + std::string(what) + ".";
    pause(
        kDiverged,
        std::move(message),
        "Resubmit the run, or report this: a flow version never changes under a run."
    );
}

void RunSession::pause(std::string code, std::string message, std::string remedy) {
    is_over_ = true;
    execution_->stop();
    operations_.clear();
    waits_.clear();
    model::StepError error;
    error.code = std::move(code);
    error.message = std::move(message);
    error.remedy = std::move(remedy);
    run_.status = model::Status::kPaused;
    run_.wait_reason = error.message;
    run_.code = error.code;
    run_.error = model::to_payload(error);
    run_changed_ = true;
    gate([this] {
        services_.observer->on_progress(run_);
        services_.observer->on_released(run_.id);
    });
}

void RunSession::stop(Stop stop) {
    if (is_over_) {
        return;
    }
    if (!stop_) {
        append(write_stop(stop));
    }
    stop_ = std::move(stop);
    ExecutionState stopped;
    stopped.kind = ExecutionState::Kind::kStopped;
    finish(stopped);
}

void RunSession::time_out_if_due(Timestamp now) {
    if (!is_live_ || is_over_ || ending_ || now < ends_at()) {
        return;
    }
    const auto limit = std::chrono::duration_cast<std::chrono::seconds>(time_limit_);
    const std::string shown = limit >= std::chrono::hours(24)
                                  ? std::to_string(limit / std::chrono::hours(24)) + " days"
                                  : std::to_string(limit.count()) + " seconds";
    stop({StopCause::kTimeLimit, "The run has not ended within " + shown + "."});
}

}  // namespace tideway::runtime
