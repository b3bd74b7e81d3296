// The queries of the store about history: searches, groups, sizes.
#include "engine/store/catalog_commands.h"
#include "engine/store/history/id_range.h"
#include "engine/store/history/run_search.h"
#include "engine/store/sql_reader.h"
#include "engine/store/sql_rows.h"

namespace tideway::store {
namespace {

void set_ids(SqlQuery& query, IdRange ids) {
    query.set("first", ids.first);
    query.set("end", ids.end);
}

// The ids that a page of the filter looks at.
template <typename Filter>
Window window_of(const Filter& filter, IdRange range) {
    return newest_of(
        range,
        filter.before_id,
        reads_rows(filter) ? filter.ids_searched_max : range.end - range.first
    );
}

// Where the next page begins: below the last row of a full one, else below the window.
std::int64_t next_before(const Window& window, bool is_full, std::int64_t last_id) {
    if (is_full) {
        return last_id > window.ids.first || !window.is_last ? last_id : 0;
    }
    return window.is_last ? 0 : window.ids.first;
}

Result<Window> run_window(SqlDriver& driver, const RunFilter& filter) {
    TIDEWAY_TRY_ASSIGN(
        const IdRange range, id_range(driver, kRunTimes, filter.created_from, filter.created_to)
    );
    return window_of(filter, range);
}

Result<std::int64_t> number(SqlDriver& driver, std::string_view sql) {
    SqlQuery query(driver, sql);
    TIDEWAY_TRY(query.step());
    return query.integer();
}

}  // namespace

Result<RunPage> SqlReader::runs(const RunFilter& filter) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlDriver& driver = lease.driver();
    TIDEWAY_TRY_ASSIGN(const Window window, run_window(driver, filter));
    const FilterParameters parameters(filter);
    const int limit = page_size(filter.limit);
    SqlQuery query(driver, page_sql(filter));
    parameters.set(query);
    set_ids(query, window.ids);
    query.set("limit", limit);
    PayloadTable payloads(driver);
    RunPage out;
    TIDEWAY_TRY_ASSIGN(out.runs, read_all<model::RunRecord>(query, [&payloads](SqlQuery& row) {
                           return read_run(row, payloads);
                       }));
    const bool is_full = out.runs.size() == static_cast<std::size_t>(limit);
    out.next_before = next_before(window, is_full, is_full ? out.runs.back().id : 0);
    return out;
}

Result<RunCount> SqlReader::count_runs(const RunFilter& filter) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    TIDEWAY_TRY_ASSIGN(const Window window, run_window(lease.driver(), filter));
    const FilterParameters parameters(filter);
    SqlQuery query(lease.driver(), count_sql(filter));
    parameters.set(query);
    set_ids(query, window.ids);
    TIDEWAY_TRY(query.step());
    return RunCount{query.integer(), next_before(window, false, 0)};
}

// Counts in the index of fingerprints alone; rows are read for the groups of the page.
Result<RunGroupPage> SqlReader::run_groups(const GroupFilter& filter) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlDriver& driver = lease.driver();
    TIDEWAY_TRY_ASSIGN(
        const IdRange range, id_range(driver, kRunTimes, filter.created_from, filter.created_to)
    );
    const std::string in_time = std::string(filter.created_from ? " AND created >= $from" : "") +
                                (filter.created_to ? " AND created < $to" : "");
    SqlQuery query(
        driver,
        std::string("SELECT ") + kRunColumns +
            ", size, (SELECT created FROM run WHERE id = eldest) FROM run JOIN"
            " (SELECT count(*) AS size, min(id) AS eldest, max(id) AS newest FROM run"
            " WHERE fingerprint <> '' AND +id >= $first AND +id < $end" +
            in_time + " GROUP BY fingerprint) ON id = newest WHERE status <> 'Cancelled'" +
            (filter.flow_id ? " AND flow_id = $flow" : "") +
            (filter.before_id > 0 ? " AND id < $before" : "") + " ORDER BY id DESC LIMIT $limit"
    );
    set_ids(query, range);
    if (filter.created_from) {
        query.set("from", filter.created_from);
    }
    if (filter.created_to) {
        query.set("to", filter.created_to);
    }
    if (filter.flow_id) {
        query.set("flow", *filter.flow_id);
    }
    if (filter.before_id > 0) {
        query.set("before", filter.before_id);
    }
    const int limit = page_size(filter.limit);
    query.set("limit", limit);
    PayloadTable payloads(driver);
    RunGroupPage out;
    TIDEWAY_TRY_ASSIGN(
        out.groups,
        read_all<RunGroup>(
            query,
            [&payloads](SqlQuery& row) -> Result<RunGroup> {
                RunGroup group;
                TIDEWAY_TRY_ASSIGN(group.last, read_run(row, payloads));
                group.count = row.integer();
                group.first_seen = row.timestamp();
                return group;
            }
        )
    );
    if (out.groups.size() == static_cast<std::size_t>(limit)) {
        out.next_before = out.groups.back().last.id;
    }
    return out;
}

