// Turning on the flows of packs together: all that is missing is known before the first goes on.
#pragma once

#include <string>
#include <vector>

#include "engine/runtime/activation.h"

namespace tideway::runtime {

struct PlacedFlow {
    FlowEntry flow;
    std::size_t place = 0;
};

// From 1: where "order" of pack.json has the flow.
std::size_t place_in_pack(const FlowCatalog& catalog, const FlowEntry& flow);

// All, pack after pack by name, each in its order.
std::vector<PlacedFlow> flows_in_order(const FlowCatalog& catalog);

// Whose flows; empty: those of every pack. Children come before the flows that call them.
std::vector<std::string> flows_to_turn_on(
    const Activation& activation, const std::vector<std::string>& packs
);

// Everything that keeps these flows from being on together, each once: what a person has to make or
// set. That one of them waits for another of them does not.
std::vector<Error> missing_for(
    const Activation& activation, const FlowCatalog& catalog, const std::vector<std::string>& flows
);

// Fails with "FlowsNotReady", whose details hold {"problems":[...]}.
Status check_ready(
    const Activation& activation, const FlowCatalog& catalog, const std::vector<std::string>& flows
);

}  // namespace tideway::runtime
