#include "engine/store/sql_rows.h"

namespace tideway::store {

const char* const kRunColumns =
    "id, uid, root_uid, parent_uid, parent_path, resubmit_of, start_step, resubmission_id,"
    " person, flow_id, version_id, event_id,"
    " created, lease_epoch, journal_bytes, status, wait_reason, code, failed_step,"
    " fingerprint, outcome, outcome_reason, deaths, wake_at, started, ended, secured, effects, "
    "error,"
    " response, output";

Result<model::RunRecord> read_run(SqlQuery& query, PayloadTable& payloads) {
    model::RunRecord run;
    run.id = query.integer();
    run.uid = query.uid();
    run.root_uid = query.uid();
    run.parent_uid = query.uid();
    run.parent_path = query.text();
    run.resubmit_of = query.uid();
    run.start_step = query.text();
    run.resubmission = query.integer();
    run.person = query.text();
    run.flow_id = query.integer();
    run.version_id = query.integer();
    run.event_id = query.integer();
    run.created = query.timestamp();
    run.lease_epoch = query.integer();
    run.journal_bytes = query.integer();
    run.status = model::parse_status(query.view()).value_or(model::Status::kFailed);
    run.wait_reason = query.text();
    run.code = query.text();
    run.failed_step = query.text();
    run.fingerprint = query.text();
    run.outcome = query.text();
    run.outcome_reason = query.text();
    run.deaths = query.small_integer();
    run.wake_at = query.optional_timestamp();
    run.started = query.optional_timestamp();
    run.ended = query.optional_timestamp();
    run.is_secured = query.boolean();
    run.effects = model::parse_effects(query.view()).value_or(model::Effects::kMuted);
    TIDEWAY_TRY_ASSIGN(run.error, payloads.load(query.payload()));
    TIDEWAY_TRY_ASSIGN(run.response, payloads.load(query.payload()));
    TIDEWAY_TRY_ASSIGN(run.output, payloads.load(query.payload()));
    return run;
}

const char* const kJournalColumns =
    "seq, kind, line, attempt, attempt_class, at, path, operation, spec_hash, status, code,"
    " secured, took, input, output";

Result<model::JournalRow> read_journal_row(SqlQuery& query, PayloadTable& payloads) {
    model::JournalRow row;
    row.seq = query.integer();
    row.kind = static_cast<model::RowKind>(query.integer());
    row.line = query.small_integer();
    row.attempt = query.small_integer();
    row.attempt_class = static_cast<model::AttemptClass>(query.integer());
    row.at = query.timestamp();
    row.path = query.text();
    row.operation = query.text();
    row.spec_hash = query.text();
    row.status = model::parse_status(query.view()).value_or(model::Status::kFailed);
    row.code = query.text();
    row.secured = static_cast<model::Secured>(query.integer());
    row.took = Duration(query.integer());
    TIDEWAY_TRY_ASSIGN(row.input, payloads.load(query.payload()));
    TIDEWAY_TRY_ASSIGN(row.output, payloads.load(query.payload()));
    return row;
}

const char* const kEventColumns =
    "id, uid, flow_id, run_id, source, status, reason, dedupe_key, origin, record, version, state,"
    " person, received, secured, payload";

Result<model::EventRecord> read_event(SqlQuery& query, PayloadTable& payloads) {
    model::EventRecord event;
    event.id = query.integer();
    event.uid = query.uid();
    event.flow_id = query.integer();
    event.run_id = query.integer();
    event.source = query.text();
    event.status = model::parse_event_status(query.view()).value_or(model::EventStatus::kFailed);
    event.reason = query.text();
    event.dedupe_key = query.text();
    event.origin = model::parse_event_origin(query.view());
    event.change.record = query.text();
    event.change.version = query.text();
    event.change.state = query.text();
    event.person = query.text();
    event.received = query.timestamp();
    event.is_secured = query.boolean();
    TIDEWAY_TRY_ASSIGN(event.payload, payloads.load(query.payload()));
    return event;
}

const char* const kEffectColumns =
    "id, run_id, path, seq, idempotency_key, connection, operation, object, record_id, version,"
    " state, created, completed, fields, output";

Result<model::EffectRecord> read_effect(SqlQuery& query, PayloadTable& payloads) {
    model::EffectRecord effect;
    effect.id = query.integer();
    effect.run_id = query.integer();
    effect.path = query.text();
    effect.seq = query.integer();
    effect.key = query.text();
    effect.connection = query.text();
    effect.operation = query.text();
    effect.object = query.text();
    effect.record_id = query.text();
    effect.version = query.text();
    effect.state = model::parse_effect_state(query.view()).value_or(model::EffectState::kParked);
    effect.created = query.timestamp();
    effect.completed = query.optional_timestamp();
    effect.fields = query.payload();
    TIDEWAY_TRY_ASSIGN(effect.output, payloads.load(query.payload()));
    return effect;
}

const char* const kConnectionColumns =
    "name, connector, settings, sealed, owner, status, status_reason, auth_grant, refresh_expires,"
    " secret_expires, created, updated";

model::ConnectionRecord read_connection(SqlQuery& query) {
    model::ConnectionRecord record;
    record.name = query.text();
    record.connector = query.text();
    record.settings = query.payload();
    record.sealed = query.bytes();
    record.owner = query.text();
    record.status = query.text();
    record.status_reason = query.text();
    record.grant = query.text();
    record.refresh_expires = query.optional_timestamp();
    record.secret_expires = query.optional_timestamp();
    record.created = query.timestamp();
    record.updated = query.timestamp();
    return record;
}

}  // namespace tideway::store
