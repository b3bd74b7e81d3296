#include "engine/runtime/step_tree.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "engine/model/step_path.h"
#include "engine/runtime/drafts/muted_effect.h"
#include "engine/runtime/history/shown.h"
#include "engine/runtime/history/skip_reasons.h"
#include "engine/script/step_host.h"

namespace tideway::runtime {

using model::JournalRow;
using model::OutlineNode;
using model::RowKind;
using model::Status;

namespace {

// "Loop[3]" belongs to "Loop", "Scope/Step" to "Scope".
std::string owner_of(const std::string& path) {
    if (path.ends_with(']')) {
        return path.substr(0, path.rfind('['));
    }
    return std::string(model::parent_path(path));
}

bool is_hidden(std::string_view name) {
    return name.starts_with('@');
}

StepNode* last_taken(std::vector<StepNode>& nodes) {
    const auto last = std::find_if(nodes.rbegin(), nodes.rend(), [](const StepNode& node) {
        return node.status != Status::kSkipped && !is_hidden(node.name);
    });
    return last == nodes.rend() ? nullptr : &*last;
}

// How the last of the nodes left the container that they are in, if that did not go well. A
// condition has no end of its own in the journal: the last one of such a container ended as what
// was taken in it.
Status settle_conditions(std::vector<StepNode>& nodes) {
    StepNode* last = last_taken(nodes);
    const auto handles = [](const StepNode& node) {
        return node.kind == "try" && node.status != Status::kCancelled;
    };
    if (last == nullptr || handles(*last)) {
        return Status::kSucceeded;
    }
    if (last->kind == "terminate") {
        return Status::kCancelled;
    }
    if (last->kind != "condition") {
        return last->status;
    }
    StepNode* branch = last_taken(last->children);
    if (branch != nullptr) {
        branch->status = settle_conditions(branch->children);
        last->status = branch->status;
    }
    return last->status;
}

// As in the outline: what is a word of the language is its own kind.
std::string kind_of(const JournalRow& row) {
    switch (row.kind) {
        case RowKind::kScopeBegin:
        case RowKind::kValue:
        case RowKind::kWait:
            return row.operation;
        case RowKind::kStatic:
            return row.operation.find('.') == std::string::npos ? row.operation : "step";
        default:
            return "step";
    }
}

class TreeBuilder {
  public:
    TreeBuilder(const std::vector<JournalRow>& rows, const model::RunRecord& run)
        : run_(run) {
        for (const JournalRow& row : rows) {
            add(row);
        }
    }

    std::vector<StepNode> scope(const std::string& path, const std::vector<OutlineNode>& outline) {
        std::vector<StepNode> out;
        std::set<std::string> used;
        place(path, outline, out, used);
        // What ran without standing in the outline, and further occurrences of what does.
        for (const std::string& child : children_[path]) {
            if (!used.contains(child)) {
                out.push_back(finished(child, nullptr));
            }
        }
        return out;
    }

  private:
    void add(const JournalRow& row) {
        if (row.path.empty()) {
            return;
        }
        auto [it, is_new] = nodes_.try_emplace(row.path);
        StepNode& node = it->second;
        if (is_new) {
            start(node, row);
        }
        node.secured = node.secured | row.secured;
        switch (row.kind) {
            case RowKind::kValue:
                node.status = Status::kSucceeded;
                node.output = row.output.empty() ? row.input : row.output;
                node.ended = row.at;
                return;
            case RowKind::kScopeEnd:
                node.status = row.status;
                node.code = row.code;
                node.error = row.output;
                node.ended = row.at;
                return;
            case RowKind::kAttempt:
                if (row.code == kBeforeCode) {
                    node.changes = parse_json(row.output.view(), "a muted effect")
                                       .value_or(Json::object())
                                       .value("changes", Json());
                    return;
                }
                node.attempts = std::max(node.attempts, row.attempt);
                node.attempt_notes.push_back(
                    {row.attempt, row.attempt_class, row.at, row.took, row.output}
                );
                if (row.status == Status::kPaused) {
                    node.status = Status::kPaused;
                    node.error = row.output;
                }
                return;
            case RowKind::kStatic:
            case RowKind::kResult:
            case RowKind::kWake:
            case RowKind::kControl:
                end(node, row);
                return;
            case RowKind::kIntent:
            case RowKind::kWait:
            case RowKind::kScopeBegin:
            case RowKind::kEnd:
                return;
        }
    }

