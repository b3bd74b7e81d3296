// Runtime: making runs again.
#include <utility>

#include "engine/runtime/resubmit/origin.h"
#include "engine/runtime/runtime.h"

namespace tideway::runtime {

using model::RunRecord;

namespace {

Status require_end(const RunRecord& run) {
    if (model::is_final(run.status) || run.status == model::Status::kPaused) {
        return {};
    }
    return fail(
        ErrorKind::kConflict,
        "RunNotEnded",
        "The run " + run.uid.hex() + " is " + std::string(to_string(run.status)) +
            "; only a run that has ended can be resubmitted.",
        "Wait for it, or cancel it first."
    );
}

Result<std::string> start_of(const RunRecord& original, const ResubmitChoices& choices) {
    if (choices.start != StartChoice::kFailedStep) {
        return choices.step;
    }
    if (original.failed_step.empty()) {
        return fail(
            ErrorKind::kConflict,
            "NoFailedStep",
            "No step of the run " + original.uid.hex() + " has failed.",
            "Resubmit it whole, or name a step with --from-step."
        );
    }
    return original.failed_step;
}

Result<model::VersionId> version_of(
    const FlowEntry& flow, const RunRecord& original, const ResubmitChoices& choices
) {
    if (choices.code == CodeChoice::kOriginal) {
        return original.version_id;
    }
    if (const auto planned = choices.versions.find(flow.row.id);
        planned != choices.versions.end()) {
        return planned->second;
    }
    if (choices.code == CodeChoice::kCurrent) {
        return flow.row.published;
    }
    return fail(
        ErrorKind::kNotFound,
        "DraftNotFound",
        "The flow '" + flow.row.pack + "/" + flow.row.name + "' has no draft.",
        "Use --code current, or edit the flow first."
    );
}

}  // namespace

Result<PreparedRun> Runtime::prepare_again(
    store::Reader& reader,
    const RunRecord& original,
    const ResubmitChoices& choices,
    const std::string& person
) const {
    TIDEWAY_TRY(require_end(original));
    TIDEWAY_TRY_ASSIGN(const FlowEntry flow, dependencies_.catalog->flow(original.flow_id));
    TIDEWAY_TRY_ASSIGN(const auto event, reader.event(original.event_id));
    if (!event) {
        return fail(
            ErrorKind::kNotFound,
            "EventGone",
            "The event of the run " + original.uid.hex() + " is not in history any more."
        );
    }
    TIDEWAY_TRY_ASSIGN(std::string start, start_of(original, choices));
    if (!start.empty()) {
        TIDEWAY_TRY(require_step(reader, original, start));
    }
    TIDEWAY_TRY_ASSIGN(
        Payload payload, patched(*event, original, flow.row.pack + "/" + flow.row.name, choices)
    );
    Delivery delivery;
    delivery.flow = flow;
    delivery.source = "resubmit";
    delivery.person = person;
    delivery.effects = original.effects;
    PreparedRun out;
    out.admit = make_admission(delivery, std::move(payload), Uid::random());
    RunRecord& run = *out.admit.run;
    run.root_uid = original.root_uid;
    run.resubmit_of = original.uid;
    run.start_step = std::move(start);
    run.is_secured = run.is_secured || original.is_secured;
    out.admit.event.is_secured = out.admit.event.is_secured || event->is_secured;
    TIDEWAY_TRY_ASSIGN(run.version_id, version_of(flow, original, choices));
    TIDEWAY_TRY_ASSIGN(out.version, dependencies_.catalog->version(run.version_id));
    if (flow.published) {
        out.concurrency = flow.published->concurrency;
    }
    return out;
}

void Runtime::resubmit(
    RunRecord original,
    ResubmitChoices choices,
    std::string person,
    std::function<void(Result<Admitted>)> done
) {
    readers_.run([this,
                  original = std::move(original),
                  choices = std::move(choices),
                  person = std::move(person),
                  done = std::move(done)](store::Reader& reader) {
        auto prepared = prepare_again(reader, original, choices, person);
        if (!prepared) {
            done(fail(std::move(prepared.error())));
            return;
        }
        std::vector<PreparedRun> runs;
        runs.push_back(std::move(*prepared));
        admit_again(std::move(runs), {}, [done](Result<std::vector<Admitted>> admitted) {
            done(
                admitted ? Result<Admitted>(std::move(admitted->front()))
                         : fail(std::move(admitted.error()))
            );
        });
    });
}

std::unique_ptr<Resubmitter> Runtime::make_resubmitter() {
    ResubmitterServices services;
    services.store = dependencies_.store;
    services.readers = &readers_;
    services.executor = &shards_.front()->loop();
    services.clock = dependencies_.clock;
    services.log = dependencies_.log;
    services.prepare = [this](
                           store::Reader& reader,
                           const RunRecord& original,
                           const ResubmitChoices& choices,
                           const std::string& person
                       ) { return prepare_again(reader, original, choices, person); };
    services.admit = [this](
                         std::vector<PreparedRun> runs,
                         std::vector<store::Command> beside,
                         std::function<void(Status)> done
                     ) {
        admit_again(
            std::move(runs),
            std::move(beside),
            [done = std::move(done)](const Result<std::vector<Admitted>>& admitted) {
                done(admitted ? Status() : Status(fail(admitted.error())));
            }
        );
    };
    return std::make_unique<Resubmitter>(std::move(services));
}

}  // namespace tideway::runtime
