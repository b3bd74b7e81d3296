#include "engine/store/sql_reader.h"

#include "engine/base/json.h"
#include "engine/store/history/run_search.h"
#include "engine/store/sql_rows.h"
#include "engine/store/turn_commands.h"

namespace tideway::store {
namespace {

std::string select(const char* columns, const char* rest) {
    return std::string("SELECT ") + columns + rest;
}

// Reads runs, rows, events and effects with the payloads that belong to them.
template <typename Row>
auto with_payloads(
    SqlDriver& driver, Result<Row> (*read)(SqlQuery& query, PayloadTable& payloads)
) {
    return [&driver, read](SqlQuery& query) {
        PayloadTable payloads(driver);
        return read(query, payloads);
    };
}

Status read_files(SqlDriver& driver, model::FlowVersion& version) {
    PayloadTable payloads(driver);
    SqlQuery query(
        driver, "SELECT path, payload_id FROM version_file WHERE version_id = $id ORDER BY path"
    );
    query.set("id", version.id);
    TIDEWAY_TRY_ASSIGN(bool found, query.step());
    while (found) {
        std::string path = query.text();
        TIDEWAY_TRY_ASSIGN(std::string text, payloads.bytes_of(query.integer()));
        version.files.emplace(std::move(path), std::move(text));
        TIDEWAY_TRY_ASSIGN(found, query.step());
    }
    return {};
}

Result<model::FlowVersion> read_version(SqlQuery& query) {
    model::FlowVersion version;
    version.id = query.integer();
    version.hash = query.text();
    version.pack = query.text();
    version.pack_version = query.text();
    version.flow = query.text();
    TIDEWAY_TRY_ASSIGN(
        const Json spec_hashes, parse_json(query.view(), "spec hashes of a version")
    );
    for (const auto& [connector, hash] : spec_hashes.items()) {
        version.spec_hashes.emplace(connector, string_or(spec_hashes, connector));
    }
    version.created = query.timestamp();
    version.revision_id = query.integer();
    return version;
}

Result<FlowRow> read_flow(SqlQuery& query) {
    FlowRow flow;
    flow.id = query.integer();
    flow.pack = query.text();
    flow.name = query.text();
    flow.title = query.text();
    flow.state = model::parse_flow_state(query.view());
    flow.state_reason = query.text();
    flow.published = query.integer();
    flow.version_hash = query.text();
    return flow;
}

}  // namespace

// ------------------------------------------------------------------ runs

Result<std::optional<model::RunRecord>> SqlReader::run(RunId id) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(lease.driver(), select(kRunColumns, " FROM run WHERE id = $id"));
    query.set("id", id);
    return read_one<model::RunRecord>(query, with_payloads(lease.driver(), read_run));
}

Result<std::optional<model::RunRecord>> SqlReader::run_by_uid(const Uid& uid) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(lease.driver(), select(kRunColumns, " FROM run WHERE uid = $uid"));
    query.set("uid", uid);
    return read_one<model::RunRecord>(query, with_payloads(lease.driver(), read_run));
}

Result<std::vector<model::RunRecord>> SqlReader::open_runs() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        select(
            kRunColumns,
            " FROM run WHERE status IN ('Waiting', 'Running', 'Paused') AND status <> 'Succeeded'"
            " ORDER BY id"
        )
    );
    return read_all<model::RunRecord>(query, with_payloads(lease.driver(), read_run));
}

Result<std::vector<model::JournalRow>> SqlReader::journal(RunId id, std::int64_t after_seq) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        select(kJournalColumns, " FROM journal WHERE run_id = $run AND seq > $after ORDER BY seq")
    );
    query.set("run", id);
    query.set("after", after_seq);
    return read_all<model::JournalRow>(query, with_payloads(lease.driver(), read_journal_row));
}

Result<std::optional<model::EventRecord>> SqlReader::event(EventId id) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(lease.driver(), select(kEventColumns, " FROM event WHERE id = $id"));
    query.set("id", id);
    return read_one<model::EventRecord>(query, with_payloads(lease.driver(), read_event));
}

// ------------------------------------------------------------------ effects

Result<std::vector<model::EffectRecord>> SqlReader::effects(RunId id) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(), select(kEffectColumns, " FROM effect WHERE run_id = $run ORDER BY id")
    );
    query.set("run", id);
    return read_all<model::EffectRecord>(query, with_payloads(lease.driver(), read_effect));
}

