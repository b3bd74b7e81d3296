#include "engine/store/prune.h"

#include <array>

#include "engine/base/limits.h"
#include "engine/store/history/id_range.h"
#include "engine/store/notices/notice_commands.h"
#include "engine/store/resubmissions/resubmission_commands.h"
#include "engine/store/sql_query.h"
#include "engine/store/sql_rows.h"

namespace tideway::store {
namespace {

// Jumps from flow to flow in the index.
constexpr std::string_view kFlows =
    "WITH RECURSIVE found(id) AS (SELECT min(flow_id) FROM run UNION ALL"
    " SELECT (SELECT min(flow_id) FROM run WHERE flow_id > found.id) FROM found"
    " WHERE found.id IS NOT NULL),"
    " told(id) AS (SELECT min(flow_id) FROM event UNION ALL"
    " SELECT (SELECT min(flow_id) FROM event WHERE flow_id > told.id) FROM told"
    " WHERE told.id IS NOT NULL)"
    " SELECT id FROM found WHERE id IS NOT NULL UNION SELECT id FROM told WHERE id IS NOT NULL";

// Whether it may go: resubmitting goes back to earlier runs of the lineage, and a run that called
// others to them.
constexpr std::string_view kRunsOfFlow =
    "SELECT id, ended IS NOT NULL AND ended < $before"
    " AND NOT EXISTS (SELECT 1 FROM run AS other WHERE other.ended IS NULL"
    " AND other.uid IN (run.root_uid, run.parent_uid))"
    " AND NOT EXISTS (SELECT 1 FROM run AS other WHERE other.ended IS NULL"
    " AND other.root_uid = run.root_uid AND other.root_uid <> other.uid)"
    " FROM run WHERE flow_id = $flow AND id > $after AND id < $end ORDER BY id LIMIT $limit";

constexpr std::string_view kEventsWithoutRun =
    "SELECT id FROM event WHERE flow_id = $flow AND id < $end AND run_id = 0"
    " AND received < $before AND NOT EXISTS (SELECT 1 FROM fan_out WHERE event_id = event.id)"
    " ORDER BY id LIMIT $limit";

constexpr std::string_view kUnnamedVersions =
    "SELECT id FROM version WHERE created < $before"
    " AND NOT EXISTS (SELECT 1 FROM run WHERE run.version_id = version.id)"
    " AND NOT EXISTS (SELECT 1 FROM flow WHERE flow.published = version.id)"
    " AND NOT EXISTS (SELECT 1 FROM revision_flow WHERE revision_flow.version_id = version.id)"
    " LIMIT $limit";

// Drafts that no run names any more.
constexpr std::string_view kForgottenTries =
    "SELECT id FROM revision WHERE kind = 'Tried' AND at < $before"
    " AND NOT EXISTS (SELECT 1 FROM revision_flow JOIN run"
    " ON run.version_id = revision_flow.version_id"
    " WHERE revision_flow.revision_id = revision.id) LIMIT $limit";

constexpr std::string_view kEventsOfRun =
    "SELECT id FROM event WHERE id = (SELECT event_id FROM run WHERE id = $run)"
    " UNION SELECT id FROM event WHERE run_id = $run AND run_id <> 0 AND status <> 'Accepted'";

constexpr std::string_view kSomeOfJournal =
    "DELETE FROM journal WHERE id IN"
    " (SELECT id FROM journal WHERE run_id = $run ORDER BY seq LIMIT $limit)";

constexpr std::array<std::string_view, 5> kRemoveRun{
    "UPDATE effect SET output = '' WHERE run_id = $run",
    "DELETE FROM tracked WHERE run_id = $run",
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
    Budget budget{command.limit, limits::kPrunedRowsMax, limits::kPruneLookedMax};
    if (!place_.flows_are_done) {
        TIDEWAY_TRY_ASSIGN(place_.flows_are_done, prune_flows(command, budget));
    }
    Outcome out;
    out.count = command.limit - budget.runs;
    out.has_more = !place_.flows_are_done;
    if (out.has_more) {
        return out;
    }
    TIDEWAY_TRY_ASSIGN(const bool no_versions, prune_versions(command));
    TIDEWAY_TRY_ASSIGN(const bool no_keys, prune_keys(command));
    TIDEWAY_TRY(prune_notices(driver_, command.before, command.limit));
    TIDEWAY_TRY(prune_resubmissions(driver_, command.before, command.limit));
    bool no_effects = true;
    if (command.ledger_before) {
        TIDEWAY_TRY_ASSIGN(no_effects, prune_ledger(*command.ledger_before, command.limit));
    }
    out.has_more = !(no_versions && no_keys && no_effects);
    if (!out.has_more) {
        place_ = {};
    }
    return out;
}

Result<std::vector<FlowId>> PruneCommands::flows() {
    SqlQuery query(driver_, kFlows);
    return collect(query);
}

Result<bool> PruneCommands::prune_flows(const Prune& command, Budget& budget) {
    TIDEWAY_TRY_ASSIGN(const std::vector<FlowId> ids, flows());
    for (const FlowId flow : ids) {
        if (flow < place_.flow) {
            continue;
        }
        if (flow > place_.flow) {
            place_ = Place{.flow = flow};
        }
        const auto own = command.flows.find(flow);
        const Timestamp before = own == command.flows.end() ? command.before : own->second;
        TIDEWAY_TRY_ASSIGN(const bool runs_are_done, prune_flow(flow, before, budget));
        if (!runs_are_done) {
            return false;
        }
        TIDEWAY_TRY_ASSIGN(const bool is_done, prune_events(flow, before, command.limit));
        if (!is_done) {
            return false;
        }
    }
    return true;
}

Result<bool> PruneCommands::prune_flow(FlowId flow_id, Timestamp before, Budget& budget) {
    struct Run {
        RunId id = 0;
        bool may_go = false;
    };

    TIDEWAY_TRY_ASSIGN(const IdRange range, id_range(driver_, kRunTimes, {}, before));
    std::vector<Run> runs;
    {
        SqlQuery query(driver_, kRunsOfFlow);
        query.set("flow", flow_id);
        query.set("after", place_.run);
        query.set("end", range.end);
        query.set("before", before);
        query.set("limit", budget.looked);
        TIDEWAY_TRY_ASSIGN(runs, read_all<Run>(query, [](SqlQuery& row) -> Result<Run> {
                               const RunId id = row.integer();
                               return Run{id, row.boolean()};
                           }));
    }
    budget.looked -= static_cast<std::int64_t>(runs.size());
    for (const Run& run : runs) {
        if (run.may_go) {
            TIDEWAY_TRY_ASSIGN(const bool is_gone, remove_run(run.id, budget));
            if (!is_gone) {
                return false;
            }
        }
        place_.run = run.id;
    }
    return budget.looked > 0;
}

Result<bool> PruneCommands::prune_events(FlowId flow_id, Timestamp before, int limit) {
    TIDEWAY_TRY_ASSIGN(const IdRange range, id_range(driver_, kEventTimes, {}, before));
    std::vector<EventId> events;
    {
        SqlQuery query(driver_, kEventsWithoutRun);
        query.set("flow", flow_id);
        query.set("end", range.end);
        query.set("before", before);
        query.set("limit", limit);
        TIDEWAY_TRY_ASSIGN(events, collect(query));
    }
    for (const EventId id : events) {
        TIDEWAY_TRY(remove_event(id));
    }
    return events.size() < static_cast<std::size_t>(limit);
}

Result<bool> PruneCommands::prune_versions(const Prune& command) {
    TIDEWAY_TRY(prune_tries(command));
    std::vector<VersionId> versions;
    {
        SqlQuery query(driver_, kUnnamedVersions);
        query.set("before", command.before);
        query.set("limit", command.limit);
        TIDEWAY_TRY_ASSIGN(versions, collect(query));
    }
    for (const VersionId id : versions) {
        TIDEWAY_TRY(remove_version(id));
    }
    return versions.size() < static_cast<std::size_t>(command.limit);
}

Result<bool> PruneCommands::prune_keys(const Prune& command) {
    SqlQuery keys(
        driver_,
        "DELETE FROM dedupe WHERE (flow_id, dedupe_key) IN (SELECT flow_id, dedupe_key"
        " FROM dedupe WHERE expires < $before ORDER BY expires LIMIT $limit)"
    );
    keys.set("before", command.before);
    keys.set("limit", command.limit);
    TIDEWAY_TRY(keys.run());
    return driver_.changes() < command.limit;
}

// Rows come in the order of time.
Result<bool> PruneCommands::prune_ledger(Timestamp before, int limit) {
    std::vector<std::int64_t> old;
    {
        SqlQuery query(
            driver_,
            "SELECT id FROM (SELECT id, created FROM effect WHERE id > $after ORDER BY id"
            " LIMIT $limit) WHERE created < $before"
        );
        query.set("after", place_.effect);
        query.set("limit", limit);
        query.set("before", before);
        TIDEWAY_TRY_ASSIGN(old, collect(query));
    }
    for (const std::int64_t id : old) {
        SqlQuery query(
            driver_,
            "DELETE FROM effect WHERE id = $id"
            " AND NOT EXISTS (SELECT 1 FROM run WHERE run.id = effect.run_id)"
        );
        query.set("id", id);
        TIDEWAY_TRY(query.run());
        place_.effect = id;
    }
    return old.size() < static_cast<std::size_t>(limit);
}

Status PruneCommands::on_run(std::string_view sql, RunId run_id) {
    SqlQuery query(driver_, sql);
    query.set("run", run_id);
    return query.run();
}

Result<bool> PruneCommands::remove_run(RunId run_id, Budget& budget) {
    if (budget.runs <= 0) {
        return false;
    }
    {
        SqlQuery rows(driver_, kSomeOfJournal);
        rows.set("run", run_id);
        rows.set("limit", budget.rows);
        TIDEWAY_TRY(rows.run());
        budget.rows -= driver_.changes();
    }
    if (budget.rows <= 0) {
        return false;
    }
    std::vector<EventId> events;
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
    --budget.runs;
    TIDEWAY_TRY(payloads_.release({"run", run_id}));
    return true;
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

Status PruneCommands::prune_tries(const Prune& command) {
    std::vector<std::int64_t> tries;
    {
        SqlQuery query(driver_, kForgottenTries);
        query.set("before", command.before);
        query.set("limit", command.limit);
        TIDEWAY_TRY_ASSIGN(tries, collect(query));
    }
    for (const std::int64_t id : tries) {
        for (const std::string_view sql :
             {"DELETE FROM revision_file WHERE revision_id = $id",
              "DELETE FROM revision_flow WHERE revision_id = $id",
              "DELETE FROM revision WHERE id = $id"}) {
            SqlQuery query(driver_, sql);
            query.set("id", id);
            TIDEWAY_TRY(query.run());
        }
        TIDEWAY_TRY(payloads_.release({"revision", id}));
    }
    return {};
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
