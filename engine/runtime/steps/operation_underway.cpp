// OperationRun: calls that the service has taken and works on. Asking what has become of one is a
// read: it may be repeated, and it is no further attempt of the call.
#include <algorithm>
#include <utility>

#include "engine/runtime/operation_run.h"

namespace tideway::runtime {

void OperationRun::on_underway(connector::Underway underway) {
    const Timestamp now = services_.clock->now();
    UnderwayCall call;
    call.state = std::move(underway.state);
    call.began = start_.underway ? start_.underway->began : start_.intent_at;
    call.ask_at = now + underway.wait;
    if (deadline_) {
        call.ask_at = std::min(call.ask_at, std::max(now, *deadline_));
    }
    start_.underway = std::move(call);
    in_flight_ = false;
    may_have_happened_ = false;  // that it happened is known, and the call is not sent again
    retries_ = 0;
    wait_underway();
}

void OperationRun::wait_underway() {
    after(start_.underway->ask_at - services_.clock->now(), &OperationRun::ask_again);
    listener_.on_underway(*this, *start_.underway);
}

void OperationRun::ask_again() {
    listener_.on_asking_again(*this);
    begin_attempt();
}

bool OperationRun::is_underway_effect() const {
    return start_.underway && start_.operation->effect != model::EffectClass::kRead;
}

}  // namespace tideway::runtime
