// RunSession: what a script asks, answered from the journal or anew.
#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/model/step_path.h"
#include "engine/runtime/flow_catalog.h"
#include "engine/runtime/run_session.h"

namespace tideway::runtime {

using model::JournalRow;
using model::RowKind;
using model::Status;
using script::Answer;
using script::RequestKind;
using script::StepRequest;

namespace {

std::string operation_word(const StepRequest& request) {
    switch (request.kind) {
        case RequestKind::kOperation:
            return request.connection + "." + request.operation;
        case RequestKind::kCompose:
            return "compose";
        case RequestKind::kCondition:
            return "condition";
        case RequestKind::kDelay:
            return "delay";
        case RequestKind::kDelayUntil:
            return "delay_until";
        case RequestKind::kRespond:
            return "respond";
        case RequestKind::kTerminate:
            return "terminate";
        case RequestKind::kOutcome:
            return "outcome";
        case RequestKind::kTrack:
            return "track";
        case RequestKind::kRunChildFlow:
            return "run_child_flow";
        case RequestKind::kCallbackBegin:
            return request.operation.empty() ? "wait_for_callback" : request.operation;
        case RequestKind::kWaitForCallback:
            return "callback";
        case RequestKind::kExclusiveBegin:
        case RequestKind::kExclusiveEnd:
            return "exclusive";
        case RequestKind::kScopeBegin:
        case RequestKind::kScopeEnd:
            return request.operation;
        case RequestKind::kNow:
            return "now";
        case RequestKind::kUuid:
            return "uuid";
        case RequestKind::kRandom:
            return "random";
        case RequestKind::kEnv:
            return "env";
        case RequestKind::kLog:
            return "log";
    }
    return "compose";
}

JournalRow row_of(RowKind kind, const StepRequest& request) {
    JournalRow row;
    row.kind = kind;
    row.path = request.path;
    row.line = request.line;
    row.operation = operation_word(request);
    row.status = Status::kSucceeded;
    row.secured = request.secured;
    row.input = request.input;
    return row;
}

constexpr const char* kDone = "OK";

Answer static_answer(const JournalRow& row) {
    return row.status == Status::kSucceeded
               ? Answer::of(row.output)
               : Answer::raise(model::parse_step_error(row.output.view()));
}

bool has_due(const StepRequest& request) {
    switch (request.kind) {
        case RequestKind::kDelay:
        case RequestKind::kDelayUntil:
        case RequestKind::kCallbackBegin:
        case RequestKind::kWaitForCallback:
            return true;
        case RequestKind::kRunChildFlow:
            return !request.options.empty();
        default:
            return false;
    }
}

model::StepError already_responded(const StepRequest& request) {
    model::StepError error;
    error.code = "AlreadyResponded";
    error.message = "The run has responded before; nobody waits for a second response.";
    error.remedy = "Respond once; give later values back with return.";
    error.step = request.path;
    return error;
}

bool has_time_limit(const StepRequest& request) {
    const bool is_scope = request.operation == "scope" || request.operation == "try";
    return request.kind == RequestKind::kScopeBegin && is_scope && !request.input.empty();
}

// When the wait is over by itself: after seconds, or at a time.
std::optional<Timestamp> due_of(const StepRequest& request, Timestamp now) {
    const bool is_child = request.kind == RequestKind::kRunChildFlow;
    const Payload& said = is_child ? request.options : request.input;
    const auto parsed = parse_json(said.view(), "a wait");
    if (!parsed) {
        return now;
    }
    const Json* timeout = find(*parsed, "timeout");
    const Json& given = timeout == nullptr ? *parsed : *timeout;
    if (given.is_string()) {
        return parse_utc(given.get<std::string>());
    }
    const double seconds = given.is_number() ? given.get<double>() : 0;
    return now + Duration(static_cast<std::int64_t>(seconds * 1e6));
}

// The begin of a scope with a time limit says when its time is up.
void note_deadline(ScopeDeadlines& deadlines, const JournalRow& begin) {
    if (const auto due = begin.code.empty() ? std::nullopt : parse_utc(begin.code)) {
        deadlines.enter(begin.path, *due);
    }
}

}  // namespace

std::optional<Answer> RunSession::request(const StepRequest& request) {
    if (is_over_ || !diverged_.empty() || stop_) {
        return Answer::stop();
    }
    if (is_journal_full(request)) {
        model::StepError error;
        error.code = "JournalTooLarge";
        error.message = "The run has " + std::to_string(journal_->next_seq() - 1) +
                        " journal rows with " + std::to_string(journal_->bytes() >> 20U) +
                        " MiB; at most " + std::to_string(limits::kJournalRowsMax) + " rows and " +
                        std::to_string(services_.limits.journal_bytes >> 20U) + " MiB are kept.";
        error.remedy = "Split the work into child flows: each has a journal of its own.";
        return Answer::raise(std::move(error));
    }
    if (request.secured != model::Secured::kNothing) {
        secured_paths_.insert(request.path);
    }
    if (request.static_result) {
        return answer_static(request);
    }
    switch (request.kind) {
        case RequestKind::kScopeBegin:
        case RequestKind::kScopeEnd:
        case RequestKind::kExclusiveEnd:
            return answer_scope(request);
        case RequestKind::kDelay:
        case RequestKind::kDelayUntil:
        case RequestKind::kRunChildFlow:
        case RequestKind::kCallbackBegin:
        case RequestKind::kWaitForCallback:
        case RequestKind::kExclusiveBegin:
            return answer_wait(request);
        case RequestKind::kOperation:
            return answer_operation(request);
        case RequestKind::kTerminate:
            return terminate(request);
        case RequestKind::kTrack:
            return answer_track(request);
        case RequestKind::kCompose:
        case RequestKind::kCondition:
        case RequestKind::kRespond:
        case RequestKind::kOutcome:
        case RequestKind::kNow:
        case RequestKind::kUuid:
        case RequestKind::kRandom:
        case RequestKind::kEnv:
        case RequestKind::kLog:
            return answer_value(request);
    }
    return Answer::stop();
}

// What was recorded before the limit was met is still answered, so that a replay meets it at the
// same place.
bool RunSession::is_journal_full(const StepRequest& request) {
    const bool is_over = journal_->next_seq() > limits::kJournalRowsMax ||
                         journal_->bytes() > services_.limits.journal_bytes;
    return is_over && journal_->find(request.path) == nullptr;
}

// What is recorded must be what is asked now: the same operation with the same canonical input.
bool RunSession::matches(Journal::Recorded& recorded, const StepRequest& request) {
    recorded.is_matched = true;
    const JournalRow* row = recorded.opening;
    if (row == nullptr || row->operation != operation_word(request)) {
        diverged_ = model::describe_path(request.path) + " was recorded as " +
                    (row == nullptr ? std::string("nothing") : row->operation) + ", now it is " +
                    operation_word(request);
        return false;
    }
    if (row->input != request.input) {
        diverged_ = "the input of " + model::describe_path(request.path) + " differs";
        return false;
    }
    return true;
}

Payload RunSession::make_value(const StepRequest& request) {
    const Clock& clock = *services_.operations.clock;
    switch (request.kind) {
        case RequestKind::kNow:
            return Payload(quote_json(format_utc(clock.now())));
        case RequestKind::kUuid:
            return Payload(quote_json(Uid::random().guid()));
        case RequestKind::kRandom:
            return to_payload(Json(services_.operations.random()));
        case RequestKind::kEnv:
            return services_.catalog->variable(version_->version.pack, request.name);
        case RequestKind::kCompose:
        case RequestKind::kCondition:
            return request.input;
        case RequestKind::kRespond:
        case RequestKind::kOutcome:
        case RequestKind::kTrack:
        case RequestKind::kLog:
        default:
            return {};
    }
}

void RunSession::append_value(const StepRequest& request, const Payload& value) {
    JournalRow row = row_of(RowKind::kValue, request);
    // A compose answers with its own input: kept once.
    if (value != request.input) {
        row.output = value;
    }
    append(std::move(row));
}

std::optional<Answer> RunSession::answer_value(const StepRequest& request) {
    if (Journal::Recorded* recorded = journal_->find(request.path)) {
        if (!matches(*recorded, request)) {
            return Answer::stop();
        }
        const JournalRow& row = *recorded->opening;
        return remember(request, row.output.empty() ? row.input : row.output);
    }
    if (request.kind == RequestKind::kRespond && has_responded_) {
        // It leaves no row: a replay comes by here again.
        return Answer::raise(already_responded(request));
    }
    if (journal_->has_deliveries()) {
        diverged_ = model::describe_path(request.path) + " is new in the middle of the history";
        return Answer::stop();
    }
    const std::optional<Payload> earlier = value_taken_over(request);
    const Payload value = earlier ? *earlier : make_value(request);
    append_value(request, value);
    if (request.kind == RequestKind::kRespond) {
        has_responded_ = true;
        run_.response = request.input;
        run_.is_secured = run_.is_secured || model::secures_outputs(request.secured);
        run_changed_ = true;
        gate([this] { services_.observer->on_response(run_); });
    }
    return remember(request, value);
}

std::optional<Answer> RunSession::answer_track(const StepRequest& request) {
    const auto values = tracked_values_of(request.input);
    if (auto refused = tracked_.refusal(values)) {
        refused->step = model::parent_path(request.path);
        return Answer::raise(std::move(*refused));
    }
    if (journal_->find(request.path) == nullptr) {
        tracked_.add(values);
    } else {
        tracked_.remember(values);
    }
    return answer_value(request);
}

// Nothing leaves, and the ledger does not hear of it: a resubmit with a version that has no static
// result finds nothing done.
std::optional<Answer> RunSession::answer_static(const StepRequest& request) {
    if (Journal::Recorded* recorded = journal_->find(request.path)) {
        return matches(*recorded, request) ? std::optional(static_answer(*recorded->opening))
                                           : std::optional(Answer::stop());
    }
    if (journal_->has_deliveries()) {
        diverged_ = model::describe_path(request.path) + " is new in the middle of the history";
        return Answer::stop();
    }
    const script::StaticResult& result = *request.static_result;
    JournalRow row = row_of(RowKind::kStatic, request);
    row.status = result.status;
    if (result.status == Status::kSucceeded) {
        row.code = kDone;
        row.output = result.output;
    } else {
        model::StepError error = result.error;
        error.step = request.path;
        row.code = error.code;
        row.output = model::to_payload(error);
    }
    return static_answer(append(std::move(row)));
}

// Values that the run itself keeps, in the first execution and in replay alike.
Answer RunSession::remember(const StepRequest& request, const Payload& value) {
    if (request.kind == RequestKind::kOutcome) {
        remember_outcome(request.input);
        return Answer::of({});
    }
    if (request.kind == RequestKind::kRespond || request.kind == RequestKind::kLog ||
        request.kind == RequestKind::kTrack) {
        return Answer::of({});
    }
    return Answer::of(value);
}

void RunSession::remember_outcome(const Payload& said) {
    if (const auto parsed = parse_json(said.view(), "outcome")) {
        run_.outcome = string_or(*parsed, "word");
        run_.outcome_reason = string_or(*parsed, "reason");
        run_changed_ = true;
    }
}

// A loop goes on behind its finished iterations; what the run keeps of them is remembered.
Payload RunSession::resume(const FoldedLoop& loop) {
    for (const JournalRow& row : loop.kept) {
        if (row.secured != model::Secured::kNothing) {
            secured_paths_.insert(row.path);
        }
        if (row.kind == RowKind::kWake && row.status == Status::kTimedOut) {
            services_.observer->on_child_given_up(Uid::derive(run_.uid, row.path));
        }
        if (row.kind == RowKind::kValue && row.operation == "track") {
            tracked_.remember(tracked_values_of(row.input));
        }
        if (row.kind == RowKind::kValue && row.operation == "outcome") {
            remember_outcome(row.input);
        }
    }
    return resumed_at(loop);
}

// What a secured step failed with stays whole in its own row. Scopes and the run repeat the error,
// and a call that of its child: "Call/Child's step".
model::StepError RunSession::for_history(model::StepError error) const {
    const bool is_secured = std::ranges::any_of(secured_paths_, [&error](const std::string& path) {
        return error.step == path || error.step.starts_with(path + "/");
    });
    if (is_secured || error.details.size() > limits::kRepeatedDetailsBytesMax) {
        error.details.clear();
    }
    return error;
}

std::optional<Answer> RunSession::answer_scope(const StepRequest& request) {
    const bool is_begin = request.kind == RequestKind::kScopeBegin;
    Journal::Recorded* recorded = journal_->find(request.path);
    if (recorded != nullptr && is_begin) {
        if (!matches(*recorded, request)) {
            return Answer::stop();
        }
        note_deadline(deadlines_, *recorded->opening);
        const FoldedLoop* const loop = journal_->folded(request.path);
        return Answer::of(loop == nullptr ? Payload() : resume(*loop));
    }
    if (!is_begin) {
        deadlines_.leave(request.path);
    }
    if (recorded != nullptr && recorded->closing != nullptr) {
        recorded->is_end_matched = true;
        if (recorded->closing->status != request.status) {
            diverged_ = model::describe_path(request.path) + " ended differently";
            return Answer::stop();
        }
        return Answer::of({});
    }
    if (journal_->has_deliveries()) {
        diverged_ = model::describe_path(request.path) + " is new in the middle of the history";
        return Answer::stop();
    }
    JournalRow row = row_of(is_begin ? RowKind::kScopeBegin : RowKind::kScopeEnd, request);
    if (!is_begin) {
        row.status = request.status;
        if (request.error) {
            row.code = request.error->code;
            row.output = model::to_payload(for_history(*request.error));
        }
    } else {
        row.status = Status::kRunning;
        if (has_time_limit(request)) {
            row.code = format_utc(*due_of(request, services_.operations.clock->now()));
        }
    }
    const JournalRow& added = append(std::move(row));
    if (is_begin) {
        note_deadline(deadlines_, added);
    }
    if (request.kind == RequestKind::kExclusiveEnd) {
        release_lock(request.path);
    }
    if (!is_begin && script::waits_for_call(request.operation) && request.error) {
        close_callback(request);
    }
    return Answer::of({});
}

std::optional<Answer> RunSession::answer_wait(const StepRequest& request) {
    Wait wait;
    wait.kind = request.kind;
    wait.path = request.path;
    wait.operation = request.operation;
    wait.input = request.input;
    wait.secured = request.secured;
    if (request.kind == RequestKind::kExclusiveBegin) {
        lock_keys_[request.path] = request.input.str();
    }
    Journal::Recorded* const recorded = journal_->find(request.path);
    if (recorded != nullptr) {
        if (!matches(*recorded, request)) {
            return Answer::stop();
        }
        if (recorded->delivery != nullptr) {
            if (recorded->delivery->secured != model::Secured::kNothing) {
                secured_paths_.insert(request.path);
            }
            // The process may have died between giving the child up and cancelling it.
            if (wait.kind == RequestKind::kRunChildFlow &&
                recorded->delivery->status == Status::kTimedOut) {
                services_.observer->on_child_given_up(Uid::derive(run_.uid, wait.path));
            }
            return std::nullopt;
        }
        // A delay is until its first deadline, however often it is replayed.
        wait.due = parse_utc(recorded->opening->code);
    }
    if (takes_over(request)) {
        if (recorded == nullptr) {
            JournalRow row = row_of(RowKind::kWait, request);
            row.status = Status::kWaiting;
            append(std::move(row));
        }
        return std::nullopt;
    }
    Wait& kept = waits_.insert_or_assign(request.path, std::move(wait)).first->second;
    if (recorded == nullptr) {
        JournalRow row = row_of(RowKind::kWait, request);
        row.status = Status::kWaiting;
        if (has_due(request)) {
            kept.due = due_of(request, services_.operations.clock->now());
            if (!kept.due) {
                waits_.erase(request.path);
                model::StepError error;
                error.code = "InvalidInput";
                error.message = "delay_until needs a time such as 2026-02-03T10:00:00Z.";
                return Answer::raise(std::move(error));
            }
            row.code = format_utc(*kept.due);
        }
        append(std::move(row));
    }
    if (!is_live_) {
        fresh_.push_back(request.path);
    } else {
        start_wait(kept);
    }
    return std::nullopt;
}

std::optional<Answer> RunSession::terminate(const StepRequest& request) {
    terminated_ = request;
    if (Journal::Recorded* recorded = journal_->find(request.path)) {
        recorded->is_matched = true;
    } else {
        append(row_of(RowKind::kValue, request));
    }
    return Answer::stop();
}

}  // namespace tideway::runtime
