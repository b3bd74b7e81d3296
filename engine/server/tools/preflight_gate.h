// Acts that stand behind the preflights of packs: turning flows on, publishing.
#pragma once

#include <functional>
#include <vector>

#include "engine/runtime/tools/preflights.h"
#include "engine/server/context.h"

namespace tideway::server {

// Both on the desk, which does not wait for the preflights in between.
struct GatedAct {
    // Those that stand before it; an error refuses the act.
    std::function<Result<std::vector<runtime::FlowEntry>>(const runtime::Preflights&)> preflights;
    std::function<Result<Json>()> perform;
};

// Performs it when the preflights have passed, or when the request's body says "preflight": "skip".
void perform_gated(
    const Context& context, const http::ServerRequest& request, const Answer& answer, GatedAct act
);

// That the request went on without them, for the record of the act.
void note_skipped_preflight(const Json& body, Json& record);

}  // namespace tideway::server
