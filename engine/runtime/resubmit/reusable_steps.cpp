#include "engine/runtime/resubmit/reusable_steps.h"

#include <algorithm>
#include <iterator>

#include "engine/base/json.h"
#include "engine/script/step_host.h"

namespace tideway::runtime {

using model::JournalRow;
using model::RowKind;
using model::Status;

namespace {

constexpr std::string_view kCall = "run_child_flow";
constexpr std::string_view kLock = "exclusive";

bool is_or_encloses(std::string_view outer, std::string_view path) {
    return path == outer ||
           (path.starts_with(outer) && (path[outer.size()] == '/' || path[outer.size()] == '['));
}

// "A", "A/B", "A/B[2]", "A/B[2]/C" of "A/B[2]/C": from the outermost scope to the step itself.
std::vector<std::string_view> nested(std::string_view path) {
    std::vector<std::string_view> out;
    for (std::size_t at = 1; at < path.size(); ++at) {
        if (path[at] == '/' || path[at] == '[') {
            out.push_back(path.substr(0, at));
        }
    }
    out.push_back(path);
    return out;
}

bool works_on_several_items(const JournalRow& loop) {
    const auto input = parse_json(loop.input.view(), "a loop");
    return input && int_or(*input, "concurrency", 1) > 1;
}

}  // namespace

std::optional<StepInChild> step_in_child(
    const std::vector<JournalRow>& rows, std::string_view path
) {
    for (const JournalRow& row : rows) {
        const bool is_call = row.kind == RowKind::kWait && row.operation == kCall;
        if (is_call && path.starts_with(row.path + "/")) {
            return StepInChild{row.path, std::string(path.substr(row.path.size() + 1))};
        }
    }
    return std::nullopt;
}

std::string_view start_in_child(std::string_view start, std::string_view call) {
    const bool is_inside =
        start.size() > call.size() && start.starts_with(call) && start[call.size()] == '/';
    return is_inside ? start.substr(call.size() + 1) : std::string_view();
}

ReusableSteps::ReusableSteps(const std::vector<JournalRow>& rows, std::string_view start)
    : start_(start) {
    if (const auto inside = step_in_child(rows, start)) {
        start_ = inside->call;
    }
    for (const JournalRow& row : rows) {
        if (row.path.empty()) {
            continue;
        }
        Known& known = by_path_[row.path];
        if (known.first == 0) {
            known.first = row.seq;
            known.step.opening = &row;
        }
        if (row.kind == RowKind::kScopeBegin) {
            known.scope = &row;
        }
        const bool is_end = row.kind == RowKind::kResult || row.kind == RowKind::kWake ||
                            row.kind == RowKind::kValue;
        if (is_end) {
            known.step.ending = &row;
            // A read that was tried again has attempts before its result, which says what was
            // asked.
            if (known.step.opening->kind == RowKind::kAttempt) {
                known.step.opening = &row;
            }
        }
    }
    if (const Known* known = this->known(start_)) {
        begins_ = known->first;
    }
}

const ReusableSteps::Known* ReusableSteps::known(std::string_view path) const {
    const auto it = by_path_.find(path);
    return it == by_path_.end() ? nullptr : &it->second;
}

const JournalRow* ReusableSteps::scope_at(std::string_view path) const {
    const Known* const found = known(path);
    return found == nullptr ? nullptr : found->scope;
}

std::optional<ReusableSteps::Step> ReusableSteps::find(std::string_view path) const {
    if (begins_ == 0) {
        return std::nullopt;
    }
    const Known* step = known(path);
    if (step == nullptr || step->step.ending == nullptr) {
        return std::nullopt;
    }
    const std::string& operation = step->step.opening->operation;
    if (operation == kLock) {
        return std::nullopt;
    }
    if (script::waits_for_call(operation)) {
        // An address is worth what was called at it.
        const std::string answer = std::string(path) + "/" + std::string(script::kCallbackAnswer);
        if (!find(answer)) {
            return std::nullopt;
        }
    }
    return is_taken_over(path, *step) ? std::optional(step->step) : std::nullopt;
}

bool ReusableSteps::is_taken_over(std::string_view path, const Known& known) const {
    if (is_or_encloses(start_, path)) {
        return false;
    }
    if (runs_beside_start(path)) {
        return known.step.ending->status == Status::kSucceeded;
    }
    return known.first < begins_ && known.step.ending->seq < begins_;
}

// Where the two paths part: different items of a loop that works on several at a time, or different
// branches of a parallel.
bool ReusableSteps::runs_beside_start(std::string_view path) const {
    const auto own = nested(path);
    const auto others = nested(start_);
    const auto [mine, its] = std::ranges::mismatch(own, others);
    if (mine == own.end() || its == others.end()) {
        return false;
    }
    const JournalRow* const scope = scope_at(*mine);
    const JournalRow* const other = scope_at(*its);
    if (scope == nullptr || other == nullptr || scope->operation != other->operation) {
        return false;
    }
    if (scope->operation == "branch") {
        return true;
    }
    const JournalRow* const loop = mine == own.begin() ? nullptr : scope_at(*std::prev(mine));
    return scope->operation == "iteration" && loop != nullptr && works_on_several_items(*loop);
}

}  // namespace tideway::runtime
