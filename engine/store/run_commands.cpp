#include "engine/store/run_commands.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/base/limits.h"
#include "engine/store/history/tracked_table.h"
#include "engine/store/notices/notice_commands.h"
#include "engine/store/sql_query.h"

namespace tideway::store {

namespace {

tl::unexpected<Error> refuse(std::string code, std::string message, std::string remedy) {
    return fail(ErrorKind::kConflict, std::move(code), std::move(message), std::move(remedy));
}

std::string run_name(RunId id) {
    return "Run " + std::to_string(id);
}

bool deduplicates(const Admit& command) {
    return command.event.status == model::EventStatus::kAccepted &&
           !command.event.dedupe_key.empty() && command.dedupe_expires.has_value();
}

// A large payload needs the id of its row first.
Payload only_small(const Payload& payload) {
    return payload.size() > limits::kInlinePayloadBytesMax ? Payload() : payload;
}

bool has_large(const model::RunRecord& run) {
    return run.error.size() > limits::kInlinePayloadBytesMax ||
           run.response.size() > limits::kInlinePayloadBytesMax ||
           run.output.size() > limits::kInlinePayloadBytesMax;
}

// Set for ended runs and for no others: retention counts from it.
std::optional<Timestamp> end_of(
    model::Status status, std::optional<Timestamp> said, std::optional<Timestamp> otherwise
) {
    if (!model::is_final(status)) {
        return std::nullopt;
    }
    if (said) {
        return said;
    }
    return otherwise ? otherwise : SystemClock().now();
}

void set_run_columns(SqlQuery& query, const model::RunRecord& run, std::optional<Timestamp> ended) {
    query.set("status", model::to_string(run.status));
    query.set("wait_reason", run.wait_reason);
    query.set("code", run.code);
    query.set("failed_step", run.failed_step);
    query.set("fingerprint", run.fingerprint);
    query.set("outcome", run.outcome);
    query.set("outcome_reason", run.outcome_reason);
    query.set("deaths", run.deaths);
    query.set("wake_at", run.wake_at);
    query.set("started", run.started);
    query.set("ended", ended);
    query.set("secured", run.is_secured ? 1 : 0);
}

Status check_sequence(const AppendJournal& command, std::int64_t next_seq) {
    for (const model::JournalRow& row : command.rows) {
        if (row.seq != next_seq) {
            return refuse(
                "JournalGap",
                run_name(command.run_id) + " expects journal row " + std::to_string(next_seq) +
                    " and was given row " + std::to_string(row.seq) + ".",
                "Drop the run from memory and replay it from its journal."
            );
        }
        ++next_seq;
    }
    return {};
}

}  // namespace

// ------------------------------------------------------------------ admit

Result<Outcome> RunCommands::apply(const Admit& command) {
    if (command.run && command.run->uid.is_none()) {
        return fail(ErrorKind::kInvalidInput, "RunUidMissing", "A run needs a uid.");
    }
    if (command.run) {
        TIDEWAY_TRY_ASSIGN(const auto existing, run_that_exists(command.run->uid));
        if (existing) {
            return *existing;
        }
    }
    TIDEWAY_TRY_ASSIGN(auto known, change_that_is_known(command.event));
    if (known) {
        return *known;
    }
    if (deduplicates(command)) {
        TIDEWAY_TRY_ASSIGN(auto first, first_of_key(command));
        if (first) {
            return duplicate(
                std::move(*first), command.event, "An event with this key was accepted before."
            );
        }
    }
    if (command.turn) {
        const FlowId flow = command.event.flow_id;
        TIDEWAY_TRY_ASSIGN(const RunId waiting, turns_.run_to_coalesce(flow, *command.turn));
        if (waiting != 0) {
            return coalesce(command, waiting);
        }
        TIDEWAY_TRY(turns_.require_room(flow, *command.turn));
    }
    Outcome out;
    if (command.run) {
        TIDEWAY_TRY_ASSIGN(out.run_id, insert_run(*command.run));
        out.run_uid = command.run->uid;
    }
    TIDEWAY_TRY_ASSIGN(
        out.id, insert_event(command.event, out.run_id, command.event.status, command.event.reason)
    );
    if (command.run) {
        SqlQuery link(driver_, "UPDATE run SET event_id = $event WHERE id = $run");
        link.set("event", out.id);
        link.set("run", out.run_id);
        TIDEWAY_TRY(link.run());
    }
    if (command.split) {
        TIDEWAY_TRY(insert_fan_out(command, out.id));
    }
    if (deduplicates(command)) {
        TIDEWAY_TRY(remember_key(command, out));
    }
    if (command.run && command.turn) {
        TIDEWAY_TRY(join_line(command, out));
    }
    return out;
}

Status RunCommands::join_line(const Admit& command, Outcome& out) {
    TIDEWAY_TRY_ASSIGN(
        out.turns, turns_.enter(out.run_id, command.event.flow_id, out.id, *command.turn)
    );
    // Whoever admits a run starts it.
    out.waits = std::erase(out.turns, out.run_id) == 0;
    return {};
}

// Nothing has been done for the older event yet: its run does what the new one says.
Result<Outcome> RunCommands::coalesce(const Admit& command, RunId waiting) {
    Outcome out;
    out.run_id = waiting;
    out.waits = true;
    TIDEWAY_TRY_ASSIGN(
        out.id, insert_event(command.event, waiting, command.event.status, command.event.reason)
    );
    EventId older = 0;
    {
        SqlQuery query(driver_, "SELECT event_id, uid FROM run WHERE id = $run");
        query.set("run", waiting);
        TIDEWAY_TRY(query.step());
        older = query.integer();
        out.run_uid = query.uid();
    }
    SqlQuery run(
        driver_,
        "UPDATE run SET event_id = $event, version_id = $version, person = $person,"
        " secured = $secured WHERE id = $run"
    );
    run.set("event", out.id);
    run.set("version", command.run ? command.run->version_id : 0);
    run.set("person", command.event.person);
    run.set("secured", command.run && command.run->is_secured ? 1 : 0);
    run.set("run", waiting);
    TIDEWAY_TRY(run.run());
    const std::string reason =
        "The run " + out.run_uid.hex() + " stands for it, with a later event of the same key.";
    SqlQuery event(driver_, "UPDATE event SET status = $status, reason = $reason WHERE id = $id");
    event.set("status", model::to_string(model::EventStatus::kCoalesced));
    event.set("reason", reason);
    event.set("id", older);
    TIDEWAY_TRY(event.run());
    if (deduplicates(command)) {
        TIDEWAY_TRY(remember_key(command, out));
    }
    TIDEWAY_TRY_ASSIGN(
        out.turns, turns_.replace_event(waiting, command.event.flow_id, out.id, *command.turn)
    );
    return out;
}

Result<std::optional<Outcome>> RunCommands::run_that_exists(const Uid& uid) {
    SqlQuery query(driver_, "SELECT id, event_id FROM run WHERE uid = $uid");
    query.set("uid", uid);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    if (!found) {
        return std::optional<Outcome>();
    }
    Outcome out;
    out.run_id = query.integer();
    out.id = query.integer();
    out.run_uid = uid;
    out.is_duplicate = true;
    return std::optional<Outcome>(std::move(out));
}

Result<EventId> RunCommands::insert_event(
    const model::EventRecord& event,
    RunId run_id,
    model::EventStatus status,
    std::string_view reason
) {
    const Payload inline_payload = only_small(event.payload);
    SqlQuery query(
        driver_,
        "INSERT INTO event(uid, flow_id, run_id, source, status, reason, dedupe_key, origin,"
        " record, version, state, person, received, secured, payload) VALUES ($uid, $flow, $run,"
        " $source, $status, $reason, $key, $origin, $record, $version, $state, $person, $received,"
        " $secured, $payload) RETURNING id"
    );
    query.set("uid", event.uid);
    query.set("flow", event.flow_id);
    query.set("run", run_id);
    query.set("source", event.source);
    query.set("status", model::to_string(status));
    query.set("reason", reason);
    query.set("key", event.dedupe_key);
    query.set("origin", model::to_string(event.origin));
    query.set("record", event.change.record);
    query.set("version", event.change.version);
    query.set("state", event.change.state);
    query.set("person", event.person);
    query.set("received", event.received);
    query.set("secured", event.is_secured ? 1 : 0);
    query.set("payload", inline_payload);
    TIDEWAY_TRY(query.step());
    const EventId id = query.integer();
    if (event.payload.size() <= limits::kInlinePayloadBytesMax) {
        return id;
    }
    TIDEWAY_TRY_ASSIGN(const Payload column, payloads_.column_of(event.payload, {"event", id}));
    SqlQuery large(driver_, "UPDATE event SET payload = $payload WHERE id = $id");
    large.set("payload", column);
    large.set("id", id);
    TIDEWAY_TRY(large.run());
    return id;
}

Result<RunId> RunCommands::insert_run(const model::RunRecord& run) {
    const std::optional<Timestamp> ended = end_of(run.status, run.ended, run.created);
    const Payload error = only_small(run.error);
    const Payload response = only_small(run.response);
    const Payload output = only_small(run.output);
    SqlQuery query(
        driver_,
        "INSERT INTO run(uid, root_uid, parent_uid, parent_path, resubmit_of, start_step,"
        " resubmission_id, person, flow_id, version_id, event_id, created, lease_epoch, "
        "journal_bytes, status, wait_reason, code,"
        " failed_step, fingerprint, outcome, outcome_reason, deaths, wake_at, started, ended,"
        " secured, effects, error, response, output) VALUES ($uid, $root, $parent, $parent_path, "
        "$resubmit_of, $start_step, $resubmission, $person,"
        " $flow, $version, 0, $created, $lease_epoch, 0, $status, $wait_reason, $code,"
        " $failed_step, $fingerprint, $outcome, $outcome_reason, $deaths, $wake_at, $started,"
        " $ended, $secured, $effects, $error, $response, $output) RETURNING id"
    );
    query.set("uid", run.uid);
    query.set("root", run.root_uid.is_none() ? run.uid : run.root_uid);
    query.set("parent", run.parent_uid);
    query.set("parent_path", run.parent_path);
    query.set("resubmit_of", run.resubmit_of);
    query.set("start_step", run.start_step);
    query.set("resubmission", run.resubmission);
    query.set("person", run.person);
    query.set("flow", run.flow_id);
    query.set("version", run.version_id);
    query.set("created", run.created);
    query.set("lease_epoch", run.lease_epoch);
    query.set("effects", model::to_string(run.effects));
    set_run_columns(query, run, ended);
    query.set("error", error);
    query.set("response", response);
    query.set("output", output);
    TIDEWAY_TRY(query.step());
    const RunId id = query.integer();
    if (has_large(run)) {
        TIDEWAY_TRY(update_run(id, run, ended));
    }
    if (ended) {
        TIDEWAY_TRY(note_failure(driver_, id, run, *ended));
    }
    return id;
}

// ------------------------------------------------------------------ append

// Refuses a run that has ended.
Result<RunCommands::Head> RunCommands::read_head(RunId run_id) {
    SqlQuery query(
        driver_,
        "SELECT lease_epoch, status,"
        " (SELECT coalesce(max(seq), 0) + 1 FROM journal WHERE run_id = $id),"
        " EXISTS (SELECT 1 FROM turn WHERE run_id = $id) FROM run"
        " WHERE id = $id"
    );
    query.set("id", run_id);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    if (!found) {
        return fail(ErrorKind::kNotFound, "RunNotFound", run_name(run_id) + " does not exist.");
    }
    Head head;
    head.lease_epoch = query.integer();
    const std::string_view status = query.view();
    if (model::is_final(model::parse_status(status).value_or(model::Status::kFailed))) {
        return refuse(
            "RunEnded",
            run_name(run_id) + " has ended: " + std::string(status) + ".",
            "Resubmit it to run it again."
        );
    }
    head.next_seq = query.integer();
    head.has_turn = query.boolean();
    return head;
}

Result<RunCommands::Head*> RunCommands::head_of(RunId run_id) {
    if (const auto known = heads_.find(run_id); known != heads_.end()) {
        return &known->second;
    }
    TIDEWAY_TRY_ASSIGN(const Head head, read_head(run_id));
    if (heads_.size() >= limits::kRunHeadsMax) {
        heads_.clear();
    }
    return &(heads_[run_id] = head);
}

Result<Outcome> RunCommands::apply(const AppendJournal& command) {
    TIDEWAY_TRY_ASSIGN(Head * head, head_of(command.run_id));
    if (head->lease_epoch != command.lease_epoch) {
        return refuse(
            "LeaseLost",
            run_name(command.run_id) + " was taken over: its lease is " +
                std::to_string(head->lease_epoch) + ", this one is " +
                std::to_string(command.lease_epoch) + ".",
            "Drop the run from memory; its new owner goes on with it."
        );
    }
    TIDEWAY_TRY(check_sequence(command, head->next_seq));
    TIDEWAY_TRY(insert_rows(command));
    head->next_seq += static_cast<std::int64_t>(command.rows.size());
    for (const model::EffectRecord& effect : command.effects) {
        TIDEWAY_TRY(put_effect(command.run_id, effect));
    }
    TIDEWAY_TRY(insert_tracked(driver_, command.run_id, command.tracked));
    Outcome out;
    out.id = command.run_id;
    if (!command.run) {
        return out;
    }
    const auto last = command.rows.empty() ? std::optional<Timestamp>() : command.rows.back().at;
    const auto ended = end_of(command.run->status, command.run->ended, last);
    TIDEWAY_TRY(update_run(command.run_id, *command.run, ended));
    if (ended) {
        TIDEWAY_TRY(note_failure(driver_, command.run_id, *command.run, *ended));
        TIDEWAY_TRY(give_up(command.run_id, *head, out));
    }
    return out;
}

Status RunCommands::give_up(RunId run_id, Head head, Outcome& out) {
    heads_.erase(run_id);
    TIDEWAY_TRY_ASSIGN(out.grants, locks_.end_run(run_id));
    if (head.has_turn) {
        TIDEWAY_TRY_ASSIGN(out.turns, turns_.leave(run_id));
    }
    return {};
}

Status RunCommands::insert_rows(const AppendJournal& command) {
    if (command.rows.empty()) {
        return {};
    }
    const PayloadOwner owner{"run", command.run_id};
    SqlQuery query(
        driver_,
        "INSERT INTO journal(run_id, seq, kind, line, attempt, attempt_class, at, path, operation,"
        " spec_hash, status, code, secured, took, input, output) VALUES ($run, $seq, $kind, $line,"
        " $attempt, $attempt_class, $at, $path, $operation, $spec_hash, $status, $code, $secured,"
        " $took, $input, $output)"
    );
    for (const model::JournalRow& row : command.rows) {
        TIDEWAY_TRY_ASSIGN(const Payload input, payloads_.column_of(row.input, owner));
        TIDEWAY_TRY_ASSIGN(const Payload output, payloads_.column_of(row.output, owner));
        query.set("run", command.run_id);
        query.set("seq", row.seq);
        query.set("kind", static_cast<std::int64_t>(row.kind));
        query.set("line", row.line);
        query.set("attempt", row.attempt);
        query.set("attempt_class", static_cast<std::int64_t>(row.attempt_class));
        query.set("at", row.at);
        query.set("path", row.path);
        query.set("operation", row.operation);
        query.set("spec_hash", row.spec_hash);
        query.set("status", model::to_string(row.status));
        query.set("code", row.code);
        query.set("secured", static_cast<std::int64_t>(row.secured));
        query.set("took", row.took.count());
        query.set("input", input);
        query.set("output", output);
        TIDEWAY_TRY(query.run());
        query.reset();
    }
    return {};
}

// Changes what an effect's end can change. False: there is no row.
Result<bool> RunCommands::complete_effect(
    RunId run_id, const model::EffectRecord& effect, const Payload& output
) {
    SqlQuery query(
        driver_,
        "UPDATE effect SET object = $object, record_id = $record, version = $version,"
        " state = $state, completed = $completed, output = $output"
        " WHERE run_id = $run AND seq = $seq"
    );
    query.set("object", effect.object);
    query.set("record", effect.record_id);
    query.set("version", effect.version);
    query.set("state", model::to_string(effect.state));
    query.set("completed", effect.completed);
    query.set("output", output);
    query.set("run", run_id);
    query.set("seq", effect.seq);
    TIDEWAY_TRY(query.run());
    return driver_.changes() > 0;
}

Status RunCommands::put_effect(RunId run_id, const model::EffectRecord& effect) {
    TIDEWAY_TRY_ASSIGN(const Payload output, payloads_.column_of(effect.output, {"run", run_id}));
    if (effect.state != model::EffectState::kOpen) {
        TIDEWAY_TRY_ASSIGN(const bool is_there, complete_effect(run_id, effect, output));
        if (is_there) {
            return {};
        }
    }
    return insert_effect(run_id, effect, output);
}

Status RunCommands::insert_effect(
    RunId run_id, const model::EffectRecord& effect, const Payload& output
) {
    SqlQuery query(
        driver_,
        "INSERT INTO effect(run_id, path, seq, idempotency_key, connection, operation, object,"
        " record_id, version, state, created, completed, fields, output) VALUES ($run, $path,"
        " $seq, $key, $connection, $operation, $object, $record, $version, $state, $created,"
        " $completed, $fields, $output)"
        // One that was parked is open again when a person lets it be repeated.
        " ON CONFLICT(run_id, seq) DO UPDATE SET state = excluded.state"
    );
    query.set("run", run_id);
    query.set("path", effect.path);
    query.set("seq", effect.seq);
    query.set("key", effect.key);
    query.set("connection", effect.connection);
    query.set("operation", effect.operation);
    query.set("object", effect.object);
    query.set("record", effect.record_id);
    query.set("version", effect.version);
    query.set("state", model::to_string(effect.state));
    query.set("created", effect.created);
    query.set("completed", effect.completed);
    query.set("fields", effect.fields);
    query.set("output", output);
    return query.run();
}

Status RunCommands::update_run(
    RunId run_id, const model::RunRecord& run, std::optional<Timestamp> ended
) {
    const PayloadOwner owner{"run", run_id};
    TIDEWAY_TRY_ASSIGN(const Payload error, payloads_.column_of(run.error, owner));
    TIDEWAY_TRY_ASSIGN(const Payload response, payloads_.column_of(run.response, owner));
    TIDEWAY_TRY_ASSIGN(const Payload output, payloads_.column_of(run.output, owner));
    SqlQuery query(
        driver_,
        "UPDATE run SET status = $status, wait_reason = $wait_reason, code = $code,"
        " failed_step = $failed_step, fingerprint = $fingerprint, outcome = $outcome,"
        " outcome_reason = $outcome_reason, deaths = $deaths, wake_at = $wake_at,"
        " started = $started, ended = $ended, secured = $secured, journal_bytes = $journal_bytes,"
        " error = $error, response = $response, output = $output WHERE id = $id"
    );
    set_run_columns(query, run, ended);
    query.set("journal_bytes", run.journal_bytes);
    query.set("error", error);
    query.set("response", response);
    query.set("output", output);
    query.set("id", run_id);
    return query.run();
}

// ------------------------------------------------------------------ claim, status

Result<Outcome> RunCommands::apply(const ClaimRun& command) {
    TIDEWAY_TRY_ASSIGN(Head * head, head_of(command.run_id));
    SqlQuery query(
        driver_,
        "UPDATE run SET lease_epoch = lease_epoch + 1, deaths = deaths + $deaths WHERE id = $id"
        " RETURNING lease_epoch, uid"
    );
    query.set("deaths", command.after_death ? 1 : 0);
    query.set("id", command.run_id);
    TIDEWAY_TRY(query.step());
    Outcome out;
    out.id = command.run_id;
    out.run_id = command.run_id;
    out.lease_epoch = query.integer();
    out.run_uid = query.uid();
    head->lease_epoch = out.lease_epoch;
    return out;
}

Result<Outcome> RunCommands::apply(const SetRunStatus& command) {
    TIDEWAY_TRY_ASSIGN(const Head* head, head_of(command.run_id));
    const bool ends = model::is_final(command.status);
    const std::string word(model::to_string(command.status));
    const std::string& code = ends ? word : command.code;
    Payload error;
    if (!code.empty() && command.status != model::Status::kSucceeded) {
        model::StepError step_error;
        step_error.code = code;
        step_error.message = command.reason;
        step_error.remedy = command.remedy;
        step_error.status = ends ? command.status : model::Status::kFailed;
        error = model::to_payload(step_error);
    }
    SqlQuery query(
        driver_,
        "UPDATE run SET status = $status, wait_reason = $reason, code = $code, wake_at ="
        " CASE WHEN $ended IS NULL THEN wake_at END, ended = $ended, error = $error,"
        " deaths = CASE WHEN $goes_on = 1 THEN 0 ELSE deaths END WHERE id = $id"
    );
    query.set("status", word);
    query.set("reason", ends ? std::string_view() : std::string_view(command.reason));
    query.set("code", code);
    query.set("goes_on", command.status == model::Status::kRunning ? 1 : 0);
    query.set("ended", end_of(command.status, command.at, std::nullopt));
    query.set("error", error);
    query.set("id", command.run_id);
    TIDEWAY_TRY(query.run());
    Outcome out;
    out.id = command.run_id;
    out.granted = true;
    if (command.status == model::Status::kRunning && head->has_turn) {
        TIDEWAY_TRY_ASSIGN(out.granted, turns_.goes_on(command.run_id));
    }
    if (ends) {
        TIDEWAY_TRY(give_up(command.run_id, *head, out));
    }
    return out;
}

}  // namespace tideway::store
