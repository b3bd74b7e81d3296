// A step that calls an operation, from its request to its result.
#pragma once

#include <memory>
#include <optional>

#include "engine/runtime/brake/brake.h"
#include "engine/runtime/journal.h"
#include "engine/runtime/operation_run.h"
#include "engine/script/step_host.h"

namespace tideway::runtime {

// An effect that does not take place, while what it would change is read.
struct MutedEffect {
    const model::OperationSpec* operation = nullptr;
    Json input;
};

struct PendingOperation {
    script::StepRequest request;
    OperationStart start;
    bool has_intent = false;
    bool is_intent_new = false;  // of this session: nothing was sent before it
    int attempts_before = 0;
    Timestamp intent_at;
    std::optional<Timestamp> earlier_intent;  // of the same effect, in another run
    std::unique_ptr<OperationRun> run;
    model::EffectRecord effect;
    bool is_effect = false;
    bool is_parked = false;
    bool is_at_rest = false;  // recorded: waits, and no attempt of it is in doubt
    std::optional<Timestamp> waiting_since;
    std::optional<UnderwayCall> underway;  // recorded: the service has taken it
    std::optional<ConnectionPause> pause;  // it waits for its connection, or for the service
    std::optional<HeldEffect> held;        // it waits for a person, before its intent
    std::optional<MutedEffect> muted;      // `start` is of the reading operation

    bool waits() const { return pause || held; }
};

// A row about the step, with what it was called with.
model::JournalRow operation_row(model::RowKind kind, const script::StepRequest& request);

// What an attempt row says of a call that is under way (run_underway.cpp); nothing: it cannot be
// read.
std::optional<UnderwayCall> recorded_underway(const Journal::Recorded& recorded);

}  // namespace tideway::runtime
