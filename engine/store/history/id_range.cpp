#include "engine/store/history/id_range.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/store/sql_query.h"

namespace tideway::store {

const TimedTable kRunTimes{
    "SELECT coalesce((SELECT min(id) FROM run), 0), coalesce((SELECT max(id) FROM run), -1)",
    "SELECT id, created FROM run WHERE id >= $id ORDER BY id LIMIT 1"};

const TimedTable kEventTimes{
    "SELECT coalesce((SELECT min(id) FROM event), 0), coalesce((SELECT max(id) FROM event), -1)",
    "SELECT id, received FROM event WHERE id >= $id ORDER BY id LIMIT 1"};

namespace {

// The first id of the range whose row is not older than `time`.
Result<std::int64_t> first_from(
    SqlDriver& driver, const TimedTable& table, IdRange range, Timestamp time
) {
    while (range.first < range.end) {
        const std::int64_t middle = range.first + (range.end - range.first) / 2;
        SqlQuery query(driver, table.lookup_sql);
        query.set("id", middle);
        TIDEWAY_TRY_ASSIGN(const bool found, query.step());
        const std::int64_t id = found ? query.integer() : range.end;
        if (id >= range.end || query.timestamp() >= time) {
            range.end = middle;
        } else {
            range.first = id + 1;
        }
    }
    return range.first;
}

}  // namespace

Result<IdRange> id_range(
    SqlDriver& driver,
    const TimedTable& table,
    std::optional<Timestamp> from,
    std::optional<Timestamp> to
) {
    IdRange out;
    {
        SqlQuery edges(driver, table.edge_sql);
        TIDEWAY_TRY(edges.step());
        out.first = edges.integer();
        out.end = edges.integer() + 1;
    }
    const IdRange all = out;
    if (from) {
        TIDEWAY_TRY_ASSIGN(
            out.first, first_from(driver, table, all, *from - limits::kClockStepMax)
        );
    }
    if (to) {
        TIDEWAY_TRY_ASSIGN(out.end, first_from(driver, table, all, *to + limits::kClockStepMax));
    }
    return out;
}

Window newest_of(IdRange range, std::int64_t before, std::int64_t size) {
    Window out{range, true};
    if (before > 0) {
        out.ids.end = std::min(range.end, before);
    }
    const std::int64_t first = out.ids.end - std::max<std::int64_t>(size, 1);
    if (first > range.first) {
        out.ids.first = first;
        out.is_last = false;
    }
    return out;
}

}  // namespace tideway::store
