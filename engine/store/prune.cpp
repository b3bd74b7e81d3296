#include "engine/store/prune.h"

#include <array>

#include "engine/store/notices/notice_commands.h"
#include "engine/store/sql_query.h"

namespace tideway::store {
namespace {

constexpr std::string_view kEndedRuns =
    "SELECT id FROM run WHERE ended IS NOT NULL AND ended < $before ORDER BY ended LIMIT $limit";

constexpr std::string_view kEventsWithoutRun =
    "SELECT id FROM event WHERE run_id = 0 AND received < $before ORDER BY received LIMIT $limit";

constexpr std::string_view kUnnamedVersions =
    "SELECT id FROM version WHERE created < $before"
    " AND NOT EXISTS (SELECT 1 FROM run WHERE run.version_id = version.id)"
    " AND NOT EXISTS (SELECT 1 FROM flow WHERE flow.published = version.id) LIMIT $limit";

constexpr std::string_view kEventsOfRun =
    "SELECT id FROM event WHERE id = (SELECT event_id FROM run WHERE id = $run)"
    " UNION SELECT id FROM event WHERE run_id = $run AND run_id <> 0 AND status <> 'Accepted'";

constexpr std::array<std::string_view, 5> kRemoveRun{
    "DELETE FROM journal WHERE run_id = $run",
    "UPDATE effect SET output = '' WHERE run_id = $run",
    "DELETE FROM callback WHERE run_id = $run",
    "DELETE FROM lock WHERE run_id = $run",
    "DELETE FROM run WHERE id = $run",
};

Result<std::vector<std::int64_t>> collect(SqlQuery& query) {
    std::vector<std::int64_t> out;
    TIDEWAY_TRY_ASSIGN(bool found, query.step());
    while (found) {
        out.push_back(query.integer());
        TIDEWAY_TRY_ASSIGN(found, query.step());
    }
    return out;
}

}  // namespace

Result<Outcome> PruneCommands::apply(const Prune& command) {
    TIDEWAY_TRY_ASSIGN(const auto runs, ids(kEndedRuns, command));
    for (const RunId id : runs) {
        TIDEWAY_TRY(remove_run(id));
    }
    TIDEWAY_TRY_ASSIGN(const auto events, ids(kEventsWithoutRun, command));
    for (const EventId id : events) {
        TIDEWAY_TRY(remove_event(id));
    }
    TIDEWAY_TRY_ASSIGN(const auto versions, ids(kUnnamedVersions, command));
    for (const VersionId id : versions) {
        TIDEWAY_TRY(remove_version(id));
    }
    SqlQuery keys(
        driver_,
        "DELETE FROM dedupe WHERE (flow_id, dedupe_key) IN (SELECT flow_id, dedupe_key"
        " FROM dedupe WHERE expires < $before ORDER BY expires LIMIT $limit)"
    );
    keys.set("before", command.before);
    keys.set("limit", command.limit);
    TIDEWAY_TRY(keys.run());
    TIDEWAY_TRY(prune_notices(driver_, command.before, command.limit));
    Outcome out;
    out.count = static_cast<std::int64_t>(runs.size());
    return out;
}

Result<std::vector<std::int64_t>> PruneCommands::ids(std::string_view sql, const Prune& command) {
    SqlQuery query(driver_, sql);
    query.set("before", command.before);
    query.set("limit", command.limit);
    return collect(query);
}

Status PruneCommands::on_run(std::string_view sql, RunId run_id) {
    SqlQuery query(driver_, sql);
    query.set("run", run_id);
    return query.run();
}

Status PruneCommands::remove_run(RunId run_id) {
    std::vector<std::int64_t> events;
    {
        SqlQuery query(driver_, kEventsOfRun);
        query.set("run", run_id);
        TIDEWAY_TRY_ASSIGN(events, collect(query));
    }
    for (const EventId id : events) {
        TIDEWAY_TRY(remove_event(id));
    }
    for (const std::string_view sql : kRemoveRun) {
        TIDEWAY_TRY(on_run(sql, run_id));
    }
    return payloads_.release({"run", run_id});
}

Status PruneCommands::remove_event(EventId event_id) {
    for (const std::string_view sql :
         {"DELETE FROM event WHERE id = $id", "DELETE FROM fan_out WHERE event_id = $id"}) {
        SqlQuery query(driver_, sql);
        query.set("id", event_id);
        TIDEWAY_TRY(query.run());
    }
    TIDEWAY_TRY(payloads_.release({"fan_out", event_id}));
    return payloads_.release({"event", event_id});
}

Status PruneCommands::remove_version(VersionId version_id) {
    {
        SqlQuery files(driver_, "DELETE FROM version_file WHERE version_id = $id");
        files.set("id", version_id);
        TIDEWAY_TRY(files.run());
    }
    SqlQuery query(driver_, "DELETE FROM version WHERE id = $id");
    query.set("id", version_id);
    TIDEWAY_TRY(query.run());
    return payloads_.release({"version", version_id});
}

}  // namespace tideway::store
