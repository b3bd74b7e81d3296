// RunSession: effects that the brake holds back. Nothing is recorded of the wait: a run that comes
// back from its journal asks the brake again.
#include <utility>

#include "engine/runtime/flow_catalog.h"
#include "engine/runtime/run_session.h"

namespace tideway::runtime {

bool RunSession::is_held(PendingOperation& pending, std::optional<Timestamp> may_have_left) {
    PackWrite write;
    write.run = run_.id;
    write.path = pending.request.path;
    write.record = record_name(pending.effect);
    write.creates = pending.start.operation->creates;
    auto why = services_.brake->must_wait(version_->version.pack, std::move(write));
    if (!why) {
        return false;
    }
    pending.held = HeldEffect{std::move(*why), may_have_left};
    update_waiting();
    return true;
}

void RunSession::ask_brake_again(PendingOperation& pending) {
    if (is_over_ || ending_) {
        return;
    }
    const HeldEffect held = *std::exchange(pending.held, std::nullopt);
    send_after_intent(pending.request.path, held.may_have_left);
    update_waiting();
}

}  // namespace tideway::runtime
