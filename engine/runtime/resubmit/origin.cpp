#include "engine/runtime/resubmit/origin.h"

#include <utility>

#include "engine/base/limits.h"
#include "engine/model/step_path.h"
#include "engine/runtime/resubmit/reusable_steps.h"

namespace tideway::runtime {

bool needs_origin(const model::RunRecord& run) {
    return !run.start_step.empty() || run.resubmission != 0;
}

namespace {

// What a flow was called with may differ when its caller runs with another version or event.
Result<bool> is_changed(
    store::Reader& reader, const model::RunRecord& run, const model::RunRecord& earlier
) {
    if (run.version_id != earlier.version_id) {
        return true;
    }
    if (!run.parent_uid.is_none()) {
        TIDEWAY_TRY_ASSIGN(const auto caller, reader.run_by_uid(run.parent_uid));
        TIDEWAY_TRY_ASSIGN(
            const auto its_earlier, reader.run_by_uid(caller ? caller->resubmit_of : Uid())
        );
        if (caller && its_earlier) {
            return is_changed(reader, *caller, *its_earlier);
        }
    }
    TIDEWAY_TRY_ASSIGN(const auto event, reader.event(run.event_id));
    TIDEWAY_TRY_ASSIGN(const auto earlier_event, reader.event(earlier.event_id));
    return !event || !earlier_event || event->payload != earlier_event->payload;
}

}  // namespace

Result<std::shared_ptr<const Origin>> origin_of(
    store::Reader& reader, const model::RunRecord& run
) {
    TIDEWAY_TRY_ASSIGN(auto earlier, reader.run_by_uid(run.resubmit_of));
    if (!earlier) {
        return std::shared_ptr<const Origin>();
    }
    auto out = std::make_shared<Origin>();
    out->run = std::move(*earlier);
    TIDEWAY_TRY_ASSIGN(out->rows, reader.journal(out->run.id));
    TIDEWAY_TRY_ASSIGN(out->is_changed, is_changed(reader, run, out->run));
    return std::shared_ptr<const Origin>(std::move(out));
}

Result<Uid> earlier_child(store::Reader& reader, Uid caller, std::string_view path) {
    for (int generation = 0; generation < limits::kGenerationsMax; ++generation) {
        if (caller.is_none()) {
            break;
        }
        const Uid child = Uid::derive(caller, path);
        TIDEWAY_TRY_ASSIGN(const auto found, reader.run_by_uid(child));
        if (found) {
            return child;
        }
        TIDEWAY_TRY_ASSIGN(const auto run, reader.run_by_uid(caller));
        caller = run ? run->resubmit_of : Uid();
    }
    return Uid();
}

Status require_step(store::Reader& reader, const model::RunRecord& run, const std::string& step) {
    TIDEWAY_TRY_ASSIGN(const auto rows, reader.journal(run.id));
    if (const auto inside = step_in_child(rows, step)) {
        TIDEWAY_TRY_ASSIGN(const Uid child, earlier_child(reader, run.uid, inside->call));
        TIDEWAY_TRY_ASSIGN(const auto called, reader.run_by_uid(child));
        if (called) {
            return require_step(reader, *called, inside->step);
        }
    } else if (ReusableSteps(rows, step).has_start()) {
        return {};
    }
    return fail(
        ErrorKind::kNotFound,
        "StepNotInHistory",
        "The run " + run.uid.hex() + " never came to " + model::describe_path(step) + ".",
        "Its steps and their paths: tideway runs show " + run.uid.hex() + " --json"
    );
}

}  // namespace tideway::runtime
