#include "engine/runtime/notices/notice_facts.h"

#include "engine/base/limits.h"
#include "engine/model/status.h"
#include "engine/runtime/step_tree.h"

namespace tideway::runtime {
namespace {

bool is_notice_flow(const NoticeFacts& facts, model::FlowId id) {
    const FlowFacts* flow = facts.flow(id);
    return flow != nullptr && flow->starts_on_notices;
}

// Also when it was called, however deep, by a run that was.
Result<bool> is_of_notices(
    const NoticeFacts& facts, store::Reader& reader, const model::RunRecord& run
) {
    bool found = is_notice_flow(facts, run.flow_id);
    Uid parent = run.parent_uid;
    for (int depth = 0; !found && !parent.is_none() && depth < limits::kChildDepthMax; ++depth) {
        TIDEWAY_TRY_ASSIGN(const auto caller, reader.run_by_uid(parent));
        if (!caller) {
            break;
        }
        found = is_notice_flow(facts, caller->flow_id);
        parent = caller->parent_uid;
    }
    return found;
}

Result<std::optional<RunFacts>> facts_of_run(
    const NoticeFacts& facts, store::Reader& reader, model::RunId id
) {
    TIDEWAY_TRY_ASSIGN(const auto run, reader.run(id));
    if (!run) {
        return std::optional<RunFacts>();
    }
    RunFacts out;
    out.uid = run->uid;
    out.headline = headline(*run);
    if (!run->error.empty()) {
        out.remedy = model::parse_step_error(run->error.view()).remedy;
    }
    TIDEWAY_TRY_ASSIGN(out.of_notices, is_of_notices(facts, reader, *run));
    return std::optional(std::move(out));
}

Status add_failures(
    NoticeFacts& facts, store::Reader& reader, const OpenCauses& open, Timestamp now
) {
    TIDEWAY_TRY_ASSIGN(
        const auto groups, reader.notices().failure_groups(now - limits::kFailureGroupQuiet)
    );
    for (const store::FailureGroup& group : groups) {
        FailureFacts failure{group, {}};
        if (!open.contains(failure_cause(group))) {
            TIDEWAY_TRY_ASSIGN(failure.run, facts_of_run(facts, reader, group.last_run));
        }
        facts.failures.push_back(std::move(failure));
    }
    return {};
}

Status add_paused(NoticeFacts& facts, store::Reader& reader, const OpenCauses& open) {
    TIDEWAY_TRY_ASSIGN(const auto groups, reader.notices().paused_groups());
    for (const store::PausedGroup& group : groups) {
        PausedFacts paused{group, {}};
        if (!open.contains(paused_cause(group))) {
            TIDEWAY_TRY_ASSIGN(paused.run, facts_of_run(facts, reader, group.first_run));
        }
        facts.paused.push_back(std::move(paused));
    }
    return {};
}

}  // namespace

std::string failure_cause(const store::FailureGroup& group) {
    return "failure_group/" + std::to_string(group.flow) + "/" + group.fingerprint;
}

std::string paused_cause(const store::PausedGroup& group) {
    return "run_paused/" + std::to_string(group.flow) + "/" + group.code;
}

Status add_stored_facts(
    NoticeFacts& facts, store::Reader& reader, const OpenCauses& open, Timestamp now
) {
    TIDEWAY_TRY(add_failures(facts, reader, open, now));
    TIDEWAY_TRY(add_paused(facts, reader, open));
    TIDEWAY_TRY_ASSIGN(const auto expectations, reader.notices().expectations());
    for (const model::EventExpectation& expectation : expectations) {
        SilenceFacts silence{expectation, {}};
        TIDEWAY_TRY_ASSIGN(silence.last_event, reader.notices().last_event(expectation.flow));
        facts.silences.push_back(std::move(silence));
    }
    return {};
}

}  // namespace tideway::runtime
