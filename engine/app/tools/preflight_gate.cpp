#include "engine/app/tools/preflight_gate.h"

#include <iostream>

#include "engine/app/tools/findings.h"

namespace tideway::app {
namespace {

Status pass(ApiClient& client, const Tool& tool, ToolCode code) {
    if (tool.problem) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(const Json run, run_tool(client, tool, {.code = code}));
    const Json findings = findings_of(run);
    const int problems = problems_in(findings);
    if (problems == 0) {
        return {};
    }
    print_tool_findings(std::cerr, findings, FindingsShown::kProblems);
    return fail(
        ErrorKind::kConflict,
        "PreflightFoundProblems",
        "The preflight of the pack " + tool.pack + " found " + std::to_string(problems) +
            " problems.",
        std::string("Mend them (tideway preflight ") + tool.pack + "), or go on as it is with " +
            kNoPreflight + "."
    );
}

}  // namespace

Status pass_preflight(ApiClient& client, const std::string& pack, ToolCode code) {
    TIDEWAY_TRY_ASSIGN(const auto tools, tools_named(client, kPreflight, {}));
    for (const Tool& tool : tools) {
        if (tool.pack == pack) {
            return pass(client, tool, code);
        }
    }
    return {};
}

Status pass_preflights(ApiClient& client) {
    TIDEWAY_TRY_ASSIGN(const auto tools, tools_named(client, kPreflight, {}));
    for (const Tool& tool : tools) {
        TIDEWAY_TRY(pass(client, tool, ToolCode::kPublished));
    }
    return {};
}

bool is_started_by_events(const Json& flow) {
    const std::string trigger = string_or(flow, "trigger");
    return trigger != "manual" && trigger != "child";
}

}  // namespace tideway::app