Result<std::vector<model::TrackedValue>> SqlReader::tracked(RunId id) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(), "SELECT name, value FROM tracked WHERE run_id = $run ORDER BY name, value"
    );
    query.set("run", id);
    return read_all<model::TrackedValue>(query, [](SqlQuery& row) -> Result<model::TrackedValue> {
        std::string name = row.text();
        return model::TrackedValue{std::move(name), row.text()};
    });
}

Result<EventPage> SqlReader::events(const EventFilter& filter) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlDriver& driver = lease.driver();
    TIDEWAY_TRY_ASSIGN(
        const IdRange range, id_range(driver, kEventTimes, filter.received_from, filter.received_to)
    );
    const Window window = window_of(filter, range);
    const int limit = page_size(filter.limit);
    SqlQuery query(driver, page_sql(filter));
    set_parameters(query, filter);
    set_ids(query, window.ids);
    query.set("limit", limit);
    PayloadTable payloads(driver);
    EventPage out;
    TIDEWAY_TRY_ASSIGN(
        out.events,
        read_all<FoundEvent>(
            query,
            [&payloads](SqlQuery& row) -> Result<FoundEvent> {
                FoundEvent found;
                TIDEWAY_TRY_ASSIGN(found.event, read_event(row, payloads));
                found.run_uid = row.uid();
                return found;
            }
        )
    );
    const bool is_full = out.events.size() == static_cast<std::size_t>(limit);
    out.next_before = next_before(window, is_full, is_full ? out.events.back().event.id : 0);
    return out;
}

Result<Retention> SqlReader::retention() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(lease.driver(), "SELECT subject, flow_id, days FROM retention");
    Retention out;
    TIDEWAY_TRY_ASSIGN(bool found, query.step());
    while (found) {
        const std::string subject = query.text();
        const FlowId flow = query.integer();
        const int days = query.small_integer();
        if (subject == kFlowRetention) {
            out.flow_days[flow] = days;
        } else {
            (subject == kLedgerRetention ? out.ledger_days : out.environment_days) = days;
        }
        TIDEWAY_TRY_ASSIGN(found, query.step());
    }
    return out;
}

Result<HistorySize> SqlReader::history_size() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlDriver& driver = lease.driver();
    HistorySize out;
    TIDEWAY_TRY_ASSIGN(const std::int64_t page_bytes, number(driver, "PRAGMA page_size"));
    TIDEWAY_TRY_ASSIGN(const std::int64_t pages, number(driver, "PRAGMA page_count"));
    TIDEWAY_TRY_ASSIGN(const std::int64_t free_pages, number(driver, "PRAGMA freelist_count"));
    out.bytes = pages * page_bytes;
    out.free_bytes = free_pages * page_bytes;
    TIDEWAY_TRY_ASSIGN(out.ledger_rows, number(driver, "SELECT count(*) FROM effect"));
    SqlQuery query(
        driver,
        "SELECT flow_id, size, (SELECT created FROM run WHERE id = eldest) FROM"
        " (SELECT flow_id, count(*) AS size, min(id) AS eldest FROM run GROUP BY flow_id)"
    );
    TIDEWAY_TRY_ASSIGN(
        out.flows,
        read_all<HistorySize::Flow>(
            query,
            [](SqlQuery& row) -> Result<HistorySize::Flow> {
                HistorySize::Flow flow;
                flow.flow_id = row.integer();
                flow.runs = row.integer();
                flow.oldest = row.timestamp();
                return flow;
            }
        )
    );
    return out;
}

}  // namespace tideway::store
