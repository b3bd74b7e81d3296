#include "engine/store/notices/notice_commands.h"

#include <array>

#include "engine/store/sql_query.h"

namespace tideway::store {
namespace {

using model::NoticeMoment;

}  // namespace

Result<Outcome> NoticeCommands::apply(const RaiseNotice& command) {
    const model::NoticeRecord& notice = command.notice;
    Outcome out;
    std::optional<int> stage;
    {
        SqlQuery query(
            driver_, "SELECT id, stage FROM notice WHERE cause = $cause AND closed IS NULL"
        );
        query.set("cause", notice.cause);
        TIDEWAY_TRY_ASSIGN(const bool found, query.step());
        if (found) {
            out.id = query.integer();
            stage = query.small_integer();
        }
    }
    if (stage == notice.stage) {
        return out;
    }
    if (stage) {
        TIDEWAY_TRY(grow(out.id, notice));
        TIDEWAY_TRY(deliver(out.id, NoticeMoment::kReminder, notice.opened, command));
        return out;
    }
    TIDEWAY_TRY_ASSIGN(out, open(notice));
    TIDEWAY_TRY(deliver(out.id, NoticeMoment::kOpened, notice.opened, command));
    return out;
}

Result<Outcome> NoticeCommands::open(const model::NoticeRecord& notice) {
    SqlQuery query(
        driver_,
        "INSERT INTO notice(uid, kind, cause, title, message, remedy, flow, connection, run, stage,"
        " opened) VALUES ($uid, $kind, $cause, $title, $message, $remedy, $flow, $connection, $run,"
        " $stage, $opened) RETURNING id"
    );
    query.set("uid", notice.uid);
    query.set("kind", model::to_string(notice.kind));
    query.set("cause", notice.cause);
    query.set("title", notice.title);
    query.set("message", notice.message);
    query.set("remedy", notice.remedy);
    query.set("flow", notice.flow);
    query.set("connection", notice.connection);
    query.set("run", notice.run);
    query.set("stage", notice.stage);
    query.set("opened", notice.opened);
    TIDEWAY_TRY(query.step());
    Outcome out;
    out.id = query.integer();
    return out;
}

Status NoticeCommands::grow(std::int64_t id, const model::NoticeRecord& notice) {
    SqlQuery query(
        driver_,
        "UPDATE notice SET title = $title, message = $message, remedy = $remedy, stage = $stage"
        " WHERE id = $id"
    );
    query.set("title", notice.title);
    query.set("message", notice.message);
    query.set("remedy", notice.remedy);
    query.set("stage", notice.stage);
    query.set("id", id);
    return query.run();
}

Status NoticeCommands::deliver(
    std::int64_t id, NoticeMoment moment, Timestamp at, const RaiseNotice& command
) {
    SqlQuery channels(
        driver_,
        "INSERT INTO notice_delivery(notice_id, moment, channel, flow_id, state, attempts, error,"
        " created, next_attempt) SELECT $notice, $moment, name, 0, 'Waiting', 0, '', $at, $at"
        " FROM notice_channel ORDER BY name"
    );
    channels.set("notice", id);
    channels.set("moment", model::to_string(moment));
    channels.set("at", at);
    TIDEWAY_TRY(channels.run());
    SqlQuery flow(
        driver_,
        "INSERT INTO notice_delivery(notice_id, moment, channel, flow_id, state, attempts, error,"
        " created, next_attempt) VALUES ($notice, $moment, '', $flow, 'Waiting', 0, '', $at, $at)"
    );
    for (const FlowId flow_id : command.flows) {
        flow.set("notice", id);
        flow.set("moment", model::to_string(moment));
        flow.set("flow", flow_id);
        flow.set("at", at);
        TIDEWAY_TRY(flow.run());
        flow.reset();
    }
    return {};
}

Result<Outcome> NoticeCommands::apply(const EndNotice& command) {
    Outcome out;
    {
        SqlQuery query(
            driver_,
            "UPDATE notice SET closed = $at WHERE cause = $cause AND closed IS NULL RETURNING id"
        );
        query.set("at", command.at);
        query.set("cause", command.cause);
        TIDEWAY_TRY_ASSIGN(const bool found, query.step());
        if (!found) {
            return out;
        }
        out.id = query.integer();
    }
    SqlQuery query(
        driver_,
        "INSERT INTO notice_delivery(notice_id, moment, channel, flow_id, state, attempts, error,"
        " created, next_attempt) SELECT notice_id, 'ended', channel, flow_id, 'Waiting', 0, '',"
        " $at, $at FROM notice_delivery"
        " WHERE notice_id = $notice AND moment = 'opened' AND state <> 'GivenUp' ORDER BY id"
    );
    query.set("at", command.at);
    query.set("notice", out.id);
    TIDEWAY_TRY(query.run());
    return out;
}

Result<Outcome> NoticeCommands::apply(const PutDelivery& command) {
    const model::NoticeDelivery& delivery = command.delivery;
    SqlQuery query(
        driver_,
        "UPDATE notice_delivery SET state = $state, attempts = $attempts, error = $error,"
        " next_attempt = $next, ended = $ended WHERE id = $id AND state = 'Waiting'"
    );
    query.set("state", model::to_string(delivery.state));
    query.set("attempts", delivery.attempts);
    query.set("error", delivery.error);
    query.set("next", delivery.next_attempt);
    query.set("ended", delivery.ended);
    query.set("id", delivery.id);
    TIDEWAY_TRY(query.run());
    return Outcome();
}

Result<Outcome> NoticeCommands::apply(const PutNoticeChannel& command) {
    const model::NoticeChannel& channel = command.channel;
    SqlQuery query(
        driver_,
        "INSERT INTO notice_channel(name, kind, settings, sealed, created)"
        " VALUES ($name, $kind, $settings, $sealed, $created)"
        " ON CONFLICT(name) DO UPDATE SET kind = excluded.kind, settings = excluded.settings,"
        " sealed = excluded.sealed"
    );
    query.set("name", channel.name);
    query.set("kind", channel.kind);
    query.set("settings", channel.settings);
    query.set_bytes("sealed", channel.sealed);
    query.set("created", channel.created);
    TIDEWAY_TRY(query.run());
    return Outcome();
}

Result<Outcome> NoticeCommands::apply(const DeleteNoticeChannel& command) {
    SqlQuery query(driver_, "DELETE FROM notice_channel WHERE name = $name");
    query.set("name", command.name);
    TIDEWAY_TRY(query.run());
    if (driver_.changes() == 0) {
        return fail(
            ErrorKind::kNotFound,
            "NoticeChannelNotFound",
            "There is no channel \"" + command.name + "\" for notices.",
            "List them with: tideway notices channels"
        );
    }
    SqlQuery waiting(
        driver_, "DELETE FROM notice_delivery WHERE channel = $name AND state = 'Waiting'"
    );
    waiting.set("name", command.name);
    TIDEWAY_TRY(waiting.run());
    return Outcome();
}

Result<Outcome> NoticeCommands::apply(const PutEventExpectation& command) {
    const model::EventExpectation& expectation = command.expectation;
    if (expectation.hours <= 0) {
        SqlQuery query(driver_, "DELETE FROM event_expectation WHERE flow_id = $flow");
        query.set("flow", expectation.flow);
        TIDEWAY_TRY(query.run());
        return Outcome();
    }
    SqlQuery query(
        driver_,
        "INSERT INTO event_expectation(flow_id, hours, since) VALUES ($flow, $hours, $since)"
        " ON CONFLICT(flow_id) DO UPDATE SET hours = excluded.hours, since = excluded.since"
    );
    query.set("flow", expectation.flow);
    query.set("hours", expectation.hours);
    query.set("since", expectation.since);
    TIDEWAY_TRY(query.run());
    return Outcome();
}

Status note_failure(SqlDriver& driver, RunId run_id, const model::RunRecord& run, Timestamp ended) {
    const bool has_failed =
        run.status == model::Status::kFailed || run.status == model::Status::kTimedOut;
    if (!has_failed || run.fingerprint.empty()) {
        return {};
    }
    SqlQuery query(
        driver,
        "INSERT INTO failure_group(flow_id, fingerprint, first, last, runs, last_run)"
        " SELECT flow_id, $fingerprint, $at, $at, 1, id FROM run"
        " WHERE id = $run AND effects = 'live'"
        " ON CONFLICT(flow_id, fingerprint) DO UPDATE SET last = excluded.last,"
        " runs = failure_group.runs + 1, last_run = excluded.last_run"
    );
    query.set("fingerprint", run.fingerprint);
    query.set("at", ended);
    query.set("run", run_id);
    return query.run();
}

Status prune_notices(SqlDriver& driver, Timestamp before, int limit) {
    constexpr std::array<std::string_view, 3> kRemove{
        "DELETE FROM notice_delivery WHERE notice_id IN (SELECT id FROM notice"
        " WHERE closed IS NOT NULL AND closed < $before ORDER BY closed LIMIT $limit)",
        "DELETE FROM notice WHERE id IN (SELECT id FROM notice"
        " WHERE closed IS NOT NULL AND closed < $before ORDER BY closed LIMIT $limit)",
        "DELETE FROM failure_group WHERE (flow_id, fingerprint) IN (SELECT flow_id, fingerprint"
        " FROM failure_group WHERE last < $before ORDER BY last LIMIT $limit)",
    };
    for (const std::string_view sql : kRemove) {
        SqlQuery query(driver, sql);
        query.set("before", before);
        query.set("limit", limit);
        TIDEWAY_TRY(query.run());
    }
    return {};
}

}  // namespace tideway::store
