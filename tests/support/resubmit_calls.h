// Planning and applying resubmissions in a RuntimeWorld.
#pragma once

#include <future>
#include <string>
#include <utility>
#include <vector>

#include "engine/runtime/resubmit/plan.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {

inline runtime::Selection selection_of(std::vector<model::RunRecord> runs) {
    runtime::Selection out;
    out.runs = std::move(runs);
    return out;
}

inline runtime::ResubmitChoices from_failed() {
    return {.start = runtime::StartChoice::kFailedStep};
}

inline runtime::ResubmitChoices from_step(std::string step) {
    return {.start = runtime::StartChoice::kStep, .step = std::move(step)};
}

inline Result<runtime::Admitted> resubmit(
    RuntimeWorld& world, const model::RunRecord& run, const runtime::ResubmitChoices& choices
) {
    std::promise<Result<runtime::Admitted>> promise;
    world.runtime().resubmit(run, choices, "", [&promise](Result<runtime::Admitted> admitted) {
        promise.set_value(std::move(admitted));
    });
    return promise.get_future().get();
}

inline Result<runtime::ResubmitPlan> plan(
    RuntimeWorld& world,
    const runtime::Selection& selection,
    const runtime::ResubmitChoices& choices = {}
) {
    const runtime::PlanServices services{&world.runtime(), &world.catalog(), &world.registry()};
    return runtime::plan_resubmission(services, world.reader(), selection, choices, 1000);
}

// Stores it and lets it go; its id.
inline std::int64_t apply(
    RuntimeWorld& world,
    const runtime::ResubmitPlan& plan,
    const runtime::ResubmitChoices& choices = {},
    const runtime::ResubmitPace& pace = {.at_once = 32, .per_minute = 0, .stop_after = 10}
) {
    Json said = runtime::to_json(choices);
    said.update(runtime::to_json(pace));
    store::PutResubmission put;
    put.record.person = "maria";
    put.record.choices = to_payload(said);
    put.items = plan.items;
    const auto made = runtime::submit_blocking(world.store(), {{put}});
    EXPECT_TRUE(made);
    world.runtime().go_on_with_resubmission(made->front().id);
    return made->front().id;
}

inline store::ResubmissionRecord resubmission(RuntimeWorld& world, std::int64_t id) {
    const auto record = world.reader().resubmissions().resubmission(id);
    return record && *record ? **record : store::ResubmissionRecord();
}

inline std::int64_t count_of(const store::ResubmissionRecord& record, store::ResubmittedState in) {
    const auto it = record.items.find(in);
    return it == record.items.end() ? 0 : it->second;
}

// Waits until it starts no more runs and those that it started have ended.
inline store::ResubmissionRecord ended(RuntimeWorld& world, std::int64_t id) {
    EXPECT_TRUE(RuntimeWorld::becomes([&] {
        const auto record = resubmission(world, id);
        return record.state != store::ResubmissionState::kRunning &&
               count_of(record, store::ResubmittedState::kStarted) == 0;
    }));
    return resubmission(world, id);
}

inline void set_state(RuntimeWorld& world, std::int64_t id, store::ResubmissionState state) {
    const store::SetResubmissionState set{id, state, "", {}};
    EXPECT_TRUE(runtime::submit_blocking(world.store(), {{set}}));
    world.runtime().go_on_with_resubmission(id);
}

inline std::vector<store::ResubmissionItem> items_of(RuntimeWorld& world, std::int64_t id) {
    const auto items = world.reader().resubmissions().items(id, std::nullopt, 0, 1000);
    EXPECT_TRUE(items);
    return items ? *items : std::vector<store::ResubmissionItem>();
}

// Everything that history has of a run, as one text.
inline std::string history_of(RuntimeWorld& world, const Uid& uid) {
    const auto run = world.reader().run_by_uid(uid);
    std::string out;
    if (!run || !*run) {
        return out;
    }
    out += std::string(to_string((*run)->status)) + (*run)->code + (*run)->failed_step +
           (*run)->error.str() + (*run)->output.str() + std::to_string((*run)->lease_epoch) + "\n";
    for (const model::JournalRow& row : world.journal(**run)) {
        out += std::to_string(row.seq) + " " + std::to_string(static_cast<int>(row.kind)) + " " +
               row.path + " " + row.operation + " " + row.code + " " + row.input.str() + " " +
               row.output.str() + " " + format_utc(row.at) + "\n";
    }
    const auto effects = world.reader().effects((*run)->id);
    for (const model::EffectRecord& effect : *effects) {
        out += effect.path + " " + effect.key + " " + std::string(to_string(effect.state)) + "\n";
    }
    const auto event = world.reader().event((*run)->event_id);
    return out + (event && *event ? (*event)->payload.str() : "");
}

}  // namespace tideway::testing
