#include "engine/runtime/cases/case_check.h"

#include <algorithm>
#include <utility>

#include "engine/model/step_path.h"
#include "engine/runtime/cases/json_match.h"

namespace tideway::runtime {
namespace {

using model::Status;

struct PlacedStep {
    std::string path;  // also of what did not run
    const StepNode* node;
};

// Conditions and branches are no scopes: what stands in them has the path of the scope around.
bool is_scope(const StepNode& node) {
    return node.kind != "condition" && node.kind != "branch" && node.kind != "case";
}

void place(
    const std::vector<StepNode>& nodes, const std::string& scope, std::vector<PlacedStep>& out
) {
    for (const StepNode& node : nodes) {
        std::string path = node.path;
        if (path.empty()) {
            path = scope + (scope.empty() ? "" : "/") + model::print_segment({node.name, 1, 0});
        }
        if (node.kind != "branch" && node.kind != "case") {
            out.push_back({path, &node});
        }
        place(node.children, is_scope(node) ? path : scope, out);
    }
}

Json parsed(const Payload& payload) {
    if (payload.empty()) {
        return nullptr;
    }
    auto value = parse_json(payload.view(), "payload");
    return value ? std::move(*value) : Json(payload.str());
}

class RunCheck {
  public:
    RunCheck(const SeenRun& seen, const FindChild& find_child)
        : seen_(seen),
          find_child_(find_child) {
        place(seen.steps, {}, steps_);
    }

    Result<std::vector<CaseDifference>> check(const ExpectedRun& expected) {
        check_head(expected);
        for (const ExpectedStep& step : expected.steps) {
            check_step(step);
        }
        for (const auto& [path, child] : expected.children) {
            TIDEWAY_TRY(check_child(path, *child));
        }
        return std::move(found_);
    }

  private:
    void check_head(const ExpectedRun& expected) {
        const model::RunRecord& run = seen_.record;
        const std::string status(to_string(run.status));
        if (status != expected.status) {
            add("status", expected.status, status + ", " + headline(run));
        }
        check_text("outcome", expected.outcome, run.outcome);
        check_text("reason", expected.reason, run.outcome_reason);
        check_error("error", expected.error, run.error);
        check_value("response", expected.response, run.response);
        check_value("output", expected.output, run.output);
        check_tracked(expected.tracked);
    }

    void check_tracked(const Json& expected) {
        Json tracked = Json::object();
        for (const model::TrackedValue& each : seen_.tracked) {
            tracked[each.name].push_back(each.value);
        }
        check_value("tracked", expected, to_payload(tracked));
    }

    void check_text(const std::string& where, const Json& expected, const std::string& actual) {
        if (!expected.is_null() && expected != Json(actual)) {
            add(where, shown_value(expected), actual.empty() ? "none" : shown_value(actual));
        }
    }

    void check_value(const std::string& where, const Json& expected, const Payload& actual) {
        if (expected.is_null()) {
            return;
        }
        for (Mismatch& each : mismatches(expected, parsed(actual))) {
            add(where + (each.where.empty() ? "" : " " + each.where),
                std::move(each.expected),
                std::move(each.actual));
        }
    }

    void check_error(const std::string& where, const Json& expected, const Payload& actual) {
        if (expected.is_null()) {
            return;
        }
        if (actual.empty()) {
            add(where, shown_value(expected), "none");
            return;
        }
        const model::StepError error = model::parse_step_error(actual.view());
        check_text(where + " code", expected.value("code", Json()), error.code);
        const std::string message = string_or(expected, "message");
        if (error.message.find(message) == std::string::npos) {
            add(where + " message", "with " + shown_value(message), shown_value(error.message));
        }
        const std::string step = string_or(expected, "step");
        if (!step.empty() && !ends_with_path(error.step, step)) {
            add(where + " step", shown_value(step), shown_value(error.step));
        }
    }

    std::vector<PlacedStep> steps_at(const std::string& path) const {
        std::vector<PlacedStep> out;
        std::ranges::copy_if(steps_, std::back_inserter(out), [&path](const PlacedStep& step) {
            return ends_with_path(step.path, path);
        });
        return out;
    }

