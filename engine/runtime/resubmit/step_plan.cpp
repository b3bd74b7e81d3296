#include "engine/runtime/resubmit/step_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "engine/model/step_path.h"
#include "engine/runtime/resubmit/reusable_steps.h"

namespace tideway::runtime {

using model::JournalRow;
using model::OutlineNode;
using model::RowKind;
using model::Status;

namespace {

constexpr std::string_view kCall = "run_child_flow";

// "Loop/Step" of "Loop[3]/Step#2": as the outline knows it.
std::string place_of(std::string_view path) {
    std::string out;
    for (const model::PathSegment& segment : model::parse_path(path)) {
        out += out.empty() ? "" : "/";
        out += model::print_segment({segment.name, 1, 0});
    }
    return out;
}

// A branch of a condition.
struct Decision {
    std::string condition;  // path
    bool is_yes = false;
};

struct Place {
    std::string path;
    std::string operation;
    std::vector<Decision> decisions;  // those that lead to it
    std::size_t loop_end = 0;  // of the outermost loop around it: index behind its last; 0: none
};

// The outline in the order of the text.
class Outline {
  public:
    explicit Outline(const std::vector<OutlineNode>& nodes) { add(nodes, {}, {}); }

    const std::vector<Place>& places() const { return places_; }

    bool contains(std::string_view path) const {
        return std::ranges::find(places_, path, &Place::path) != places_.end();
    }

    // From where on something may follow when the run got no further than `path`: from there, or
    // from the begin of the outermost loop that it is in. Not in the outline: from anywhere.
    std::size_t from(std::string_view path) const {
        const auto it = std::ranges::find(places_, path, &Place::path);
        if (it == places_.end()) {
            return 0;
        }
        auto first = static_cast<std::size_t>(it - places_.begin());
        while (it->loop_end != 0 && first > 0 && places_[first - 1].loop_end == it->loop_end) {
            --first;
        }
        return first;
    }

  private:
    void add(
        const std::vector<OutlineNode>& nodes,
        const std::string& scope,
        const std::vector<Decision>& decisions
    ) {
        for (const OutlineNode& node : nodes) {
            std::string path = scope;
            path += path.empty() ? "" : "/";
            path += model::print_segment({node.name, 1, 0});
            const std::size_t first = places_.size();
            const std::string operation = node.kind == kCall ? std::string(kCall) : node.operation;
            places_.push_back({path, operation, decisions, 0});
            if (node.kind == "condition") {
                // What is in its branches stands in the scope of the condition.
                for (const OutlineNode& branch : node.children) {
                    std::vector<Decision> taken = decisions;
                    taken.push_back({path, branch.name == "yes"});
                    add(branch.children, scope, taken);
                }
            } else {
                add(node.children, path, decisions);
            }
            if (node.kind == "foreach" || node.kind == "repeat_until") {
                // The outermost loop comes last.
                for (std::size_t i = first; i < places_.size(); ++i) {
                    places_[i].loop_end = places_.size();
                }
            }
        }
    }

