// RunSession: effects that do not take place (model::Effects::kMuted). Nothing leaves, and the
// ledger does not hear of it. The step's row holds what would have been sent, and the stand-in that
// the script goes on with; where the service can be asked, an attempt before it tells what would
// change.
#include <utility>

#include "engine/runtime/drafts/muted_effect.h"
#include "engine/runtime/run_session.h"

namespace tideway::runtime {
namespace {

// What the reading operation requires, as the effect names it.
Json reading_input(const model::OperationSpec& reading, const Json& input) {
    Json out = Json::object();
    for (const Json& name : reading.input_schema.value("required", Json::array())) {
        const std::string& key = name.get_ref<const std::string&>();
        if (const Json* given = find(input, key)) {
            out[key] = *given;
        }
    }
    return out;
}

}  // namespace

void RunSession::mute(PendingOperation& pending) {
    const model::OperationSpec& effect = *pending.start.operation;
    // As the script gave it: a secret stays a handle.
    pending.muted = MutedEffect{
        &effect, parse_json(pending.request.input.view(), "a step").value_or(Json::object())};
    const bool may_be_shown = pending.request.secured == model::Secured::kNothing;
    if (effect.before.empty() || !may_be_shown || !pending.start.connection) {
        services_.operations.executor->post(guarded([this, path = pending.request.path] {
            if (const auto it = operations_.find(path); it != operations_.end()) {
                finish_muted(*it->second, nullptr);
            }
        }));
        return;
    }
    pending.is_effect = false;
    pending.start.operation = pending.start.spec->operation(effect.before);
    pending.start.input = reading_input(*pending.start.operation, pending.start.input);
    launch(pending, std::nullopt);
}

// `there`: what would be changed, if it could be read.
void RunSession::finish_muted(const PendingOperation& pending, const Payload* there) {
    const std::string path = pending.request.path;
    const MutedEffect& muted = *pending.muted;
    if (there != nullptr) {
        model::JournalRow row = operation_row(model::RowKind::kAttempt, pending.request);
        row.input = {};
        row.code = kBeforeCode;
        row.output = to_payload(Json{
            {"code", kBeforeCode},
            {"message", "What is there was read; nothing was changed."},
            {"changes",
             muted_changes(
                 *muted.operation,
                 muted.input,
                 parse_json(there->view(), "a record").value_or(Json())
             )}});
        append(std::move(row));
    }
    const Uid stand_in = Uid::derive(run_.uid, path);
    const Payload output = to_payload(muted_output(*muted.operation, muted.input, stand_in));
    finish_operation(path, 0, model::AttemptClass::kNone, script::Answer::of(output), kMutedCode);
}

}  // namespace tideway::runtime