    // The step that is meant, or null after saying why there is none.
    const StepNode* step_at(const std::string& path) {
        const auto all = steps_at(path);
        std::vector<PlacedStep> ran;
        std::ranges::copy_if(all, std::back_inserter(ran), [](const PlacedStep& step) {
            return step.node->status != Status::kSkipped;
        });
        const auto& candidates = ran.empty() ? all : ran;
        const auto exact = std::ranges::find(candidates, path, &PlacedStep::path);
        if (exact != candidates.end()) {
            return exact->node;
        }
        if (candidates.size() == 1 || (ran.empty() && !all.empty())) {
            return candidates.front().node;
        }
        std::string paths;
        for (const PlacedStep& step : candidates.empty() ? steps_ : candidates) {
            if (candidates.empty() && step.node->status == Status::kSkipped) {
                continue;
            }
            paths += "\n" + step.path;
        }
        add("step " + path,
            "one step",
            candidates.empty() ? "no step ends so; the run made:" + paths
                               : "several steps end so, write more of the path:" + paths);
        return nullptr;
    }

    void check_step(const ExpectedStep& expected) {
        const StepNode* node = step_at(expected.path);
        if (node == nullptr) {
            return;
        }
        const std::string where = "step " + expected.path;
        const std::string wanted = string_or(expected.what, "status");
        const std::string status(to_string(node->status));
        if (!wanted.empty() && wanted != status) {
            const std::string why =
                node->error.empty() ? ""
                                    : ": " + model::parse_step_error(node->error.view()).message;
            add(where, wanted, status + why);
        }
        const auto wanted_of = [&expected](std::string_view key) {
            const Json* value = find(expected.what, key);
            return value == nullptr ? Json() : *value;
        };
        check_value(where + " value", wanted_of("value"), node->output);
        check_value(where + " input", wanted_of("input"), node->input);
        check_value(where + " output", wanted_of("output"), node->output);
        check_error(where + " error", wanted_of("error"), node->error);
        const auto attempts = int_or(expected.what, "attempts", node->attempts);
        if (attempts != node->attempts) {
            add(where + " attempts", std::to_string(attempts), std::to_string(node->attempts));
        }
    }

    tideway::Status check_child(const std::string& path, const ExpectedRun& expected) {
        const StepNode* node = step_at(path);
        if (node == nullptr) {
            return {};
        }
        TIDEWAY_TRY_ASSIGN(const auto child, find_child_(seen_, node->path));
        if (!child) {
            add("child " + path, "a run", "the step called no flow");
            return {};
        }
        TIDEWAY_TRY_ASSIGN(auto differences, check_run(expected, *child, find_child_));
        for (CaseDifference& each : differences) {
            each.where = "child " + path + " > " + each.where;
            found_.push_back(std::move(each));
        }
        return {};
    }

    void add(std::string where, std::string expected, std::string actual) {
        found_.push_back({std::move(where), std::move(expected), std::move(actual)});
    }

    const SeenRun& seen_;
    const FindChild& find_child_;
    std::vector<PlacedStep> steps_;
    std::vector<CaseDifference> found_;
};

}  // namespace

bool ends_with_path(std::string_view path, std::string_view end) {
    return path == end || (path.ends_with(end) && path.size() > end.size() &&
                           path[path.size() - end.size() - 1] == '/');
}

Result<std::vector<CaseDifference>> check_run(
    const ExpectedRun& expected, const SeenRun& seen, const FindChild& find_child
) {
    return RunCheck(seen, find_child).check(expected);
}

std::vector<CaseDifference> check_effects(
    const std::vector<ExpectedEffect>& expected, const std::vector<ScriptedService::Effect>& seen
) {
    std::vector<CaseDifference> out;
    for (std::size_t i = 0; i < std::max(expected.size(), seen.size()); ++i) {
        const std::string where = "effect " + std::to_string(i + 1);
        if (i >= seen.size()) {
            out.push_back({where, expected[i].call, "none"});
        } else if (i >= expected.size()) {
            out.push_back({where, "none", seen[i].call + " " + shown_value(seen[i].input)});
        } else if (expected[i].call != seen[i].call) {
            out.push_back({where, expected[i].call, seen[i].call + " " + shown_value(seen[i].input)}
            );
        } else if (!expected[i].input.is_null()) {
            for (Mismatch& each : mismatches(expected[i].input, seen[i].input)) {
                out.push_back(
                    {where + " " + seen[i].call + " " + each.where,
                     std::move(each.expected),
                     std::move(each.actual)}
                );
            }
        }
    }
    return out;
}

}  // namespace tideway::runtime
