// OperationRun: waiting for a connection that is unavailable. The attempts of a step that waits are
// not used up, and its time limit stands still.
#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/runtime/operation_run.h"

namespace tideway::runtime {

using model::AttemptClass;

const std::string& OperationRun::connection_name() const {
    return start_.connection->record.name;
}

bool OperationRun::is_guarded() const {
    return start_.connection != nullptr && start_.spec->is_one_service;
}

bool OperationRun::waits_for_connection(void (OperationRun::*next)()) {
    if (!is_guarded()) {
        return false;
    }
    auto why = services_.gate->must_wait(connection_name(), start_.user);
    if (!why) {
        return false;
    }
    wait_for_connection(std::move(*why), next);
    return true;
}

bool OperationRun::waits_after_failure(
    const Error& error, bool is_last, int attempts, void (OperationRun::*next)()
) {
    if (!is_guarded()) {
        return false;
    }
    ConnectionFailure failure;
    failure.user = start_.user;
    failure.error = error;
    failure.attempts = attempts;
    failure.is_last = is_last;
    if (!services_.gate->failed(connection_name(), failure)) {
        return false;
    }
    if (!waits_for_connection(next)) {
        after(Duration(0), next);  // a probe is due, and this step makes it
    }
    return true;
}

void OperationRun::wait_for_connection(std::string why, void (OperationRun::*next)()) {
    const Timestamp now = services_.clock->now();
    resume_ = next;
    retries_ = 0;
    probes_ = 0;
    if (!paused_at_) {
        paused_at_ = now;
    }
    if (!start_.waiting_since) {
        start_.waiting_since = now;
    }
    ConnectionPause pause;
    pause.why = std::move(why);
    pause.until = *start_.waiting_since + limits::kConnectionWait;
    pause.attempt = attempt_;
    pause.attempt_class = may_have_happened_ ? AttemptClass::kInDoubt : AttemptClass::kNotDone;
    if (pause.until <= now) {
        give_up_waiting(pause.why);
        return;
    }
    after(pause.until - now, &OperationRun::look_again);
    listener_.on_connection_wait(*this, std::move(pause));
}

void OperationRun::give_up_waiting(const std::string& why) {
    Error error;
    error.kind = ErrorKind::kUnavailable;
    error.code = "ConnectionUnavailable";
    error.message =
        "The step has waited " + std::to_string(limits::kConnectionWait.count()) + " hours; " + why;
    error.remedy = "Repair the connection (tideway connections test), then resubmit the run.";
    paused_at_.reset();
    if (may_have_happened_) {
        park(error);
        return;
    }
    finish_failed(error);
}

void OperationRun::look_again() {
    if (!paused_at_ || is_back_ || waits_for_connection(resume_)) {
        return;
    }
    timer_.reset();
    is_back_ = true;
    listener_.on_connection_back(*this);
}

void OperationRun::go_on() {
    is_back_ = false;
    const Duration paused = services_.clock->now() - *std::exchange(paused_at_, std::nullopt);
    if (deadline_) {
        *deadline_ += paused;
    }
    (this->*resume_)();
}

}  // namespace tideway::runtime
