// RunSession: what a run takes over from the run that it does again. Each result becomes a row of
// its own journal and is delivered from there, in the order in which the earlier run got it; so a
// replay needs the earlier run only for what it has not asked yet.
#include <utility>

#include "engine/model/step_path.h"
#include "engine/runtime/run_session.h"

namespace tideway::runtime {

using model::JournalRow;
using model::RowKind;
using script::RequestKind;
using script::StepRequest;

namespace {

// What waits is told apart by its path and its input.
bool asks_the_same(const ReusableSteps::Step& earlier, const StepRequest& request) {
    const bool is_operation = request.kind == RequestKind::kOperation;
    const RowKind ending = is_operation ? RowKind::kResult : RowKind::kWake;
    if (earlier.ending->kind != ending || earlier.opening->input != request.input) {
        return false;
    }
    return !is_operation ||
           earlier.opening->operation == request.connection + "." + request.operation;
}

}  // namespace

// The world was asked, so another answer could change what was asked after it.
std::optional<Payload> RunSession::value_taken_over(const StepRequest& request) const {
    const bool is_of_the_world =
        request.kind == RequestKind::kNow || request.kind == RequestKind::kUuid ||
        request.kind == RequestKind::kRandom || request.kind == RequestKind::kEnv;
    if (!is_of_the_world || !rerun_) {
        return std::nullopt;
    }
    const auto step = rerun_->reused(request.path);
    if (!step || step->opening->kind != RowKind::kValue) {
        return std::nullopt;
    }
    return step->ending->output;
}

bool RunSession::takes_over(const StepRequest& request) {
    const auto step = rerun_ ? rerun_->reused(request.path) : std::nullopt;
    if (!step || !asks_the_same(*step, request)) {
        return false;
    }
    JournalRow row;
    row.kind = step->ending->kind;
    row.path = request.path;
    row.line = request.line;
    if (row.kind == RowKind::kResult) {
        row.operation = step->opening->operation;
        row.spec_hash = step->opening->spec_hash;
        row.input = request.input;
    }
    row.status = step->ending->status;
    row.code = row.status == model::Status::kSucceeded ? kReused : step->ending->code;
    row.secured = request.secured | step->opening->secured | step->ending->secured;
    row.output = step->ending->output;
    if (row.secured != model::Secured::kNothing) {
        secured_paths_.insert(request.path);
    }
    taken_over_.insert_or_assign(step->ending->seq, std::move(row));
    return true;
}

// When the script waits and nothing of its own journal is left to deliver.
std::optional<JournalRow> RunSession::next_taken_over() {
    if (taken_over_.empty() || is_over_ || ending_ || stop_) {
        return std::nullopt;
    }
    const auto next = taken_over_.extract(taken_over_.begin());
    return append(next.mapped());
}

// An effect that the plan did not have, before anything of it is written or leaves: the run ends.
bool RunSession::refuses_unplanned(const std::string& path) {
    if (!rerun_ || rerun_->is_planned(path)) {
        return false;
    }
    // Its branch may be executing now.
    services_.operations.executor->post(guarded([this, path] {
        stop(
            {StopCause::kUnplanned,
             "The plan of the resubmission does not have " + model::describe_path(path) + ".",
             path}
        );
    }));
    return true;
}

}  // namespace tideway::runtime