Result<std::vector<model::EffectRecord>> SqlReader::effects_by_key(const std::string& key) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        select(kEffectColumns, " FROM effect WHERE idempotency_key = $key ORDER BY id DESC")
    );
    query.set("key", key);
    return read_all<model::EffectRecord>(query, with_payloads(lease.driver(), read_effect));
}

Result<std::vector<model::EffectRecord>> SqlReader::effects_on(
    const std::string& connection,
    const std::string& object,
    const std::string& record_id,
    int limit
) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        select(
            kEffectColumns,
            " FROM effect WHERE record_id = $record AND record_id <> '' AND object = $object"
            " AND connection = $connection ORDER BY id DESC LIMIT $limit"
        )
    );
    query.set("record", record_id);
    query.set("object", object);
    query.set("connection", connection);
    query.set("limit", page_size(limit));
    return read_all<model::EffectRecord>(query, with_payloads(lease.driver(), read_effect));
}

// ------------------------------------------------------------------ catalog

Result<std::vector<FlowRow>> SqlReader::flows() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT flow.id, flow.pack, flow.name, flow.title, flow.state, flow.state_reason,"
        " flow.published, coalesce(version.hash, '') FROM flow"
        " LEFT JOIN version ON version.id = flow.published ORDER BY flow.pack, flow.name"
    );
    return read_all<FlowRow>(query, read_flow);
}

Result<std::optional<model::FlowVersion>> SqlReader::version(VersionId id) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT id, hash, pack, pack_version, flow, spec_hashes, created, revision_id FROM version"
        " WHERE id = $id"
    );
    query.set("id", id);
    TIDEWAY_TRY_ASSIGN(auto version, read_one<model::FlowVersion>(query, read_version));
    if (version) {
        TIDEWAY_TRY(read_files(lease.driver(), *version));
    }
    return version;
}

Result<std::optional<TriggerState>> SqlReader::trigger_state(FlowId flow) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT primary_key, secondary_key, subscription, cursor, subscribed_url, renew_at,"
        " failing_since FROM trigger_state WHERE flow_id = $flow"
    );
    query.set("flow", flow);
    return read_one<TriggerState>(query, [flow](SqlQuery& row) -> Result<TriggerState> {
        TriggerState state;
        state.flow_id = flow;
        state.primary_key = row.text();
        state.secondary_key = row.text();
        state.subscription = row.payload();
        state.cursor = row.payload();
        state.subscribed_url = row.text();
        state.renew_at = row.optional_timestamp();
        state.failing_since = row.optional_timestamp();
        return state;
    });
}

Result<std::vector<model::ConnectionRecord>> SqlReader::connections() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(lease.driver(), select(kConnectionColumns, " FROM connection ORDER BY name"));
    return read_all<model::ConnectionRecord>(
        query, [](SqlQuery& row) -> Result<model::ConnectionRecord> { return read_connection(row); }
    );
}

Result<std::vector<model::ConnectionHealthRecord>> SqlReader::connection_health() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT connection, unavailable_since, reason, day, requests, throttled"
        " FROM connection_health ORDER BY connection"
    );
    return read_all<model::ConnectionHealthRecord>(
        query,
        [](SqlQuery& row) -> Result<model::ConnectionHealthRecord> {
            model::ConnectionHealthRecord health;
            health.connection = row.text();
            const auto since = row.optional_timestamp();
            std::string reason = row.text();
            if (since) {
                health.outage = model::Outage{*since, std::move(reason)};
            }
            health.use.day = std::chrono::floor<std::chrono::days>(row.timestamp());
            health.use.requests = row.integer();
            health.use.throttled = row.integer();
            return health;
        }
    );
}

Result<std::vector<BindReference>> SqlReader::references() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(), "SELECT pack, reference, connection FROM reference ORDER BY pack, reference"
    );
    return read_all<BindReference>(query, [](SqlQuery& row) -> Result<BindReference> {
        BindReference reference;
        reference.pack = row.text();
        reference.reference = row.text();
        reference.connection = row.text();
        return reference;
    });
}

Result<std::vector<Variable>> SqlReader::variables() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT pack, name, type, value, description FROM variable ORDER BY pack, name"
    );
    return read_all<Variable>(query, [](SqlQuery& row) -> Result<Variable> {
        Variable variable;
        variable.pack = row.text();
        variable.name = row.text();
        variable.type = row.text();
        variable.value = row.payload();
        variable.description = row.text();
        return variable;
    });
}

