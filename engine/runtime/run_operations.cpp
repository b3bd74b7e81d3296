// RunSession: steps that call an operation. An effect's intent and ledger row are durable before
// its bytes leave; a read is journaled with its result only.
#include <algorithm>
#include <utility>

#include "engine/model/step_path.h"
#include "engine/runtime/effect_key.h"
#include "engine/runtime/flow_catalog.h"
#include "engine/runtime/run_session.h"
#include "engine/runtime/variables/secret_fields.h"

namespace tideway::runtime {

using model::AttemptClass;
using model::EffectClass;
using model::EffectRecord;
using model::EffectState;
using model::JournalRow;
using model::RowKind;
using model::Status;
using script::Answer;

namespace {

model::StepError to_step_error(const Error& error, std::string_view path) {
    model::StepError out;
    out.code = error.code;
    out.message = error.message;
    out.remedy = error.remedy;
    out.details = error.details;
    out.step = path;
    return out;
}

EffectState state_of(const Answer& answer, std::string_view code) {
    if (answer.kind == Answer::Kind::kValue) {
        return code == "Adopted" ? EffectState::kAdopted : EffectState::kDone;
    }
    return code == "EffectSkipped" ? EffectState::kSkipped : EffectState::kFailed;
}

// An earlier run may have done it, and doing it twice would show: it is looked up by its key.
bool may_be_done_already(const model::OperationSpec& operation) {
    return operation.creates || operation.effect == EffectClass::kOnce;
}

// The service cannot be asked for what was done: the ledger keeps the result.
bool is_reused_from_ledger(const model::OperationSpec& operation) {
    return may_be_done_already(operation) && !operation.has_probe;
}

bool needs_output(std::string_view rule) {
    return rule.starts_with("output:");
}

Json parse_or_object(const Payload& payload) {
    auto parsed = parse_json(payload.view(), "input");
    return parsed ? std::move(*parsed) : Json::object();
}

// What the step says of its attempts.
tideway::Status take_options(const Json& options, OperationStart& start) {
    if (const Json* retry = find(options, "retry")) {
        TIDEWAY_TRY_ASSIGN(start.retry, model::parse_retry_policy(*retry));
    }
    if (const Json* timeout = find(options, "timeout")) {
        TIDEWAY_TRY_ASSIGN(start.time_limit, model::parse_time_limit(*timeout));
    }
    return {};
}

}  // namespace

JournalRow operation_row(RowKind kind, const script::StepRequest& request) {
    JournalRow row;
    row.kind = kind;
    row.path = request.path;
    row.line = request.line;
    row.operation = request.connection + "." + request.operation;
    row.status = Status::kRunning;
    row.secured = request.secured;
    row.input = request.input;
    return row;
}

std::optional<Answer> RunSession::answer_operation(const script::StepRequest& request) {
    auto pending = std::make_unique<PendingOperation>();
    pending->request = request;
    if (Journal::Recorded* recorded = journal_->find(request.path)) {
        // A read that has not ended has left nothing but attempts.
        if (recorded->opening != nullptr && !matches(*recorded, request)) {
            return Answer::stop();
        }
        if (recorded->delivery != nullptr) {
            return std::nullopt;
        }
        take_recorded(*pending, *recorded);
    } else if (takes_over(request)) {
        return std::nullopt;
    }
    PendingOperation& kept = *(operations_[request.path] = std::move(pending));
    if (!is_live_) {
        fresh_.push_back(request.path);
    } else {
        start_operation(kept);
    }
    return std::nullopt;
}

Result<OperationStart> RunSession::resolve(const script::StepRequest& request) const {
    OperationStart start;
    TIDEWAY_TRY_ASSIGN(
        const ConnectionBinding binding,
        services_.catalog->binding(version_->version.pack, request.connection)
    );
    start.spec = services_.registry->spec(binding.connector);
    start.implementation = services_.registry->implementation(binding.connector);
    start.operation = start.spec == nullptr ? nullptr : start.spec->operation(request.operation);
    if (start.operation == nullptr || start.implementation == nullptr) {
        return fail(
            ErrorKind::kNotFound,
            "OperationNotFound",
            "The connector '" + binding.connector + "' has no operation '" + request.operation +
                "'."
        );
    }
    start.connection = services_.connections->get(binding.connection);
    const bool needs_connection = !(start.spec->auth.empty() || start.spec->auth.front() == "none");
    if (!start.connection && needs_connection) {
        return fail(
            ErrorKind::kNotFound,
            "ConnectionNotFound",
            "The connection reference '" + request.connection + "' has no connection.",
            "Make one with: tideway connections add " + binding.connector + " --name " +
                binding.connection
        );
    }
    start.input = parse_or_object(request.input);
    start.retry = version_->retry;
    if (!request.options.empty()) {
        TIDEWAY_TRY(take_options(parse_or_object(request.options), start));
    }
    const auto secret_of = [this](const std::string& name) {
        return services_.catalog->secret(version_->version.pack, name);
    };
    TIDEWAY_TRY_ASSIGN(
        const bool has_secrets, put_secrets(*start.operation, secret_of, start.input)
    );
    TIDEWAY_TRY(check_input(
        *start.operation, start.input, has_secrets ? model::Secured::kBoth : request.secured
    ));
    return start;
}

void RunSession::start_operation(PendingOperation& pending) {
    const std::string path = pending.request.path;
    // An intent from before is settled first, however late it is.
    if (const auto error = pending.has_intent ? std::nullopt : late(path)) {
        services_.operations.executor->post(guarded([this, path, error = *error] {
            finish_operation(path, 0, AttemptClass::kNotDone, Answer::raise(error), error.code);
        }));
        return;
    }
    auto start = resolve(pending.request);
    if (!start) {
        services_.operations.executor->post(
            guarded([this, path, error = to_step_error(start.error(), path)] {
                finish_operation(path, 1, AttemptClass::kNotDone, Answer::raise(error), error.code);
            })
        );
        return;
    }
    pending.start = std::move(*start);
    pending.is_effect = pending.start.operation->effect != EffectClass::kRead;
    if (!pending.is_effect) {
        launch(pending, std::nullopt);
        return;
    }
    if (run_.effects == model::Effects::kMuted) {
        mute(pending);
        return;
    }
    EffectIdentity identity;
    identity.environment = services_.environment;
    identity.connector = pending.start.spec->id;
    identity.connection =
        pending.start.connection ? pending.start.connection->record.name : std::string();
    identity.root_uid = run_.root_uid;
    identity.path = path;
    const auto& operation = *pending.start.operation;
    pending.start.idempotency_key =
        idempotency_key(identity, operation, pending.start.input, pending.request.input.view());
    EffectRecord& effect = pending.effect;
    effect.run_id = run_.id;
    effect.path = path;
    effect.connection = identity.connection;
    effect.operation = pending.start.spec->id + "." + operation.id;
    effect.object = runtime::resolve(operation.object, pending.start.input, Json());
    effect.record_id = runtime::resolve(operation.record_id, pending.start.input, Json());
    effect.fields = field_hashes(operation.fields, pending.start.input);
    effect.created = services_.operations.clock->now();
    if (may_be_done_already(operation)) {
        effect.key = pending.start.idempotency_key;
    }
    const bool has_ancestry = run_.root_uid != run_.uid;
    const bool has_business_key = operation.creates && find(pending.start.input, "key") != nullptr;
    if (!pending.has_intent && may_be_done_already(operation) &&
        (has_ancestry || has_business_key)) {
        services_.readers->read(
            *services_.operations.executor,
            [key = effect.key](store::Reader& reader) { return reader.effects_by_key(key); },
            [this,
             alive = std::weak_ptr<bool>(alive_),
             path](Result<std::vector<EffectRecord>> earlier) {
                if (!alive.expired()) {
                    reuse_or_send(
                        path, earlier ? std::move(*earlier) : std::vector<EffectRecord>()
                    );
                }
            }
        );
        return;
    }
    if (pending.has_intent) {
        // The process that died may have sent it, or sent it again, until it died.
        const Timestamp now = services_.operations.clock->now();
        const bool is_certain = pending.is_at_rest || pending.underway;
        launch(pending, is_certain ? std::nullopt : std::optional(now));
        return;
    }
    send_after_intent(path, std::nullopt);
}

// An effect with this key may have taken place in an earlier run of the lineage (then its recorded
// result is the result), or in another run with the same business key (then the service is asked).
void RunSession::reuse_or_send(const std::string& path, std::vector<EffectRecord> earlier) {
    const auto it = operations_.find(path);
    if (it == operations_.end() || is_over_) {
        return;
    }
    const Timestamp now = services_.operations.clock->now();
    std::optional<Timestamp> may_have_left;
    for (const EffectRecord& effect : earlier) {
        if (effect.run_id == run_.id) {
            continue;
        }
        const bool is_done =
            effect.state == EffectState::kDone || effect.state == EffectState::kAdopted;
        if (is_done && !it->second->start.operation->has_probe) {
            it->second->effect.record_id = effect.record_id;
            it->second->effect.version = effect.version;
            it->second->effect.output = effect.output;
            finish_operation(path, 0, AttemptClass::kDone, Answer::of(effect.output), kReused);
            return;
        }
        if (is_done || effect.state == EffectState::kOpen || effect.state == EffectState::kParked) {
            const Timestamp left = is_done ? effect.completed.value_or(now) : now;
            may_have_left = may_have_left ? std::max(*may_have_left, left) : left;
            std::optional<Timestamp>& earliest = it->second->earlier_intent;
            earliest = earliest ? std::min(*earliest, effect.created) : effect.created;
        }
    }
    send_after_intent(path, may_have_left);
}

void RunSession::send_after_intent(
    const std::string& path, std::optional<Timestamp> may_have_left
) {
    if (refuses_unplanned(path)) {
        return;
    }
    PendingOperation& pending = *operations_.find(path)->second;
    if (is_held(pending, may_have_left)) {
        return;
    }
    JournalRow row = operation_row(RowKind::kIntent, pending.request);
    row.spec_hash = pending.start.spec->hash;
    row.attempt = 1;
    const JournalRow& added = append(std::move(row));
    pending.has_intent = true;
    pending.is_intent_new = true;
    pending.intent_at = added.at;
    pending.effect.seq = added.seq;
    unflushed_effects_.push_back(pending.effect);
    gate([this, path, may_have_left] {
        const auto it = operations_.find(path);
        if (it != operations_.end() && !is_over_ && !ending_) {
            launch(*it->second, may_have_left);
        }
    });
}

void RunSession::launch(PendingOperation& pending, std::optional<Timestamp> may_have_left) {
    // The run of the operation owns the input from here on; spec and operation stay known here.
    OperationStart start = std::move(pending.start);
    start.intent_at = pending.is_effect ? pending.intent_at : services_.operations.clock->now();
    if (pending.earlier_intent) {
        // A probe has to look back to the first time that somebody meant to do this.
        start.intent_at = std::min(start.intent_at, *pending.earlier_intent);
    }
    start.attempts_before = pending.attempts_before;
    start.may_have_left = may_have_left;
    start.user = {run_.id, pending.request.path, run_.created};
    start.waiting_since = pending.waiting_since;
    start.underway = pending.underway;
    pending.run = std::make_unique<OperationRun>(services_.operations, std::move(start), *this);
    pending.run->start();
    if (const auto error = late(pending.request.path)) {
        pending.run->end_with(*error);
    }
}

PendingOperation* RunSession::pending_of(const OperationRun& run) {
    for (const auto& [path, pending] : operations_) {
        if (pending->run.get() == &run) {
            return pending.get();
        }
    }
    return nullptr;
}

void RunSession::finish_operation(
    const std::string& path,
    int attempt,
    AttemptClass attempt_class,
    const Answer& answer,
    std::string code
) {
    if (is_preempted_) {
        kept_back_.emplace_back([this, path, attempt, attempt_class, answer, code] {
            finish_operation(path, attempt, attempt_class, answer, code);
        });
        return;
    }
    const auto it = operations_.find(path);
    if (it == operations_.end()) {
        return;
    }
    const std::unique_ptr<PendingOperation> pending = std::move(it->second);
    operations_.erase(it);
    note_progress();
    JournalRow row = operation_row(RowKind::kResult, pending->request);
    if (pending->has_intent) {
        row.operation.clear();  // the intent has it, its input and the hash of the spec
        row.input = {};
    } else if (pending->start.spec != nullptr) {
        row.spec_hash = pending->start.spec->hash;
    }
    const bool is_value = answer.kind == Answer::Kind::kValue;
    row.status = is_value ? Status::kSucceeded : answer.error.status;
    const std::string row_code = code;
    row.code = std::move(code);
    row.attempt = attempt;
    row.attempt_class = attempt_class;
    row.output = is_value ? answer.value : model::to_payload(answer.error);
    row.took = pending->run ? pending->run->attempt_took() : Duration(0);
    append(std::move(row));
    if (pending->is_effect && pending->has_intent) {
        EffectRecord& effect = pending->effect;
        effect.state = state_of(answer, row_code);
        if (effect.state == EffectState::kFailed) {
            services_.brake->withdraw(version_->version.pack, run_.id, path);
        }
        if (is_value && is_reused_from_ledger(*pending->start.operation)) {
            effect.output = answer.value;
        }
        effect.completed = services_.operations.clock->now();
        unflushed_effects_.push_back(effect);
    }
    if (ending_) {
        finish(*std::exchange(ending_, std::nullopt));
        return;
    }
    deliver(path, answer);
}

void RunSession::on_attempt(
    OperationRun& run, int attempt, AttemptClass attempt_class, Payload note
) {
    PendingOperation* pending = pending_of(run);
    if (pending == nullptr) {
        return;
    }
    JournalRow row = operation_row(RowKind::kAttempt, pending->request);
    row.input = {};
    row.attempt = attempt;
    row.attempt_class = attempt_class;
    row.took = run.attempt_took();
    row.output = std::move(note);
    append(std::move(row));
}

void RunSession::on_done(OperationRun& run, int attempt, connector::Done done) {
    PendingOperation* pending = pending_of(run);
    if (pending == nullptr) {
        return;
    }
    if (pending->muted) {
        finish_muted(*pending, &done.output);
        return;
    }
    if (pending->is_effect) {
        note_record(*pending, done);
    }
    finish_operation(
        pending->request.path, attempt, AttemptClass::kDone, Answer::of(done.output), "OK"
    );
}

// Which record the effect was about: what the connector said, else what the spec's rules find.
void RunSession::note_record(PendingOperation& pending, const connector::Done& done) {
    const auto& operation = *pending.start.operation;
    const bool asks_output = needs_output(operation.object) || needs_output(operation.record_id) ||
                             needs_output(operation.version);
    const Json output = asks_output ? parse_or_object(done.output) : Json();
    // The run of the operation owns the input once it was launched.
    const Json& input = pending.run ? pending.run->what().input : pending.start.input;
    const auto pick = [&](std::string& current, const std::string& said, const std::string& rule) {
        const std::string found = said.empty() ? runtime::resolve(rule, input, output) : said;
        if (!found.empty()) {
            current = found;
        }
    };
    EffectRecord& effect = pending.effect;
    pick(effect.object, done.record.object, operation.object);
    pick(effect.record_id, done.record.id, operation.record_id);
    pick(effect.version, done.record.version, operation.version);
}

void RunSession::on_failed(OperationRun& run, int attempt, model::StepError error) {
    PendingOperation* pending = pending_of(run);
    if (pending == nullptr) {
        return;
    }
    if (pending->muted) {
        finish_muted(*pending, nullptr);  // a record that would have been made is not there to read
        return;
    }
    error.step = pending->request.path;
    const std::string code = error.code;
    finish_operation(
        pending->request.path,
        attempt,
        AttemptClass::kNotDone,
        Answer::raise(std::move(error)),
        code
    );
}

void RunSession::on_parked(OperationRun& run, int attempt, model::StepError error) {
    PendingOperation* pending = pending_of(run);
    if (pending == nullptr) {
        return;
    }
    pending->is_parked = true;
    error.step = pending->request.path;
    pending->effect.state = EffectState::kParked;
    unflushed_effects_.push_back(pending->effect);
    JournalRow row = operation_row(RowKind::kAttempt, pending->request);
    row.input = {};
    row.attempt = attempt;
    row.attempt_class = AttemptClass::kInDoubt;
    row.status = Status::kPaused;
    row.code = error.code;
    row.output = model::to_payload(error);
    append(std::move(row));
    run_.error = model::to_payload(for_history(error));
    update_waiting();
    gate([] {});
}

tideway::Status RunSession::decide(const std::string& path, Decision decision, Payload adopted) {
    const auto it = operations_.find(path);
    if (it == operations_.end() || !it->second->is_parked) {
        return fail(
            ErrorKind::kConflict,
            "EffectNotParked",
            "No effect of this run waits for a decision at " + model::describe_path(path) + "."
        );
    }
    PendingOperation& pending = *it->second;
    pending.is_parked = false;
    run_.error = {};
    run_changed_ = true;
    if (decision == Decision::kRepeat) {
        pending.effect.state = EffectState::kOpen;
        unflushed_effects_.push_back(pending.effect);
        gate([this, path] {
            const auto found = operations_.find(path);
            if (found != operations_.end() && found->second->run) {
                found->second->run->repeat();
            }
        });
        update_waiting();
        return {};
    }
    const int attempt = pending.run ? pending.run->attempt() : 0;
    if (decision == Decision::kAdopt) {
        note_record(pending, connector::Done{adopted, {}});
        finish_operation(
            path, attempt, AttemptClass::kDone, Answer::of(std::move(adopted)), "Adopted"
        );
        return {};
    }
    model::StepError error;
    error.code = "EffectSkipped";
    error.message = "A person decided to skip this effect.";
    error.step = path;
    finish_operation(path, attempt, AttemptClass::kNotDone, Answer::raise(error), "EffectSkipped");
    return {};
}

}  // namespace tideway::runtime