    std::vector<Place> places_;
};

// One operation or call of a flow, as the journal has it.
struct Made {
    const JournalRow* opening = nullptr;
    const JournalRow* ending = nullptr;  // null: it has not ended
};

bool is_step(const JournalRow& row) {
    const bool is_operation = row.kind == RowKind::kIntent || row.kind == RowKind::kAttempt ||
                              row.kind == RowKind::kResult;
    return is_operation || (row.kind == RowKind::kWait && row.operation == kCall);
}

std::vector<Made> steps_made(const std::vector<JournalRow>& rows) {
    std::vector<Made> out;
    std::map<std::string_view, std::size_t> places;
    for (const JournalRow& row : rows) {
        const auto known = places.find(row.path);
        if (known == places.end()) {
            if (is_step(row)) {
                places[row.path] = out.size();
                out.push_back({&row, row.kind == RowKind::kResult ? &row : nullptr});
            }
            continue;
        }
        if (row.kind == RowKind::kResult || row.kind == RowKind::kWake) {
            out[known->second].ending = &row;
        }
    }
    return out;
}

bool has_succeeded(const Made& made) {
    return made.ending != nullptr && made.ending->status == Status::kSucceeded;
}

// The run's own end, or that it has none, says whether it got to the end of its script.
bool got_to_its_end(const std::vector<JournalRow>& rows) {
    return !rows.empty() && rows.back().kind == RowKind::kEnd &&
           rows.back().status == Status::kSucceeded;
}

// How far it got, as the outline knows it. The ends of the scopes around say nothing of that.
std::string last_place(const std::vector<JournalRow>& rows, const Outline& outline) {
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
        if (row->path.empty() || row->kind == RowKind::kScopeEnd) {
            continue;
        }
        std::string place = place_of(row->path);
        if (outline.contains(place)) {
            return place;
        }
    }
    return {};
}

// From where on the outline holds what nobody has seen yet: what follows a step that is made again
// and did not succeed, and what follows the place where the run ended.
std::size_t unseen_from(
    const std::vector<JournalRow>& rows,
    const std::vector<Made>& made,
    const ReusableSteps& reusable,
    const Outline& outline
) {
    std::size_t out = outline.places().size();
    if (!got_to_its_end(rows)) {
        out = outline.from(last_place(rows, outline));
    }
    for (const Made& step : made) {
        if (!has_succeeded(step) && !reusable.find(step.opening->path)) {
            out = std::min(out, outline.from(place_of(step.opening->path)));
        }
    }
    return out;
}

// The run decided otherwise, and decides the same again. In a loop it decides for each item.
bool is_ruled_out(const Place& place, const std::map<std::string, bool>& decided) {
    return place.loop_end == 0 &&
           std::ranges::any_of(place.decisions, [&decided](const Decision& decision) {
               const auto known = decided.find(decision.condition);
               return known != decided.end() && known->second != decision.is_yes;
           });
}

std::map<std::string, bool> decisions_of(const std::vector<JournalRow>& rows) {
    std::map<std::string, bool> out;
    for (const JournalRow& row : rows) {
        if (row.kind == RowKind::kValue && row.operation == "condition") {
            out[row.path] = row.input.view() == "true";
        }
    }
    return out;
}

// The ledger answers: nobody can be asked whether it has happened, so its record is believed.
bool is_answered_by_ledger(const model::OperationSpec& operation) {
    const bool is_once = operation.creates || operation.effect == model::EffectClass::kOnce;
    return is_once && !operation.has_probe;
}

bool is_asked_for(const model::OperationSpec& operation) {
    const bool is_once = operation.creates || operation.effect == model::EffectClass::kOnce;
    return is_once && operation.has_probe;
}

bool may_have_happened(const Made& made) {
    return made.ending == nullptr || made.ending->status == Status::kSucceeded;
}

bool is_effect(std::string_view operation, const FindOperation& find_operation) {
    if (operation == kCall) {
        return false;
    }
    const model::OperationSpec* const spec = find_operation(operation);
    return spec == nullptr || spec->effect != model::EffectClass::kRead;
}

StepFate fate_of(
    const Made& made, const ReusableSteps& reusable, const FindOperation& find_operation
) {
    const JournalRow& opening = *made.opening;
    if (reusable.find(opening.path)) {
        return StepFate::kReused;
    }
    const model::OperationSpec* const spec =
        opening.operation == kCall ? nullptr : find_operation(opening.operation);
    if (spec == nullptr || !may_have_happened(made)) {
        return StepFate::kRepeated;
    }
    if (is_answered_by_ledger(*spec) && has_succeeded(made)) {
        return StepFate::kReused;
    }
    return is_asked_for(*spec) ? StepFate::kProbed : StepFate::kRepeated;
}

PlannedStep plan_of(
    const Made& made, const ReusableSteps& reusable, const FindOperation& find_operation
) {
    const JournalRow& opening = *made.opening;
    return {
        opening.path,
        opening.operation,
        fate_of(made, reusable, find_operation),
        is_effect(opening.operation, find_operation)};
}

}  // namespace

std::string_view to_string(StepFate fate) {
    switch (fate) {
        case StepFate::kReused:
            return "reused";
        case StepFate::kRepeated:
            return "repeated";
        case StepFate::kProbed:
            return "probed";
        case StepFate::kMayFollow:
            return "may follow";
        case StepFate::kSkipped:
            return "skipped";
    }
    return "skipped";
}

StepPlan::StepPlan(
    const EarlierRun& earlier,
    std::string_view start,
    const std::vector<OutlineNode>& outline,
    const FindOperation& find_operation
) {
    static const std::vector<JournalRow> kNoRows;
    const std::vector<JournalRow>& rows = earlier.rows == nullptr ? kNoRows : *earlier.rows;
    const ReusableSteps reusable(rows, start);
    const std::vector<Made> made = steps_made(rows);
    std::set<std::string, std::less<>> known;
    for (const Made& step : made) {
        PlannedStep planned = plan_of(step, reusable, find_operation);
        known.insert(place_of(planned.path));
        (planned.fate == StepFate::kReused ? reused_ : again_).insert(planned.path);
        steps_.push_back(std::move(planned));
    }
    const Outline places(outline);
    std::map<std::string, bool> decided;
    std::size_t unseen = 0;
    if (earlier.is_changed) {
        unseen = start.empty() ? 0 : places.from(place_of(start));
    } else if (earlier.rows != nullptr) {
        unseen = unseen_from(rows, made, reusable, places);
        decided = decisions_of(rows);
    }
    for (std::size_t at = 0; at < places.places().size(); ++at) {
        const Place& place = places.places()[at];
        // A loop may go on with items that the journal does not have.
        if (place.operation.empty() || (known.contains(place.path) && place.loop_end == 0)) {
            continue;
        }
        const bool may_follow = at >= unseen && !is_ruled_out(place, decided);
        if (!may_follow && known.contains(place.path)) {
            continue;
        }
        known.insert(place.path);
        if (may_follow) {
            may_follow_.insert(place.path);
        }
        steps_.push_back(
            {place.path,
             place.operation,
             may_follow ? StepFate::kMayFollow : StepFate::kSkipped,
             is_effect(place.operation, find_operation)}
        );
    }
}

bool StepPlan::has(std::string_view path) const {
    return again_.contains(path) ||
           (!reused_.contains(path) && may_follow_.contains(place_of(path)));
}

}  // namespace tideway::runtime
