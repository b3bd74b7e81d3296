// Runs of a pack's tools, muted and live, and what their lists say.
#pragma once

#include <map>
#include <string>

#include "engine/app/demo_world.h"
#include "tests/support/must.h"

namespace tideway::tests {

inline Json run_of_tool(
    app::DemoWorld& world, const std::string& flow, const std::string& effects = "live"
) {
    const Json admitted = must(world.api().post(
        "/flows/" + flow + "/run", {{"input", Json::object()}, {"effects", effects}}
    ));
    return must(world.finished_run(admitted.at("runs").at(0).get<std::string>()));
}

// How many rows of "Set up the CRM columns" have each state.
inline std::map<std::string, int> states_of(const Json& run) {
    std::map<std::string, int> out;
    for (const Json& row : run.at("output").at("rows")) {
        ++out[string_or(row, "state")];
    }
    return out;
}

// What did not pass, and why.
inline std::map<std::string, std::string> problems_of(const Json& run) {
    std::map<std::string, std::string> out;
    for (const Json& finding : run.at("output").at("findings")) {
        if (!bool_or(finding, "ok", false)) {
            out[string_or(finding, "check")] = string_or(finding, "message");
        }
    }
    return out;
}

}  // namespace tideway::tests