    void start(StepNode& node, const JournalRow& row) {
        const auto segments = model::parse_path(row.path);
        node.path = row.path;
        node.name = segments.empty() ? row.path : segments.back().name;
        if (!segments.empty() && segments.back().iteration > 0) {
            node.name = std::to_string(segments.back().iteration);
        } else if (!segments.empty() && segments.back().occurrence > 1) {
            node.name += " (" + std::to_string(segments.back().occurrence) + ")";
        }
        node.kind = kind_of(row);
        node.is_static = row.kind == RowKind::kStatic;
        // Of a control row the operation says why the run ended at this step.
        node.operation = row.kind == RowKind::kControl ? std::string() : row.operation;
        node.line = row.line;
        node.input = row.input;
        // A read is journaled with its result only, which says how long it took.
        if (row.kind != RowKind::kResult || row.took > Duration(0)) {
            node.started = row.at - row.took;
        }
        node.status = row.kind == RowKind::kWait ? Status::kWaiting : Status::kRunning;
        children_[owner_of(row.path)].push_back(row.path);
    }

    void end(StepNode& node, const JournalRow& row) {
        // With its lock granted, or its address made, a scope goes on.
        const bool is_scope = node.kind == "exclusive" || script::waits_for_call(node.kind);
        if (is_scope && !node.is_static && row.status == Status::kSucceeded) {
            node.status = Status::kRunning;
            return;
        }
        if (node.input.empty()) {
            node.input = row.input;  // an attempt came first, which does not repeat it
        }
        node.ended = row.at;
        node.attempts = std::max(node.attempts, row.attempt);
        node.status = row.status;
        node.code = row.code;
        if (row.status == Status::kSucceeded) {
            node.output = row.output;
            node.error = {};  // of a doubt that a person has ended
        } else {
            node.error = row.output;
        }
    }

    StepNode finished(const std::string& path, const OutlineNode* outline) {
        StepNode node = nodes_[path];
        static const std::vector<OutlineNode> kNone;
        const auto& inside = outline == nullptr ? kNone : outline->children;
        const bool is_loop = node.kind == "foreach" || node.kind == "repeat_until";
        if (is_loop) {
            node.children = iterations(path, outline);
        } else {
            node.children = scope(path, inside);
        }
        if (script::waits_for_call(node.kind)) {
            take_callback(node);
        }
        if (model::is_final(run_.status) && !model::is_final(node.status)) {
            node.status = Status::kCancelled;
        }
        if (!is_loop && node.status != Status::kSucceeded) {
            settle_conditions(node.children);
        }
        return node;
    }

    // What came back is the output of the scope; the wait for it is not shown by itself.
    void take_callback(StepNode& node) const {
        const auto answer = nodes_.find(node.path + "/" + std::string(script::kCallbackAnswer));
        if (answer == nodes_.end()) {
            return;
        }
        node.output = answer->second.output;
        if (!model::is_final(node.status)) {
            node.status = answer->second.status;
        }
    }

    // A loop without any has not taken what is in it.
    std::vector<StepNode> iterations(const std::string& path, const OutlineNode* outline) {
        std::vector<StepNode> out;
        bool has_any = false;
        for (const std::string& child : children_[path]) {
            const bool is_iteration = child.ends_with(']');
            has_any = has_any || is_iteration;
            out.push_back(finished(child, is_iteration ? outline : nullptr));
        }
        if (!has_any && outline != nullptr) {
            for (const OutlineNode& planned : outline->children) {
                out.push_back(skipped(planned));
            }
        }
        return out;
    }

    void place(
        const std::string& scope_path,
        const std::vector<OutlineNode>& outline,
        std::vector<StepNode>& out,
        std::set<std::string>& used
    ) {
        for (const OutlineNode& planned : outline) {
            std::string path = scope_path;
            path += path.empty() ? "" : "/";
            path += model::print_segment({planned.name, 1, 0});
            if (!nodes_.contains(path) || used.contains(path)) {
                out.push_back(skipped(planned));
                continue;
            }
            used.insert(path);
            if (planned.kind == "condition") {
                StepNode node = nodes_[path];
                const std::string_view taken = node.output.view() == "true" ? "yes" : "no";
                for (const OutlineNode& branch : planned.children) {
                    node.children.push_back(
                        branch.name == taken ? branch_of(scope_path, branch, used) : skipped(branch)
                    );
                }
                out.push_back(std::move(node));
                continue;
            }
            out.push_back(finished(path, &planned));
        }
    }

    // Of a condition: what is in it stands in the scope of the condition itself.
    StepNode branch_of(
        const std::string& scope_path, const OutlineNode& planned, std::set<std::string>& used
    ) {
        StepNode branch = skipped(planned);
        branch.children.clear();
        place(scope_path, planned.children, branch.children, used);
        const StepNode* last = last_taken(branch.children);
        branch.status = last == nullptr ? Status::kSkipped : Status::kSucceeded;
        return branch;
    }

