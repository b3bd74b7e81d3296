#include <algorithm>

#include "engine/store/backup.h"
#include "engine/store/migrations.h"
#include "engine/store/sql_store.h"
#include "engine/store/sqlite_driver.h"

namespace tideway::store {
namespace {

Status bring_up_to_date(SqlDriver& writer, const std::string& path) {
    TIDEWAY_TRY_ASSIGN(const auto ahead, migration_ahead(path));
    if (ahead) {
        TIDEWAY_TRY(copy_before_migration(path, *ahead, SystemClock().now()));
    }
    return migrate(writer, sqlite_migrations());
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(SqliteOptions options) {
    SqlConnections connections;
    TIDEWAY_TRY_ASSIGN(connections.guard, ProcessLock::acquire(options.path));
    TIDEWAY_TRY_ASSIGN(connections.writer, open_sqlite_writer(options.path, options.durability));
    TIDEWAY_TRY(bring_up_to_date(*connections.writer, options.path));
    for (int made = 0; made < std::max(options.readers, 1); ++made) {
        TIDEWAY_TRY_ASSIGN(auto reader, open_sqlite_reader(options.path));
        connections.readers.push_back(std::move(reader));
    }
    return std::make_unique<SqlStore>(std::move(connections), options.crash_points);
}

}  // namespace tideway::store
