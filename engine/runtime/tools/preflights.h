// The preflights of packs before their flows meet events: what the services say of the columns,
// rights and mappings that the flows need.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime/activation.h"
#include "engine/runtime/drafts/drafts.h"
#include "engine/runtime/runtime.h"

namespace tideway::runtime {

// What whoever turns flows on or publishes wants of them.
enum class Preflight { kRun, kSkip };
std::string_view to_string(Preflight preflight);           // "run", "skip"
Result<Preflight> parse_preflight(std::string_view text);  // code "InvalidPreflight"

// One that people or other flows start may be on before its pack is ready, as the one that makes
// the columns has to be.
bool is_started_by_events(const FlowEntry& flow);

// Whether something that a tool has found keeps the flows from working; a warning does not.
bool is_problem(const Json& finding);

struct PreflightServices {
    Runtime* runtime = nullptr;
    const FlowCatalog* catalog = nullptr;
    const Activation* activation = nullptr;
    Drafts* drafts = nullptr;
    Executor* executor = nullptr;
};

// A preflight that cannot run yet, because a connection or a variable is missing, is left out.
class Preflights {
  public:
    explicit Preflights(PreflightServices services)
        : services_(services) {}

    // Of the packs whose flows, "pack/flow", will be started by events. Thread: any.
    std::vector<FlowEntry> before_turning_on(const std::vector<std::string>& flows) const;

    // Of the draft, when events come to the pack already. On the desk; blocking.
    Result<std::vector<FlowEntry>> before_publishing(
        const std::string& pack, const Publication& publication
    ) const;

    // Runs them side by side, muted. `done` on the executor's thread, with code
    // "PreflightFoundProblems", whose details hold {"preflights":[{"pack","run","findings"}]},
    // "ToolFailed" or "RunNotEnded". Thread: any.
    void pass(
        std::vector<FlowEntry> preflights, std::string person, std::function<void(Status)> done
    ) const;

  private:
    bool can_run(const FlowEntry& preflight) const;

    PreflightServices services_;
};

}  // namespace tideway::runtime
