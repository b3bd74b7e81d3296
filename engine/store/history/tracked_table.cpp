#include "engine/store/history/tracked_table.h"

#include "engine/store/sql_query.h"

namespace tideway::store {

Status insert_tracked(
    SqlDriver& driver, model::RunId run_id, const std::vector<model::TrackedValue>& values
) {
    for (const model::TrackedValue& tracked : values) {
        SqlQuery query(
            driver,
            "INSERT INTO tracked(name, value, run_id) VALUES ($name, $value, $run)"
            " ON CONFLICT(name, value, run_id) DO NOTHING"
        );
        query.set("name", tracked.name);
        query.set("value", tracked.value);
        query.set("run", run_id);
        TIDEWAY_TRY(query.run());
    }
    return {};
}

}  // namespace tideway::store
