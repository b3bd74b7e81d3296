#include "engine/runtime/resubmit/plan.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/limits.h"
#include "engine/runtime/resubmit/lua_patch.h"
#include "engine/runtime/resubmit/origin.h"
#include "engine/runtime/resubmit/pack_operations.h"
#include "engine/runtime/resubmit/reusable_steps.h"
#include "engine/runtime/triggers/trigger_decision.h"

namespace tideway::runtime {

using model::RunRecord;
using store::ResubmissionItem;
using store::ResubmittedState;

namespace {

constexpr std::string_view kCall = "run_child_flow";

// Which record a run is about, as its flow sees it: its events that follow each other.
class Records {
  public:
    explicit Records(const FlowCatalog& catalog)
        : catalog_(catalog) {}

    // Empty: the flow does not say.
    Result<std::string> of(store::Reader& reader, const RunRecord& run) {
        TIDEWAY_TRY_ASSIGN(const auto version, catalog_.version(run.version_id));
        TIDEWAY_TRY_ASSIGN(const auto event, reader.event(run.event_id));
        std::string key;
        if (event && version->declaration.has_one_at_a_time_by) {
            TIDEWAY_TRY_ASSIGN(script::Vm * vm, vm_of(*version));
            const auto keys = read_keys(*vm, version->declaration, event->payload);
            key = keys ? keys->one_at_a_time : std::string();
        }
        if (key.empty()) {
            TIDEWAY_TRY_ASSIGN(const auto tracked, reader.tracked(run.id));
            for (const model::TrackedValue& value : tracked) {
                key += value.name + "=" + value.value + "\n";
            }
        }
        return key.empty() ? key : std::to_string(run.flow_id) + ":" + key;
    }

  private:
    Result<script::Vm*> vm_of(const LoadedVersion& version) {
        std::shared_ptr<script::Vm>& vm = vms_[version.version.id];
        if (!vm || vm->is_lost()) {
            TIDEWAY_TRY_ASSIGN(vm, script::Vm::create(version.program, {}));
        }
        return vm.get();
    }

    const FlowCatalog& catalog_;
    std::map<model::VersionId, std::shared_ptr<script::Vm>> vms_;
};

class Planner {
  public:
    Planner(
        const PlanServices& services,
        store::Reader& reader,
        const ResubmitChoices& choices,
        std::size_t shown
    )
        : services_(services),
          reader_(reader),
          choices_(choices),
          shown_(shown),
          records_(*services.catalog) {}

    Result<ResubmitPlan> plan(const Selection& selection) {
        for (const RunRecord& run : selection.runs) {
            ResubmissionItem item;
            item.position = static_cast<std::int64_t>(plan_.items.size()) + 1;
            item.original = run.uid;
            plan_.items.push_back(std::move(item));
        }
        if (selection.is_search) {
            TIDEWAY_TRY(leave_out_resubmitted(selection.runs));
        }
        if (selection.pick == Pick::kLatestPerRecord) {
            TIDEWAY_TRY(leave_out_earlier(selection.runs));
        }
        for (std::size_t at = 0; at < selection.runs.size(); ++at) {
            ResubmissionItem& item = plan_.items[at];
            if (item.state == ResubmittedState::kPending) {
                TIDEWAY_TRY(add(selection.runs[at], item));
            }
            text_ += item.original.hex() + ":" + std::string(to_string(item.state)) + "\n";
        }
        plan_.hash = to_hex(sha256(text_)).substr(0, 16);
        return std::move(plan_);
    }

  private:
    static void supersede(ResubmissionItem& item, std::string reason) {
        item.state = ResubmittedState::kSuperseded;
        item.reason = std::move(reason);
    }

    // Only the newest run of a lineage says how it stands.
    Status leave_out_resubmitted(const std::vector<RunRecord>& runs) {
        for (std::size_t at = 0; at < runs.size(); ++at) {
            store::RunFilter lineage;
            lineage.root_uid = runs[at].root_uid;
            lineage.limit = 1;
            TIDEWAY_TRY_ASSIGN(const auto page, reader_.runs(lineage));
            const bool has_newer = !page.runs.empty() && page.runs.front().uid != runs[at].uid;
            if (has_newer) {
                supersede(
                    plan_.items[at],
                    "It was resubmitted already, last as " + page.runs.front().uid.hex() + "."
                );
            }
        }
        return {};
    }

    Status leave_out_earlier(const std::vector<RunRecord>& runs) {
        std::map<std::string, std::size_t> latest;
        for (std::size_t at = 0; at < runs.size(); ++at) {
            if (plan_.items[at].state != ResubmittedState::kPending) {
                continue;
            }
            TIDEWAY_TRY_ASSIGN(const std::string record, records_.of(reader_, runs[at]));
            if (record.empty()) {
                continue;
            }
            const auto [known, is_new] = latest.try_emplace(record, at);
            if (!is_new) {
                supersede(
                    plan_.items[std::exchange(known->second, at)],
                    "The run " + runs[at].uid.hex() + " of the same record is newer."
                );
            }
        }
        return {};
    }