Result<std::vector<ApiToken>> SqlReader::tokens() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT name, role, hash, expires, created, flows, sees_contents FROM api_token"
        " ORDER BY name"
    );
    return read_all<ApiToken>(query, [](SqlQuery& row) -> Result<ApiToken> {
        ApiToken token;
        token.name = row.text();
        token.role = row.text();
        token.hash = row.text();
        token.expires = row.optional_timestamp();
        token.created = row.timestamp();
        token.flows = row.payload();
        token.sees_contents = row.boolean();
        return token;
    });
}

Result<std::optional<std::string>> SqlReader::meta(const std::string& key) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(lease.driver(), "SELECT value FROM meta WHERE key = $key");
    query.set("key", key);
    return read_one<std::string>(query, [](SqlQuery& row) -> Result<std::string> {
        return row.text();
    });
}

// ------------------------------------------------------------------ waits

Result<std::vector<FanOutRow>> SqlReader::fan_outs() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT fan_out.event_id, fan_out.flow_id, version_id, next, count, source,"
        " person FROM fan_out"
        " JOIN event ON event.id = fan_out.event_id ORDER BY fan_out.event_id"
    );
    return read_all<FanOutRow>(query, [](SqlQuery& row) -> Result<FanOutRow> {
        FanOutRow out;
        out.event_id = row.integer();
        out.flow_id = row.integer();
        out.version_id = row.integer();
        out.next = row.integer();
        out.count = row.integer();
        out.source = row.text();
        out.person = row.text();
        return out;
    });
}

Result<Payload> SqlReader::fan_out_items(EventId event) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    Payload column;
    {
        SqlQuery query(lease.driver(), "SELECT items FROM fan_out WHERE event_id = $event");
        query.set("event", event);
        TIDEWAY_TRY_ASSIGN(const bool found, query.step());
        if (!found) {
            return fail(
                ErrorKind::kNotFound,
                "FanOutNotFound",
                "Event " + std::to_string(event) + " has no items without a run."
            );
        }
        column = query.payload();
    }
    return PayloadTable(lease.driver()).load(column);
}

Result<std::optional<CallbackRow>> SqlReader::callback(RunId run, const std::string& path) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    PayloadTable payloads(lease.driver());
    SqlQuery query(
        lease.driver(),
        "SELECT token, received, payload FROM callback WHERE run_id = $run AND path = $path"
    );
    query.set("run", run);
    query.set("path", path);
    return read_one<CallbackRow>(query, [&](SqlQuery& row) -> Result<CallbackRow> {
        CallbackRow callback;
        callback.token = row.text();
        callback.run_id = run;
        callback.path = path;
        callback.received = row.boolean();
        TIDEWAY_TRY_ASSIGN(callback.payload, payloads.load(row.payload()));
        return callback;
    });
}

Result<std::vector<QuestionRow>> SqlReader::open_questions() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT callback.token, run.uid, run.flow_id, callback.path, callback.expires,"
        " callback.question FROM callback JOIN run ON run.id = callback.run_id"
        " WHERE callback.question <> '' AND callback.received = 0 AND callback.expires > 0"
        " ORDER BY run.id, callback.path"
    );
    return read_all<QuestionRow>(query, [](SqlQuery& row) -> Result<QuestionRow> {
        QuestionRow out;
        out.token = row.text();
        out.run = row.uid();
        out.flow_id = row.integer();
        out.path = row.text();
        out.expires = row.timestamp();
        out.question = row.text();
        return out;
    });
}

Result<std::vector<LockRow>> SqlReader::locks() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(), "SELECT key, run_id, holder, path, granted FROM lock ORDER BY key, id"
    );
    return read_all<LockRow>(query, [](SqlQuery& row) -> Result<LockRow> {
        LockRow lock;
        lock.key = row.text();
        lock.run_id = row.integer();
        lock.holder = row.uid();
        lock.path = row.text();
        lock.granted = row.boolean();
        return lock;
    });
}

Result<std::vector<RunId>> SqlReader::runs_in_line() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(lease.driver(), "SELECT run_id FROM turn WHERE state <> $started");
    query.set("started", static_cast<int>(TurnState::kStarted));
    return read_all<RunId>(query, [](SqlQuery& row) -> Result<RunId> { return row.integer(); });
}

}  // namespace tideway::store
