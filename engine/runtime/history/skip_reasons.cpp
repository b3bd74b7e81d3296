#include "engine/runtime/history/skip_reasons.h"

#include <string>
#include <utility>

namespace tideway::runtime {
namespace {

using model::Status;

std::string quoted(const StepNode& node) {
    return "'" + node.name + "'";
}

void explain(StepNode& node, const char* code, std::string message) {
    node.error = to_payload(Json{{"code", code}, {"message", std::move(message)}});
}

bool branches(const StepNode& node) {
    return node.kind == "condition" || node.kind == "switch";
}

// A try that failed is no reason for what comes after it.
bool stops_what_follows(const StepNode& node) {
    const bool is_handled = node.kind == "try" && node.status != Status::kCancelled;
    return !is_handled && node.status != Status::kSkipped && node.status != Status::kSucceeded;
}

void explain_inside(StepNode& container);

void explain_in_skipped(StepNode& container) {
    for (StepNode& node : container.children) {
        explain(
            node, "ActionDependencyFailed", "It is in " + quoted(container) + ", which was Skipped."
        );
        explain_in_skipped(node);
    }
}

void explain_branches(StepNode& container) {
    for (StepNode& node : container.children) {
        if (node.status != Status::kSkipped) {
            explain_inside(node);
            continue;
        }
        explain(
            node, "ActionBranchingConditionNotSatisfied", quoted(container) + " went another way."
        );
        explain_in_skipped(node);
    }
}

void explain_inside(StepNode& container) {
    if (branches(container)) {
        explain_branches(container);
        return;
    }
    explain_skips(container.children, container.status);
}

}  // namespace

void explain_skips(std::vector<StepNode>& steps, Status ended) {
    const StepNode* before = nullptr;
    for (StepNode& node : steps) {
        if (node.status != Status::kSkipped) {
            explain_inside(node);
            before = &node;
            continue;
        }
        const bool is_behind_failure =
            ended != Status::kSucceeded && before != nullptr && stops_what_follows(*before);
        if (is_behind_failure) {
            explain(
                node,
                "ActionConditionFailed",
                "It comes after " + quoted(*before) + ", which is " +
                    std::string(to_string(before->status)) + "."
            );
        }
        explain_in_skipped(node);
    }
}

}  // namespace tideway::runtime
