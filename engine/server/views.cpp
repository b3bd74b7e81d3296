#include "engine/server/views.h"

#include "engine/runtime/drafts/finding_json.h"
#include "engine/runtime/history/shown.h"
#include "engine/runtime/paused_runs.h"
#include "engine/runtime/step_tree.h"

namespace tideway::server {
namespace {

void put_time(Json& out, const char* key, const std::optional<Timestamp>& at) {
    if (at) {
        out[key] = format_utc(*at);
    }
}

void put_text(Json& out, const char* key, const std::string& text) {
    if (!text.empty()) {
        out[key] = text;
    }
}

void put_uid(Json& out, const char* key, const Uid& uid) {
    if (!uid.is_none()) {
        out[key] = uid.hex();
    }
}

runtime::Sight sight_of(bool is_secured) {
    return is_secured ? runtime::Sight::kSecured : runtime::Sight::kShown;
}

void put_text(Json& out, const char* key, const std::string& text, runtime::Sight sight) {
    if (!text.empty()) {
        runtime::put_shown(out, key, Payload(quote_json(text)), sight);
    }
}

}  // namespace

Json tree(const Payload& payload) {
    if (payload.empty()) {
        return {};
    }
    auto parsed = parse_json(payload.view(), "payload");
    return parsed ? std::move(*parsed) : Json(payload.str());
}

Json view(const model::RunRecord& run, const runtime::FlowCatalog& catalog) {
    Json out = {
        {"id", run.uid.hex()},
        {"status", to_string(run.status)},
        {"headline", runtime::headline(run)},
        {"created", format_utc(run.created)},
    };
    if (const auto flow = catalog.flow(run.flow_id)) {
        out["flow"] = flow->row.pack + "/" + flow->row.name;
        out["flow_title"] = flow->row.title;
        out["is_current_version"] = flow->row.published == run.version_id;
    }
    if (const auto version = catalog.version(run.version_id)) {
        out["version"] = (*version)->version.hash.substr(0, 12);
    }
    put_time(out, "started", run.started);
    put_time(out, "ended", run.ended);
    put_time(out, "wake_at", run.wake_at);
    if (run.started && run.ended) {
        out["duration_ms"] = (*run.ended - *run.started).count() / 1000;
    }
    put_text(out, "wait_reason", run.wait_reason);
    if (runtime::waits_for_person(run)) {
        out["can_be_resumed"] = true;
    }
    put_text(out, "code", run.code);
    put_text(out, "failed_step", run.failed_step);
    put_text(out, "fingerprint", run.fingerprint);
    put_text(out, "outcome", run.outcome);
    put_text(out, "outcome_reason", run.outcome_reason);
    put_uid(out, "root", run.root_uid);
    put_uid(out, "parent", run.parent_uid);
    put_text(out, "parent_step", run.parent_path);
    put_uid(out, "resubmit_of", run.resubmit_of);
    put_text(out, "start_step", run.start_step);
    if (run.resubmission != 0) {
        out["resubmission"] = run.resubmission;
    }
    put_text(out, "started_by", run.person);
    if (run.effects != model::Effects::kLive) {
        out["muted"] = true;
    }
    const runtime::Sight sight = sight_of(run.is_secured);
    if (!run.error.empty()) {
        out["error"] = runtime::shown_error(run.error, sight);
    }
    runtime::put_shown(out, "output", run.output, sight);
    runtime::put_shown(out, "response", run.response, sight);
    return out;
}

Json view(const model::OutlineNode& node) {
    Json out = {{"kind", node.kind}, {"name", node.name}, {"file", node.file}, {"line", node.line}};
    put_text(out, "operation", node.operation);
    for (const model::OutlineNode& child : node.children) {
        out["children"].push_back(view(child));
    }
    return out;
}

Json view(const runtime::FlowEntry& flow) {
    Json out = {
        {"pack", flow.row.pack},
        {"name", flow.row.name},
        {"title", flow.row.title},
        {"state", to_string(flow.row.state)},
        {"problems", runtime::to_json(flow.problems)},
        {"has_draft", flow.has_draft},
    };
    put_text(out, "state_reason", flow.row.state_reason);
    if (flow.published) {
        const model::FlowDeclaration& declared = flow.published->declaration;
        out["version"] = flow.published->version.hash.substr(0, 12);
        out["pack_version"] = flow.published->version.pack_version;
        out["trigger"] = declared.trigger;
        out["trigger_config"] = tree(declared.trigger_config);
        out["connections"] = declared.connections;
        out["variables"] = declared.variables;
        out["children"] = declared.children;
    }
    return out;
}

Json view(const runtime::TriggerStatus& status) {
    Json out = {{"failures", status.failures}};
    put_time(out, "next", status.next);
    put_time(out, "last", status.last);
    if (status.error) {
        out["error"] = {
            {"code", status.error->code},
            {"message", status.error->message},
            {"remedy", status.error->remedy}};
    }
    if (status.registered) {
        out["registered"] = {
            {"url", status.registered->url},
            {"is_ours", status.registered->is_ours},
            {"others", status.registered->others}};
    }
    return out;
}

Json view(const model::EventRecord& event) {
    Json out = {
        {"id", event.uid.hex()},
        {"source", event.source},
        {"status", to_string(event.status)},
        {"received", format_utc(event.received)},
    };
    put_text(out, "reason", event.reason);
    if (event.origin != model::EventOrigin::kBrought) {
        out["origin"] = to_string(event.origin);
    }
    put_text(out, "sent_by", event.person);
    const runtime::Sight sight = sight_of(event.is_secured);
    put_text(out, "dedupe_key", event.dedupe_key, sight);  // made of what the event says
    out["payload"] = nullptr;
    runtime::put_shown(out, "payload", event.payload, sight);
    return out;
}

Json view(const model::EffectRecord& effect, model::Secured secured) {
    Json out = {
        {"step", effect.path},
        {"operation", effect.operation},
        {"state", to_string(effect.state)},
        {"created", format_utc(effect.created)},
    };
    put_text(out, "key", effect.key);
    put_text(out, "connection", effect.connection);
    const auto sight = sight_of(secured != model::Secured::kNothing);
    put_text(out, "object", effect.object, sight);
    put_text(out, "record_id", effect.record_id, sight);
    put_text(out, "version", effect.version, sight);
    put_time(out, "completed", effect.completed);
    return out;
}

Json view(const model::ConnectionRecord& connection) {
    Json out = {
        {"name", connection.name},
        {"connector", connection.connector},
        {"settings", tree(connection.settings)},
        {"owner", connection.owner},
        {"status", connection.status},
        {"grant", connection.grant},
        {"created", format_utc(connection.created)},
        {"updated", format_utc(connection.updated)},
    };
    put_text(out, "status_reason", connection.status_reason);
    put_time(out, "refresh_token_expires", connection.refresh_expires);
    put_time(out, "client_secret_expires", connection.secret_expires);
    return out;
}

Json view(const model::ConnectionRecord& connection, const runtime::ConnectionStatus& status) {
    Json out = view(connection);
    if (status.outage) {
        out["status"] = "Unavailable";
        out["status_reason"] = status.outage->reason;
        out["unavailable_since"] = format_utc(status.outage->since);
    }
    put_time(out, "next_probe", status.next_probe);
    out["waiting_runs"] = status.waiting_runs;
    out["requests_today"] = status.use.requests;
    out["throttled_today"] = status.use.throttled;
    if (status.quota) {
        Json quota = {{"what", status.quota->what}, {"remaining", status.quota->remaining}};
        put_time(quota, "used_up_at", status.used_up_at);
        out["quota"] = std::move(quota);
    }
    if (status.limit) {
        Json limit = {
            {"calls_a_day", status.limit->calls_a_day}, {"remaining", status.limit->remaining}};
        put_time(limit, "used_up_at", status.limit->used_up_at);
        out["limit"] = std::move(limit);
    }
    return out;
}

Json view(const runtime::Admitted& admitted) {
    Json out = {
        {"event", admitted.event_uid.hex()},
        {"status", to_string(admitted.status)},
        {"runs", Json::array()},
    };
    put_text(out, "reason", admitted.reason);
    for (const Uid& run : admitted.runs) {
        out["runs"].push_back(run.hex());
    }
    return out;
}

Json view(const runtime::CancelReport& report) {
    Json out = {{"cancelled", Json::array()}, {"failed", Json::array()}};
    for (const Uid& run : report.cancelled) {
        out["cancelled"].push_back(run.hex());
    }
    for (const auto& [run, error] : report.failed) {
        out["failed"].push_back(
            {{"run", run.hex()}, {"code", error.code}, {"message", error.message}}
        );
    }
    return out;
}

}  // namespace tideway::server
