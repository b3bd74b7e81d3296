// RunSession: steps whose call the service has taken and works on. What it said is an attempt row,
// so that a replay asks there instead of calling again.
#include <utility>

#include "engine/runtime/run_session.h"

namespace tideway::runtime {

using model::JournalRow;

namespace {

constexpr std::string_view kWhy = "the service has taken the call and works on it";

}  // namespace

std::optional<UnderwayCall> recorded_underway(const Journal::Recorded& recorded) {
    const JournalRow& row = *recorded.underway;
    const auto note = parse_json(row.output.view(), "an attempt");
    const Json* state = note ? find(*note, "state") : nullptr;
    if (state == nullptr) {
        return std::nullopt;
    }
    UnderwayCall out;
    out.state = *state;
    out.began = recorded.opening == nullptr ? row.at : recorded.opening->at;
    out.ask_at = row.at + std::chrono::milliseconds(int_or(*note, "wait_ms", 0));
    return out;
}

void RunSession::on_underway(OperationRun& run, const UnderwayCall& call) {
    PendingOperation* pending = pending_of(run);
    if (pending == nullptr) {
        return;
    }
    const Duration wait = call.ask_at - services_.operations.clock->now();
    if (!pending->underway || pending->underway->state != call.state) {
        JournalRow row = operation_row(model::RowKind::kAttempt, pending->request);
        row.input = {};
        row.status = model::Status::kWaiting;
        row.code = kUnderway;
        row.attempt = run.attempt();
        row.attempt_class = model::AttemptClass::kDone;
        row.took = run.attempt_took();
        row.output = to_payload(Json{
            {"code", kUnderway},
            {"message", kWhy},
            {"next", "ask"},
            {"wait_ms", std::chrono::ceil<std::chrono::milliseconds>(wait).count()},
            {"state", call.state}});
        append(std::move(row));
        gate([] {});  // from here on the call itself is not sent again
    }
    pending->underway = call;
    ConnectionPause pause;
    pause.why = kWhy;
    pause.until = call.ask_at;
    pending->pause = std::move(pause);
    update_waiting();
}

void RunSession::on_asking_again(OperationRun& run) {
    if (PendingOperation* pending = pending_of(run)) {
        pending->pause.reset();
        update_waiting();
    }
}

}  // namespace tideway::runtime
