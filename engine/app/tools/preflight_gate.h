// A pack's preflight before its flows are turned on or made live: what the services say of the
// columns, rights and mappings that they need.
#pragma once

#include <string>

#include "engine/app/api_client.h"
#include "engine/app/tools/tool_run.h"

namespace tideway::app {

// Code "PreflightFoundProblems"; each is printed to stderr. Nothing to say: the pack has no
// preflight, or one that cannot run yet because a connection or a variable is missing.
Status pass_preflight(ApiClient& client, const std::string& pack, ToolCode code);

// Of all packs that have one.
Status pass_preflights(ApiClient& client);

// Whether events start the flow: one that people or other flows start may be on before its pack is
// ready, as the one that makes the columns has to be.
bool is_started_by_events(const Json& flow);

inline constexpr const char* kNoPreflight = "--no-preflight";
inline constexpr const char* kNoPreflightHelp = "Do not run the pack's preflight before";

}  // namespace tideway::app
