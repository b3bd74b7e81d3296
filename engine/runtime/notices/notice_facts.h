// What is so in the environment, as far as somebody may want to be told. Gathered by the notifier,
// judged by notice_causes.h.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/runtime/health/connection_gate.h"
#include "engine/runtime/triggers/timed_trigger.h"
#include "engine/store/store.h"

namespace tideway::runtime {

struct ConnectionFacts {
    std::string name;
    ConnectionStatus status;
    std::optional<Timestamp> sign_in_expires;  // refresh token
    std::optional<Timestamp> secret_expires;   // client secret, as the administrator said
};

struct FlowFacts {
    model::FlowId id = 0;
    std::string name;   // "pack/flow"
    std::string title;  // as its author calls it
    model::FlowState state = model::FlowState::kOff;
    std::string state_reason;
    bool starts_on_notices = false;
    std::optional<TriggerStatus> trigger;  // of one that acts by itself, while the flow is on
};

// A run that stands for many.
struct RunFacts {
    Uid uid;
    std::string headline;
    std::string remedy;       // of what went wrong, or empty
    bool of_notices = false;  // it, or the run that called it, was started by a notice
};

struct FailureFacts {
    store::FailureGroup group;
    std::optional<RunFacts> run;  // absent: a notice is open already, or the run is gone
};

struct PausedFacts {
    store::PausedGroup group;
    std::optional<RunFacts> run;  // the same
};

struct SilenceFacts {
    model::EventExpectation expectation;
    std::optional<Timestamp> last_event;
};

struct BrakeFacts {
    std::string pack;
    Timestamp since;
    std::string reason;
};

struct NoticeFacts {
    std::vector<ConnectionFacts> connections;
    std::vector<FlowFacts> flows;
    std::vector<FailureFacts> failures;
    std::vector<PausedFacts> paused;
    std::vector<SilenceFacts> silences;
    std::vector<BrakeFacts> brakes;
    std::optional<std::uintmax_t> disk_free;    // bytes
    std::optional<Timestamp> certificate_ends;  // that the trigger listener shows

    const FlowFacts* flow(model::FlowId id) const {
        for (const FlowFacts& flow : flows) {
            if (flow.id == id) {
                return &flow;
            }
        }
        return nullptr;
    }
};

using OpenCauses = std::set<std::string, std::less<>>;

std::string failure_cause(const store::FailureGroup& group);
std::string paused_cause(const store::PausedGroup& group);

// Adds what the store knows. `open`: causes that have a notice; for the others a run is looked at.
// Blocking.
Status add_stored_facts(
    NoticeFacts& facts, store::Reader& reader, const OpenCauses& open, Timestamp now
);

}  // namespace tideway::runtime
