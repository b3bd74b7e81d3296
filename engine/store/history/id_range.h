// Runs and events get their ids in the order of time, so a span of time is a span of ids, found
// without an index on the time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/store/sql_driver.h"

namespace tideway::store {

struct TimedTable {
    std::string_view edge_sql;    // min and max of id
    std::string_view lookup_sql;  // id and time of the first row from $id on
};

extern const TimedTable kRunTimes;
extern const TimedTable kEventTimes;

// Ids from `first` on, `end` not included.
struct IdRange {
    std::int64_t first = 0;
    std::int64_t end = 0;
};

// All rows with a time between `from` and `to` are inside, and some more around them: a clock that
// was set back by no more than limits::kClockStepMax hides none. Absent: no bound.
Result<IdRange> id_range(
    SqlDriver& driver,
    const TimedTable& table,
    std::optional<Timestamp> from,
    std::optional<Timestamp> to
);

// What one page looks at.
struct Window {
    IdRange ids;
    bool is_last = true;  // nothing of the range lies below it
};

// The newest `size` ids of the range below `before` (0: of all).
Window newest_of(IdRange range, std::int64_t before, std::int64_t size);

}  // namespace tideway::store
