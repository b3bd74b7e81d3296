// RunSession: steps that wait for an unavailable connection. The wait and its end are attempt rows:
// what is recorded last tells a replay whether anything of the step may have left since.
#include <utility>

#include "engine/runtime/run_session.h"

namespace tideway::runtime {

using model::AttemptClass;
using model::JournalRow;
using model::RowKind;

void RunSession::take_recorded(PendingOperation& pending, const Journal::Recorded& recorded) {
    pending.attempts_before = recorded.attempts;
    pending.waiting_since = recorded.waiting_since;
    if (recorded.underway != nullptr) {
        pending.underway = recorded_underway(recorded);
    }
    if (recorded.opening == nullptr) {
        return;
    }
    pending.has_intent = true;
    pending.intent_at = recorded.opening->at;
    pending.effect.seq = recorded.opening->seq;
    const JournalRow* last = recorded.last_attempt;
    pending.is_at_rest = last != nullptr && last->code == kConnectionUnavailable &&
                         last->attempt_class == AttemptClass::kNotDone;
}

void RunSession::on_connection_wait(OperationRun& run, ConnectionPause pause) {
    PendingOperation* pending = pending_of(run);
    if (pending == nullptr) {
        return;
    }
    const bool is_recorded = pending->pause.has_value() || pending->is_at_rest;
    if (!is_recorded) {
        append_connection_row(*pending, kConnectionUnavailable, pause);
    }
    pending->is_at_rest = false;
    pending->pause = std::move(pause);
    update_waiting();
}

void RunSession::on_connection_back(OperationRun& run) {
    PendingOperation* pending = pending_of(run);
    // A run that is about to end awaits what is in flight and sends nothing else.
    if (pending == nullptr || (ending_ && !run.is_in_flight())) {
        return;
    }
    ConnectionPause pause;
    pause.attempt = run.attempt();
    pause.attempt_class = AttemptClass::kNone;
    append_connection_row(*pending, kConnectionBack, pause);
    pending->is_at_rest = false;
    pending->pause.reset();
    update_waiting();
    gate([this, path = pending->request.path] {
        const auto it = operations_.find(path);
        if (it != operations_.end() && it->second->run) {
            it->second->run->go_on();
        }
    });
}

void RunSession::append_connection_row(
    const PendingOperation& pending, std::string_view code, const ConnectionPause& pause
) {
    JournalRow row;
    row.kind = RowKind::kAttempt;
    row.path = pending.request.path;
    row.line = pending.request.line;
    row.operation = pending.request.connection + "." + pending.request.operation;
    row.status = model::Status::kWaiting;
    row.secured = pending.request.secured;
    row.code = code;
    row.attempt = pause.attempt;
    row.attempt_class = pause.attempt_class;
    Json note{{"code", code}, {"next", code == kConnectionBack ? "attempt" : "wait"}};
    if (!pause.why.empty()) {
        note["message"] = pause.why;
    }
    row.output = to_payload(note);
    append(std::move(row));
}

}  // namespace tideway::runtime
