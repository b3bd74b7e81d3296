#include "engine/app/flows/muted_run.h"

#include <chrono>
#include <thread>
#include <utility>

#include "engine/app/history/step_print.h"

namespace tideway::app {

namespace {

constexpr std::chrono::milliseconds kLookAgain{200};
constexpr const char* kMuted = "Muted";

void collect(const Json& nodes, std::vector<CalledStep>& out) {
    for (const Json& node : nodes) {
        if (find(node, "input") != nullptr && find(node, "path") != nullptr) {
            out.push_back(
                {string_or(node, "path"),
                 string_or(node, "name"),
                 string_or(node, "operation"),
                 node.at("input"),
                 node.value("changes", Json()),
                 string_or(node, "code") == kMuted}
            );
        }
        if (const Json* children = find(node, "children")) {
            collect(*children, out);
        }
    }
}

Status add_effects(ApiClient& client, const Json& run, Json& out) {
    for (const CalledStep& step : muted_steps(run)) {
        Json effect = {
            {"step", step.path},
            {"operation", step.operation},
            {"input", step.input},
            {"run", string_or(run, "id")}};
        if (!step.changes.is_null()) {
            effect["changes"] = step.changes;
        }
        out.push_back(std::move(effect));
    }
    for (const Json& child : run.value("children", Json::array())) {
        TIDEWAY_TRY_ASSIGN(
            const Json called, client.get("/runs/" + string_or(child, "id") + "?contents=true")
        );
        TIDEWAY_TRY(add_effects(client, called, out));
    }
    return {};
}

}  // namespace

Result<Json> ended_run(ApiClient& client, const std::string& run, int timeout_s) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(timeout_s);
    while (true) {
        TIDEWAY_TRY_ASSIGN(Json shown, client.get("/runs/" + run + "?contents=true"));
        if (find(shown, "ended") != nullptr) {
            return shown;
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            return fail(
                ErrorKind::kTimeout,
                "RunNotEnded",
                "The run " + run + " is " + string_or(shown, "status") + " after " +
                    std::to_string(timeout_s) + " s. " + string_or(shown, "wait_reason"),
                "Look at it later: tideway runs show " + run + " --contents"
            );
        }
        std::this_thread::sleep_for(kLookAgain);
    }
}

std::vector<CalledStep> called_steps(const Json& run) {
    std::vector<CalledStep> out;
    if (const Json* steps = find(run, "steps")) {
        collect(*steps, out);
    }
    return out;
}

std::vector<CalledStep> muted_steps(const Json& run) {
    std::vector<CalledStep> out = called_steps(run);
    std::erase_if(out, [](const CalledStep& step) { return !step.is_muted; });
    return out;
}

Result<Json> muted_effects(ApiClient& client, const Json& run) {
    Json out = Json::array();
    TIDEWAY_TRY(add_effects(client, run, out));
    return out;
}

void print_effects(std::ostream& out, const Json& effects) {
    for (const Json& effect : effects) {
        out << "  " << string_or(effect, "step") << "  " << string_or(effect, "operation")
            << "\n      " << dump(effect.at("input")) << "\n";
        print_changes(out, effect.value("changes", Json::array()), "      ");
    }
}

}  // namespace tideway::app
