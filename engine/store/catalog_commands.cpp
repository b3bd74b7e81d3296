#include "engine/store/catalog_commands.h"

#include "engine/base/json.h"
#include "engine/store/sql_query.h"

namespace tideway::store {
namespace {

Result<Outcome> done(SqlQuery& query) {
    TIDEWAY_TRY(query.run());
    return Outcome();
}

Result<Outcome> returned_id(SqlQuery& query) {
    TIDEWAY_TRY(query.step());
    Outcome out;
    out.id = query.integer();
    return out;
}

}  // namespace

Result<Outcome> CatalogCommands::apply(const PutFlow& command) {
    SqlQuery query(
        driver_,
        "INSERT INTO flow(pack, name, title, state, state_reason, published)"
        " VALUES ($pack, $name, $title, $state, '', $published)"
        " ON CONFLICT(pack, name) DO UPDATE SET title = excluded.title, published ="
        " CASE WHEN excluded.published = 0 THEN flow.published ELSE excluded.published END"
        " RETURNING id"
    );
    query.set("pack", command.pack);
    query.set("name", command.name);
    query.set("title", command.title);
    query.set("state", model::to_string(model::FlowState::kOff));
    query.set("published", command.published);
    return returned_id(query);
}

// A version that is put again is young again, so that Prune does not take it before it is used.
Result<Outcome> CatalogCommands::apply(const PutVersion& command) {
    const model::FlowVersion& version = command.version;
    if (version.hash.empty()) {
        return fail(ErrorKind::kInvalidInput, "VersionHashMissing", "A flow version needs a hash.");
    }
    Outcome out;
    SqlQuery known(
        driver_,
        "UPDATE version SET created = CASE WHEN created > $created THEN created ELSE $created END"
        " WHERE hash = $hash RETURNING id"
    );
    known.set("created", version.created);
    known.set("hash", version.hash);
    TIDEWAY_TRY_ASSIGN(const bool is_known, known.step());
    if (is_known) {
        out.id = known.integer();
        return out;
    }
    const std::string spec_hashes = dump(Json(version.spec_hashes));
    SqlQuery query(
        driver_,
        "INSERT INTO version(hash, pack, pack_version, flow, spec_hashes, created)"
        " VALUES ($hash, $pack, $pack_version, $flow, $spec_hashes, $created) RETURNING id"
    );
    query.set("hash", version.hash);
    query.set("pack", version.pack);
    query.set("pack_version", version.pack_version);
    query.set("flow", version.flow);
    query.set("spec_hashes", spec_hashes);
    query.set("created", version.created);
    TIDEWAY_TRY(query.step());
    out.id = query.integer();
    TIDEWAY_TRY(insert_files(version, out.id));
    return out;
}

Status CatalogCommands::insert_files(const model::FlowVersion& version, VersionId id) {
    for (const auto& [path, text] : version.files) {
        TIDEWAY_TRY_ASSIGN(const std::int64_t payload, payloads_.keep(text, {"version", id}));
        SqlQuery query(
            driver_,
            "INSERT INTO version_file(version_id, path, payload_id)"
            " VALUES ($version, $path, $payload)"
        );
        query.set("version", id);
        query.set("path", path);
        query.set("payload", payload);
        TIDEWAY_TRY(query.run());
    }
    return {};
}

Result<Outcome> CatalogCommands::apply(const SetFlowState& command) {
    SqlQuery query(
        driver_,
        "UPDATE flow SET state = $state, state_reason = $reason WHERE id = $id RETURNING id"
    );
    query.set("state", model::to_string(command.state));
    query.set("reason", command.reason);
    query.set("id", command.flow_id);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    if (!found) {
        return fail(
            ErrorKind::kNotFound,
            "FlowNotFound",
            "Flow " + std::to_string(command.flow_id) + " does not exist."
        );
    }
    if (command.state == model::FlowState::kOn) {
        TIDEWAY_TRY(apply(NoteTriggerFailing{command.flow_id, std::nullopt}));
    }
    Outcome out;
    out.id = command.flow_id;
    return out;
}

Result<Outcome> CatalogCommands::apply(const PutTriggerState& command) {
    const TriggerState& state = command.state;
    SqlQuery query(
        driver_,
        "INSERT INTO trigger_state(flow_id, primary_key, secondary_key, subscription, cursor,"
        " subscribed_url, renew_at)"
        " VALUES ($flow, $primary, $secondary, $subscription, $cursor, $url, $renew_at)"
        " ON CONFLICT(flow_id) DO UPDATE SET primary_key = excluded.primary_key,"
        " secondary_key = excluded.secondary_key, subscription = excluded.subscription,"
        " subscribed_url = excluded.subscribed_url, renew_at = excluded.renew_at"
    );
    query.set("flow", state.flow_id);
    query.set("primary", state.primary_key);
    query.set("secondary", state.secondary_key);
    query.set("subscription", state.subscription);
    query.set("cursor", state.cursor);
    query.set("url", state.subscribed_url);
    query.set("renew_at", state.renew_at);
    return done(query);
}

Result<Outcome> CatalogCommands::apply(const NoteTriggerFailing& command) {
    SqlQuery query(
        driver_,
        "UPDATE trigger_state SET failing_since = CASE WHEN $since IS NULL THEN NULL"
        " ELSE coalesce(failing_since, $since) END WHERE flow_id = $flow"
    );
    query.set("flow", command.flow_id);
    query.set("since", command.since);
    return done(query);
}

Result<Outcome> CatalogCommands::apply(const MoveCursor& command) {
    SqlQuery query(
        driver_,
        "INSERT INTO trigger_state(flow_id, primary_key, secondary_key, subscription, cursor)"
        " SELECT $flow, '', '', '', $to WHERE $from = ''"
        " OR EXISTS (SELECT 1 FROM trigger_state WHERE flow_id = $flow)"
        " ON CONFLICT(flow_id) DO UPDATE SET cursor = excluded.cursor"
        " WHERE trigger_state.cursor = $from"
    );
    query.set("flow", command.flow_id);
    query.set("from", command.from);
    query.set("to", command.to);
    TIDEWAY_TRY(query.run());
    if (driver_.changes() == 0) {
        return fail(
            ErrorKind::kConflict,
            "TriggerMoved",
            "The trigger of flow " + std::to_string(command.flow_id) +
                " is not where this event begins.",
            "Read its cursor again."
        );
    }
    return Outcome();
}

Result<Outcome> CatalogCommands::apply(const PutConnection& command) {
    const model::ConnectionRecord& record = command.connection;
    SqlQuery query(
        driver_,
        "INSERT INTO connection(name, connector, settings, sealed, owner, status, status_reason,"
        " auth_grant, refresh_expires, secret_expires, created, updated) VALUES ($name,"
        " $connector, $settings, $sealed, $owner, $status, $status_reason, $grant,"
        " $refresh_expires, $secret_expires, $created, $updated)"
        " ON CONFLICT(name) DO UPDATE SET connector = excluded.connector,"
        " settings = excluded.settings, sealed = excluded.sealed, owner = excluded.owner,"
        " status = excluded.status, status_reason = excluded.status_reason,"
        " auth_grant = excluded.auth_grant, refresh_expires = excluded.refresh_expires,"
        " secret_expires = excluded.secret_expires, created = excluded.created,"
        " updated = excluded.updated"
    );
    query.set("name", record.name);
    query.set("connector", record.connector);
    query.set("settings", record.settings);
    query.set_bytes("sealed", record.sealed);
    query.set("owner", record.owner);
    query.set("status", record.status);
    query.set("status_reason", record.status_reason);
    query.set("grant", record.grant);
    query.set("refresh_expires", record.refresh_expires);
    query.set("secret_expires", record.secret_expires);
    query.set("created", record.created);
    query.set("updated", record.updated);
    return done(query);
}

Result<Outcome> CatalogCommands::apply(const DeleteConnection& command) {
    SqlQuery query(driver_, "DELETE FROM connection WHERE name = $name");
    query.set("name", command.name);
    TIDEWAY_TRY(query.run());
    if (driver_.changes() == 0) {
        return fail(
            ErrorKind::kNotFound,
            "ConnectionNotFound",
            "There is no connection \"" + command.name + "\".",
            "List the connections of this environment."
        );
    }
    SqlQuery health(driver_, "DELETE FROM connection_health WHERE connection = $name");
    health.set("name", command.name);
    return done(health);
}

Result<Outcome> CatalogCommands::apply(const PutConnectionHealth& command) {
    const model::ConnectionHealthRecord& health = command.health;
    SqlQuery query(
        driver_,
        "INSERT INTO connection_health(connection, unavailable_since, reason, day, requests,"
        " throttled) VALUES ($connection, $since, $reason, $day, $requests, $throttled)"
        " ON CONFLICT(connection) DO UPDATE SET unavailable_since = excluded.unavailable_since,"
        " reason = excluded.reason, day = excluded.day, requests = excluded.requests,"
        " throttled = excluded.throttled"
    );
    const std::string reason = health.outage ? health.outage->reason : std::string();
    query.set("connection", health.connection);
    query.set("since", health.outage ? std::optional(health.outage->since) : std::nullopt);
    query.set("reason", reason);
    query.set("day", Timestamp(health.use.day));
    query.set("requests", health.use.requests);
    query.set("throttled", health.use.throttled);
    return done(query);
}

Result<Outcome> CatalogCommands::apply(const BindReference& command) {
    SqlQuery query(
        driver_,
        "INSERT INTO reference(pack, reference, connection)"
        " VALUES ($pack, $reference, $connection)"
        " ON CONFLICT(pack, reference) DO UPDATE SET connection = excluded.connection"
    );
    query.set("pack", command.pack);
    query.set("reference", command.reference);
    query.set("connection", command.connection);
    return done(query);
}

Result<Outcome> CatalogCommands::apply(const PutVariable& command) {
    const Variable& variable = command.variable;
    SqlQuery query(
        driver_,
        "INSERT INTO variable(pack, name, type, value, description)"
        " VALUES ($pack, $name, $type, $value, $description)"
        " ON CONFLICT(pack, name) DO UPDATE SET type = excluded.type, value = excluded.value,"
        " description = excluded.description"
    );
    query.set("pack", variable.pack);
    query.set("name", variable.name);
    query.set("type", variable.type);
    query.set("value", variable.value);
    query.set("description", variable.description);
    return done(query);
}

Result<Outcome> CatalogCommands::apply(const PutToken& command) {
    const ApiToken& token = command.token;
    SqlQuery query(
        driver_,
        "INSERT INTO api_token(name, role, hash, expires, created, flows, sees_contents)"
        " VALUES ($name, $role, $hash, $expires, $created, $flows, $contents)"
        " ON CONFLICT(name) DO UPDATE SET role = excluded.role, hash = excluded.hash,"
        " expires = excluded.expires, created = excluded.created, flows = excluded.flows,"
        " sees_contents = excluded.sees_contents"
    );
    query.set("name", token.name);
    query.set("role", token.role);
    query.set("hash", token.hash);
    query.set("expires", token.expires);
    query.set("created", token.created);
    query.set("flows", token.flows);
    query.set("contents", token.sees_contents ? 1 : 0);
    return done(query);
}

Result<Outcome> CatalogCommands::apply(const DeleteToken& command) {
    SqlQuery query(driver_, "DELETE FROM api_token WHERE name = $name");
    query.set("name", command.name);
    TIDEWAY_TRY(query.run());
    if (driver_.changes() == 0) {
        return fail(
            ErrorKind::kNotFound,
            "TokenNotFound",
            "There is no API token of \"" + command.name + "\".",
            "List the tokens of this environment."
        );
    }
    return Outcome();
}

Result<Outcome> CatalogCommands::apply(const SetMeta& command) {
    SqlQuery query(
        driver_,
        "INSERT INTO meta(key, value) VALUES ($key, $value)"
        " ON CONFLICT(key) DO UPDATE SET value = excluded.value"
    );
    query.set("key", command.key);
    query.set("value", command.value);
    return done(query);
}

Result<Outcome> CatalogCommands::apply(const SetRetention& command) {
    using Of = SetRetention::Of;
    const char* const subject = command.of == Of::kFlow     ? kFlowRetention
                                : command.of == Of::kLedger ? kLedgerRetention
                                                            : kEnvironmentRetention;
    const FlowId flow = command.of == Of::kFlow ? command.flow_id : 0;
    SqlQuery query(
        driver_,
        command.days
            ? "INSERT INTO retention(subject, flow_id, days) VALUES ($subject, $flow, $days)"
              " ON CONFLICT(subject, flow_id) DO UPDATE SET days = excluded.days"
            : "DELETE FROM retention WHERE subject = $subject AND flow_id = $flow"
    );
    query.set("subject", subject);
    query.set("flow", flow);
    if (command.days) {
        query.set("days", *command.days);
    }
    return done(query);
}

Result<Outcome> CatalogCommands::apply(const AddAudit& command) {
    SqlQuery query(
        driver_,
        "INSERT INTO audit(at, person, act, object, before, after)"
        " VALUES ($at, $person, $act, $object, $before, $after) RETURNING id"
    );
    query.set("at", command.at);
    query.set("person", command.person);
    query.set("act", command.act);
    query.set("object", command.object);
    query.set("before", command.before);
    query.set("after", command.after);
    return returned_id(query);
}

}  // namespace tideway::store
