#include "engine/runtime/history/timeline.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/runtime/drafts/muted_effect.h"
#include "engine/runtime/history/shown.h"

namespace tideway::runtime {

namespace {

using model::EffectRecord;

std::string record_of(const EffectRecord& effect) {
    const bool has_both = !effect.object.empty() && !effect.record_id.empty();
    return effect.object + (has_both ? " " : "") + effect.record_id;
}

Json view_write(const StepNode& step, const EffectRecord* effect) {
    Json out = {
        {"step", step.name},
        {"path", step.path},
        {"operation", step.operation},
        {"state", effect == nullptr ? kMutedCode : to_string(effect->state)}};
    // The id of a record is a part of what was sent or came back.
    if (effect != nullptr && step.secured == model::Secured::kNothing) {
        if (const std::string record = record_of(*effect); !record.empty()) {
            out["record"] = record;
        }
    }
    put_shown(out, "input", step.input, input_sight(step.secured));
    if (!step.changes.is_null()) {
        out["changes"] = step.changes;
    }
    return out;
}

void collect(
    const std::vector<StepNode>& steps, const std::vector<EffectRecord>& effects, Json& out
) {
    for (const StepNode& step : steps) {
        const auto effect = std::ranges::find(effects, step.path, &EffectRecord::path);
        if (!step.path.empty() && effect != effects.end()) {
            out.push_back(view_write(step, &*effect));
        } else if (step.code == kMutedCode) {
            out.push_back(view_write(step, nullptr));
        }
        collect(step.children, effects, out);
    }
}

}  // namespace

Json writes_of(const std::vector<StepNode>& steps, const std::vector<EffectRecord>& effects) {
    Json out = Json::array();
    collect(steps, effects, out);
    return out;
}

}  // namespace tideway::runtime
