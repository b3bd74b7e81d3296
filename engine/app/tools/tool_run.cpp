#include "engine/app/tools/tool_run.h"

#include <utility>

#include "engine/app/flows/muted_run.h"

namespace tideway::app {

namespace {

tl::unexpected<Error> not_found(const std::string& tool, const std::string& pack) {
    return fail(
        ErrorKind::kNotFound,
        "ToolNotFound",
        (pack.empty() ? std::string("No pack has a")
                      : "The pack '" + pack + "' is not there, or has no") +
            " flow for '" + tool + "'.",
        "A pack names it in pack.json: \"tools\": {\"" + tool +
            "\": \"<flow>\"}. List packs with: tideway packs list"
    );
}

Tool read_tool(const Json& row) {
    Tool out{string_or(row, "pack"), string_or(row, "flow"), string_or(row, "title"), {}};
    const Json problems = row.value("problems", Json::array());
    if (!problems.empty()) {
        Error& problem = out.problem.emplace();
        problem.kind = ErrorKind::kConflict;
        problem.code = string_or(problems[0], "code");
        problem.message = string_or(problems[0], "message");
        problem.remedy = string_or(problems[0], "remedy");
    }
    return out;
}

}  // namespace

Result<std::vector<Tool>> tools_named(
    ApiClient& client, const std::string& tool, const std::string& pack
) {
    TIDEWAY_TRY_ASSIGN(const Json listed, client.get("/tools"));
    std::vector<Tool> out;
    for (const Json& row : listed.at("value")) {
        if (string_or(row, "tool") == tool && (pack.empty() || string_or(row, "pack") == pack)) {
            out.push_back(read_tool(row));
        }
    }
    if (out.empty() && !pack.empty()) {
        return not_found(tool, pack);
    }
    return out;
}

Result<Tool> tool_named(ApiClient& client, const std::string& tool, const std::string& pack) {
    TIDEWAY_TRY_ASSIGN(auto found, tools_named(client, tool, pack));
    if (found.empty()) {
        return not_found(tool, pack);
    }
    if (found.size() > 1) {
        std::string names;
        for (const Tool& each : found) {
            names += (names.empty() ? "" : ", ") + each.pack;
        }
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidArgument",
            "Several packs have it: " + names + ".",
            "Name one of them."
        );
    }
    return std::move(found.front());
}

Result<Json> run_tool(ApiClient& client, const Tool& tool, const ToolRun& how) {
    if (tool.problem) {
        return fail(*tool.problem);
    }
    const Json body = {{"input", Json::object()}, {"effects", to_string(how.effects)}};
    const std::string flow = tool.pack + "/" + tool.flow;
    auto started = client.post("/flows/" + flow + "/run", body);
    if (!started) {
        if (started.error().code == "WorkflowTriggerIsNotEnabled") {
            // Other packs may have a flow of this name.
            started.error().remedy = "Turn it on: tideway flows on " + flow;
        }
        return fail(std::move(started.error()));
    }
    const std::string id = started->at("runs").at(0).get<std::string>();
    TIDEWAY_TRY_ASSIGN(Json ended, ended_run(client, id, how.timeout_s));
    if (string_or(ended, "status") != "Succeeded") {
        return fail(
            ErrorKind::kConflict,
            "ToolFailed",
            tool.title + ": " + string_or(ended, "headline", string_or(ended, "status")),
            "Look at it: tideway runs show " + id + " --contents"
        );
    }
    return ended;
}

Json output_list(const Json& run, const char* name) {
    const Json* output = find(run, "output");
    const Json* found = output == nullptr ? nullptr : find(*output, name);
    return found == nullptr ? Json::array() : *found;
}

}  // namespace tideway::app
