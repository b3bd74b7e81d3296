// What a run tells those around it, beside its commands to the store.
#pragma once

#include <string>

#include "engine/base/error.h"
#include "engine/base/uid.h"
#include "engine/model/run.h"

namespace tideway::runtime {

// What sessions tell the rest of the runtime. Thread: called on the shard.
class RunObserver {
  public:
    virtual ~RunObserver() = default;
    virtual void on_child_admitted(model::RunId child) = 0;
    virtual void on_child_given_up(const Uid& child) = 0;  // nobody waits for it any more
    // The response of a run is durable, or the run has ended without one.
    virtual void on_response(const model::RunRecord& run) = 0;
    virtual void on_ended(const model::RunRecord& run) = 0;
    virtual void on_lock_granted(model::RunId run, const std::string& path) = 0;
    // A run that waited for its turn may start.
    virtual void on_turn(model::RunId run) = 0;
    // The session is to be dropped from memory; `wake_at` or a notification loads it again.
    virtual void on_released(model::RunId run) = 0;
    // A batch failed: drop the session and replay it after `delay`.
    virtual void on_must_reload(model::RunId run, Duration delay) = 0;
    // Its VM met its memory cap because of another run: drop the session; a new VM replays it.
    virtual void on_vm_lost(model::RunId run) = 0;
    // The store took nothing of it now; it is replayed, and whoever waits for it should know.
    virtual void on_not_stored(const model::RunRecord& run, const Error& error) = 0;
    virtual void on_progress(const model::RunRecord& run) = 0;
};

}  // namespace tideway::runtime
