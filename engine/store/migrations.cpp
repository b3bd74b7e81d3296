#include "engine/store/migrations.h"

#include "engine/store/sql_query.h"

namespace tideway::store {
namespace {

Result<int> applied(SqlDriver& driver) {
    SqlQuery query(driver, "SELECT coalesce(max(number), 0) FROM migration");
    TIDEWAY_TRY(query.step());
    return query.small_integer();
}

Status apply(SqlDriver& driver, const Migration& step) {
    TIDEWAY_TRY(driver.execute(step.script));
    SqlQuery query(driver, "INSERT INTO migration(number) VALUES ($number)");
    query.set("number", step.number);
    return query.run();
}

Status apply_missing(SqlDriver& driver, std::span<const Migration> steps) {
    TIDEWAY_TRY(driver.execute("CREATE TABLE IF NOT EXISTS migration(number INTEGER PRIMARY KEY)"));
    TIDEWAY_TRY_ASSIGN(const int done, applied(driver));
    const int last = steps.empty() ? 0 : steps.back().number;
    if (done > last) {
        return fail(
            ErrorKind::kConflict,
            "StoreTooNew",
            "The store has schema " + std::to_string(done) + ", this program knows up to " +
                std::to_string(last) + ".",
            "Use a program at least as new as the one that last wrote this store."
        );
    }
    for (const Migration& step : steps) {
        if (step.number > done) {
            TIDEWAY_TRY(apply(driver, step));
        }
    }
    return {};
}

}  // namespace

Status migrate(SqlDriver& driver, std::span<const Migration> steps) {
    TIDEWAY_TRY(driver.begin_write());
    Status status = apply_missing(driver, steps);
    if (status) {
        status = driver.commit();
    }
    if (!status) {
        driver.rollback();
    }
    return status;
}

}  // namespace tideway::store
