// Flows of packs that do something well-known ("tools" of pack.json), started and waited for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/app/api_client.h"
#include "engine/base/json.h"
#include "engine/model/run.h"
#include "engine/runtime/tools/pack_tool.h"

namespace tideway::app {

inline constexpr const char* kPreflight = runtime::kPreflightTool;
inline constexpr const char* kVerifyTenant = "verify_tenant";
inline constexpr const char* kCrm = "crm";

struct Tool {
    std::string pack;
    std::string flow;
    std::string title;
    std::optional<Error> problem;  // what keeps it from working yet
};

// Of all packs, or of one. None is an error where a pack is named. Codes "ToolNotFound".
Result<std::vector<Tool>> tools_named(
    ApiClient& client, const std::string& tool, const std::string& pack
);

// Of the only pack that has it, or of the one that is named.
Result<Tool> tool_named(ApiClient& client, const std::string& tool, const std::string& pack);

struct ToolRun {
    model::Effects effects = model::Effects::kMuted;
    int timeout_s = 120;
};

// The run once it has succeeded; code "ToolFailed" when it did not. With a problem: that, at once.
Result<Json> run_tool(ApiClient& client, const Tool& tool, const ToolRun& how);

// The list of this name in what the run returned; empty where there is none.
Json output_list(const Json& run, const char* name);

}  // namespace tideway::app