    StepNode skipped(const OutlineNode& planned) const {
        StepNode node;
        node.name = planned.name;
        node.kind = planned.kind;
        node.operation = planned.operation;
        node.line = planned.line;
        node.code = "ActionSkipped";
        for (const OutlineNode& child : planned.children) {
            node.children.push_back(skipped(child));
        }
        return node;
    }

    const model::RunRecord& run_;
    std::map<std::string, StepNode> nodes_;
    std::map<std::string, std::vector<std::string>> children_;
};

}  // namespace

std::vector<StepNode> build_step_tree(
    const std::vector<JournalRow>& rows,
    const std::vector<OutlineNode>& outline,
    const model::RunRecord& run
) {
    auto steps = TreeBuilder(rows, run).scope({}, outline);
    const bool is_terminated = std::ranges::any_of(rows, [](const JournalRow& row) {
        return row.kind == RowKind::kValue && row.operation == "terminate";
    });
    if (is_terminated || run.status != Status::kSucceeded) {
        settle_conditions(steps);
    }
    if (model::is_final(run.status)) {
        explain_skips(steps, run.status);
    }
    return steps;
}

namespace {

std::string_view word_of(model::AttemptClass attempt_class) {
    switch (attempt_class) {
        case model::AttemptClass::kNone:
            return "none";
        case model::AttemptClass::kDone:
            return "done";
        case model::AttemptClass::kNotDone:
            return "not done";
        case model::AttemptClass::kInDoubt:
            return "in doubt";
    }
    return "none";
}

Json attempt_view(const AttemptNote& attempt, Sight sight) {
    Json out = shown_error(attempt.note, sight);
    out["attempt"] = attempt.number;
    out["class"] = word_of(attempt.attempt_class);
    out["started"] = format_utc(attempt.ended - attempt.took);
    out["duration_ms"] = attempt.took.count() / 1000;
    return out;
}

}  // namespace

Json to_json(const StepNode& node, Contents contents) {
    Json out = {
        {"name", node.name},
        {"kind", node.kind},
        {"status", to_string(node.status)},
        {"line", node.line},
    };
    if (!node.path.empty()) {
        out["path"] = node.path;
    }
    if (!node.operation.empty() && node.operation != node.kind) {
        out["operation"] = node.operation;
    }
    if (!node.code.empty()) {
        out["code"] = node.code;
    }
    if (node.is_static) {
        out["static"] = true;
    }
    if (node.attempts > 0) {
        out["attempts"] = node.attempts;
    }
    if (node.started) {
        out["started"] = format_utc(*node.started);
    }
    if (node.started && node.ended) {
        out["ended"] = format_utc(*node.ended);
        out["duration_ms"] = (*node.ended - *node.started).count() / 1000;
    }
    if (!node.error.empty()) {
        out["error"] = shown_error(node.error, error_sight(node.secured));
    }
    if (node.kind == "condition") {
        put_shown(out, "value", node.output, output_sight(node.secured));
    }
    if (!node.changes.is_null()) {
        out["changes"] = node.changes;
    }
    if (contents == Contents::kWith) {
        put_shown(out, "input", node.input, input_sight(node.secured));
        put_shown(out, "output", node.output, output_sight(node.secured));
        for (const AttemptNote& attempt : node.attempt_notes) {
            out["attempt_notes"].push_back(attempt_view(attempt, error_sight(node.secured)));
        }
    }
    for (const StepNode& child : node.children) {
        if (!is_hidden(child.name)) {
            out["children"].push_back(to_json(child, contents));
        }
    }
    return out;
}

std::string headline(const model::RunRecord& run) {
    if (run.error.empty()) {
        std::string out(to_string(run.status));
        if (!run.outcome.empty()) {
            out += ": " + run.outcome;
            out += run.outcome_reason.empty() ? "" : " (" + run.outcome_reason + ")";
        }
        if (!run.wait_reason.empty()) {
            out += ": " + run.wait_reason;
        }
        return out;
    }
    const model::StepError error = model::parse_step_error(run.error.view());
    std::string out =
        error.step.empty() ? std::string("The run") : model::describe_path(error.step);
    out += run.status == Status::kTimedOut    ? " timed out: "
           : run.status == Status::kCancelled ? " was cancelled: "
           : run.status == Status::kPaused    ? " waits for a person: "
                                              : " failed: ";
    return out + error.message;
}

}  // namespace tideway::runtime