    Status add(const RunRecord& original, ResubmissionItem& item) {
        const auto prepared = services_.runtime->prepare_again(reader_, original, choices_, {});
        if (!prepared && prepared.error().code == kPatchFailed) {
            return fail(prepared.error());
        }
        if (!prepared) {
            item.state = ResubmittedState::kRefused;
            item.reason = prepared.error().text();
            return {};
        }
        const RunRecord& run = *prepared->admit.run;
        TIDEWAY_TRY_ASSIGN(const auto event, reader_.event(original.event_id));
        RunPlan out;
        out.original = original;
        out.flow = prepared->version->version.pack + "/" + prepared->version->version.flow;
        out.version = prepared->version->version.hash;
        out.start = run.start_step;
        const Payload& payload = prepared->admit.event.payload;
        const bool is_patched = !event || event->payload != payload;
        const bool is_changed = run.version_id != original.version_id || is_patched;
        TIDEWAY_TRY(add_steps(out, original, *prepared->version, run.start_step, is_changed, {}));
        plan_.versions[original.flow_id] = run.version_id;
        text_ += out.version + " " + out.start + "\n";
        text_ += is_patched ? "event " + to_hex(sha256(payload.view())) + "\n" : std::string();
        count(out);
        if (plan_.runs.size() < shown_) {
            plan_.runs.push_back(std::move(out));
        }
        return {};
    }

    // With those of the flows that the run called, as they will be called again.
    Status add_steps(
        RunPlan& out,
        const RunRecord& earlier,
        const LoadedVersion& version,
        std::string_view start,
        bool is_changed,
        const std::string& prefix
    ) {
        TIDEWAY_TRY_ASSIGN(const auto rows, reader_.journal(earlier.id));
        const std::string& pack = version.version.pack;
        const StepPlan plan(
            {&rows, is_changed},
            start,
            version.analysis.outline,
            operations_of(*services_.catalog, *services_.registry, pack)
        );
        for (const PlannedStep& step : plan.steps()) {
            const bool is_call = step.operation == kCall;
            out.steps.push_back(step);
            out.steps.back().path = prefix + step.path;
            out.connections.push_back(
                is_call ? std::string() : connection_of(*services_.catalog, pack, step.operation)
            );
            if (is_call && step.fate == StepFate::kRepeated) {
                TIDEWAY_TRY(add_called(out, earlier, version, start, is_changed, prefix, step.path)
                );
            }
        }
        return {};
    }

    Status add_called(
        RunPlan& out,
        const RunRecord& caller,
        const LoadedVersion& version,
        std::string_view start,
        bool is_changed,
        const std::string& prefix,
        const std::string& path
    ) {
        TIDEWAY_TRY_ASSIGN(const Uid uid, earlier_child(reader_, caller.uid, path));
        TIDEWAY_TRY_ASSIGN(const auto child, reader_.run_by_uid(uid));
        if (!child) {
            return {};
        }
        TIDEWAY_TRY_ASSIGN(
            const auto earlier_version, services_.catalog->version(child->version_id)
        );
        const auto next = services_.catalog->child(version, earlier_version->version.flow);
        if (!next) {
            return {};  // the call will fail
        }
        return add_steps(
            out,
            *child,
            **next,
            start_in_child(start, path),
            is_changed || (*next)->version.id != child->version_id,
            prefix + path + "/"
        );
    }

    void count(const RunPlan& run) {
        for (std::size_t at = 0; at < run.steps.size(); ++at) {
            const PlannedStep& step = run.steps[at];
            ++plan_.steps[step.fate];
            text_ += step.path + "=" + std::string(to_string(step.fate)) + "\n";
            if (run.connections[at].empty()) {
                continue;
            }
            const bool is_made = step.fate == StepFate::kRepeated || step.fate == StepFate::kProbed;
            PlannedCalls& calls = plan_.calls[run.connections[at]];
            calls.calls += is_made ? 1 : 0;
            calls.may_follow += step.fate == StepFate::kMayFollow ? 1 : 0;
        }
    }

    const PlanServices& services_;
    store::Reader& reader_;
    const ResubmitChoices& choices_;
    std::size_t shown_;
    Records records_;
    ResubmitPlan plan_;
    std::string text_;  // what the plan's hash is of
};

}  // namespace

Result<ResubmitPlan> plan_resubmission(
    const PlanServices& services,
    store::Reader& reader,
    const Selection& selection,
    const ResubmitChoices& choices,
    std::size_t shown
) {
    return Planner(services, reader, choices, shown).plan(selection);
}

}  // namespace tideway::runtime
