// Packs, flows and flow versions as values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/payload.h"
#include "engine/model/secured.h"

namespace tideway::model {

enum class FlowState { kOff, kOn, kSuspended };
std::string_view to_string(FlowState state);  // "Off", "On", "Suspended"
FlowState parse_flow_state(std::string_view text);

// Everything that decides what a run does, under one content hash. Immutable.
struct FlowVersion {
    std::int64_t id = 0;  // row id, 0 before it is stored
    std::string hash;     // of everything below, hex
    std::string pack;     // "co_sell_dynamics365"
    std::string pack_version;
    std::string flow;  // "partner_center_to_dynamics365": file name without .lua
    // Path in the pack -> text: the flow itself, lib/*.lua, mapping.json, schemas/*.json.
    std::map<std::string, std::string> files;
    std::map<std::string, std::string> spec_hashes;  // connector id -> hash of connector.json
    Timestamp created;
    // The pack revision that its child flows come from; 0: they are those that are live.
    std::int64_t revision_id = 0;

    std::string main_file() const { return flow + ".lua"; }
};

// sha256 over the sorted parts; what FlowVersion::hash must hold. `children`: what stands for the
// flows that it calls; empty: it calls none.
std::string content_hash(const FlowVersion& version, std::string_view children = {});

// What a flow says of itself: the value that its file returns, without the functions.
struct FlowDeclaration {
    std::string title;
    std::string trigger;             // "manual", "http_request", "recurrence", "child", "notice" or
                                     // "<connector id>.<trigger id>"
    std::string trigger_connection;  // connection reference of a connector's trigger, or empty
    Payload trigger_config;  // JSON object: what the author wrote, without functions and what the
                             // runtime takes out: concurrency, secure
    Payload settings;        // JSON object: description, retry, timeout of flow{}, where given
    Payload concurrency;  // JSON of what the trigger says about it (model/concurrency.h), or empty
    Secured secured = Secured::kNothing;  // inputs: events; outputs: what runs give back
    bool has_condition = false;
    bool has_dedupe_by = false;
    bool has_split_on = false;
    bool has_one_at_a_time_by = false;
    bool has_coalesce_by = false;
    std::vector<std::string> connections;  // references named by connection "..."
    std::vector<std::string> variables;    // names read by env "..."
    std::vector<std::string> children;     // flows named by run_child_flow literals
};

// The outline of a flow, read from its text: what could run, in order.
struct OutlineNode {
    std::string kind;  // "step", "scope", "try", "condition", "branch", "switch", "case",
                       // "foreach", "parallel", "repeat_until", "exclusive", "run_child_flow", ...
    std::string name;
    std::string operation;  // "<connection reference>.<operation>" for steps
    std::string file;
    int line = 0;
    std::vector<OutlineNode> children;
};

}  // namespace tideway::model
