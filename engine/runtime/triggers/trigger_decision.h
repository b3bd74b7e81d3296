// What the trigger's own functions say about an event. They run without steps, under a small
// budget. Thread: that of the VM.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/payload.h"
#include "engine/base/result.h"
#include "engine/model/flow.h"
#include "engine/script/vm.h"

namespace tideway::runtime {

// Which runs of its flow a run goes with; empty where the function is missing or gave nil.
struct RunKeys {
    std::string one_at_a_time;
    std::string coalesce;
};

struct TriggerDecision {
    bool is_met = true;
    std::optional<std::string> dedupe_key;
    RunKeys keys;                               // of the event
    std::optional<std::vector<Payload>> items;  // of split_on; absent: the event itself
    // One for each item; absent where there are so many that a fan-out asks for them piece by
    // piece.
    std::vector<Result<RunKeys>> item_keys;
};

bool has_keys(const model::FlowDeclaration& declared);
bool has_trigger_functions(const model::FlowDeclaration& declared);

// An error of a function is that of the event, but of an item's keys only the item's.
Result<TriggerDecision> decide_trigger(
    script::Vm& vm, const model::FlowDeclaration& declared, const Payload& event
);

// one_at_a_time_by and coalesce_by alone, of what a run gets: an event or an item of it.
Result<RunKeys> read_keys(
    script::Vm& vm, const model::FlowDeclaration& declared, const Payload& event
);

}  // namespace tideway::runtime
