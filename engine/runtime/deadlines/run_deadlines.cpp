// RunSession: time limits of scopes. A scope whose time is up lets nothing begin inside it; what
// waits there is given up, an effect under way is awaited first. Each is an answer in the journal
// that names the scope, so that a replay leaves it at the same place.
#include <utility>

#include "engine/model/step_path.h"
#include "engine/runtime/run_session.h"

namespace tideway::runtime {

using script::Answer;
using script::RequestKind;

std::optional<model::StepError> RunSession::late(const std::string& path) const {
    const auto* const scope = deadlines_.late_around(path, services_.operations.clock->now());
    if (scope == nullptr) {
        return std::nullopt;
    }
    model::StepError error;
    error.code = "ActionTimedOut";
    error.message =
        "The scope '" + model::describe_path(*scope) + "' has not ended within its time limit.";
    error.status = model::Status::kTimedOut;
    error.step = path;
    error.scope = *scope;
    return error;
}

void RunSession::watch_deadlines() {
    const OperationServices& world = services_.operations;
    deadlines_.watch(*world.executor, world.clock->now(), guarded([this] { end_late_steps(); }));
}

void RunSession::end_late_steps() {
    if (is_over_ || ending_ || !is_live_) {
        return;
    }
    std::vector<std::string> paths;
    for (const auto& [path, wait] : waits_) {
        paths.push_back(path);
    }
    for (const auto& [path, operation] : operations_) {
        paths.push_back(path);
    }
    for (const std::string& path : paths) {
        if (const auto error = late(path)) {
            give_up(path, *error);
        }
    }
    watch_deadlines();
}

void RunSession::give_up(const std::string& path, const model::StepError& error) {
    if (const auto found = operations_.find(path); found != operations_.end()) {
        if (found->second->run && !found->second->is_parked) {
            found->second->run->end_with(error);
        } else if (found->second->held) {
            finish_operation(
                path, 0, model::AttemptClass::kNotDone, Answer::raise(error), error.code
            );
        }
        return;
    }
    const auto found = waits_.find(path);
    if (found == waits_.end()) {
        return;
    }
    const Wait& wait = found->second;
    if (wait.kind == RequestKind::kCallbackBegin && wait.is_started) {
        return;  // its address is being made; what comes next is late
    }
    if (wait.kind == RequestKind::kWaitForCallback) {
        time_out_callback(path, Answer::raise(error), error.code);
        return;
    }
    if (wait.kind == RequestKind::kExclusiveBegin) {
        release_lock(path);  // or the place in its queue
    }
    if (wait.kind == RequestKind::kRunChildFlow) {
        services_.observer->on_child_given_up(Uid::derive(run_.uid, path));
    }
    wake(path, Answer::raise(error), error.code);
}

}  // namespace tideway::runtime
