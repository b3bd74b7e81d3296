#include "engine/store/backup.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "engine/store/migrations.h"
#include "engine/store/sql_query.h"
#include "engine/store/sqlite_driver.h"

namespace tideway::store {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> failed(const std::string& what, const std::string& cause) {
    return fail(
        ErrorKind::kStorage,
        "BackupFailed",
        what + ": " + cause + ".",
        "Check that the folder exists, is writable and has space; then try again."
    );
}

Status to_disk(const std::string& path, int flags) {
    const int file = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    const bool is_done = file >= 0 && ::fsync(file) == 0;
    const int error = errno;
    if (file >= 0) {
        ::close(file);
    }
    return is_done ? Status() : Status(failed(path + " cannot be written", std::strerror(error)));
}

std::string folder_of(const std::string& path) {
    const fs::path folder = fs::path(path).parent_path();
    return folder.empty() ? "." : folder.string();
}

// Both names stand on the disk, or neither does.
Status rename_durably(const std::string& from, const std::string& to) {
    TIDEWAY_TRY(to_disk(from, O_RDWR));
    std::error_code error;
    fs::rename(from, to, error);
    if (error) {
        return failed(to + " cannot be put in place", error.message());
    }
    return to_disk(folder_of(to), O_RDONLY | O_DIRECTORY);
}

void remove_store(const std::string& path) {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        fs::remove(path + suffix, ignored);
    }
}

// A database on its way to its name; what does not arrive is removed.
class PartialStore {
  public:
    explicit PartialStore(std::string path)
        : path_(std::move(path)) {}

    ~PartialStore() { remove_store(path_); }

    PartialStore(const PartialStore&) = delete;
    PartialStore& operator=(const PartialStore&) = delete;

    // Empty, and readable by its owner only.
    Status make() const {
        remove_store(path_);
        return to_disk(path_, O_RDWR | O_CREAT | O_EXCL);
    }

    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

Status mark(const std::string& path, const std::string& taken) {
    TIDEWAY_TRY_ASSIGN(const auto driver, open_sqlite_writer(path));
    SqlQuery query(
        *driver,
        "INSERT INTO meta(key, value) VALUES ($key, $taken)"
        " ON CONFLICT(key) DO UPDATE SET value = excluded.value WHERE value = ''"
    );
    query.set("key", kRestoredFromKey);
    query.set("taken", taken);
    return query.run();
}

Error damaged(const std::string& backup, const std::string& cause) {
    Error error;
    error.kind = ErrorKind::kStorage;
    error.code = "StoreCorrupt";
    error.message = "The backup " + backup + " is damaged or not a store: " + cause;
    error.remedy = "Use another backup; the store is as it was.";
    return error;
}

// Of the copy at `path`; an older schema is brought up to date.
Status check_whole(const std::string& path, const std::string& backup) {
    const auto driver = open_sqlite_writer(path);
    if (!driver) {
        return fail(damaged(backup, driver.error().message));
    }
    {
        SqlQuery query(**driver, "PRAGMA quick_check(1)");
        const auto found = query.step();
        const std::string verdict = found ? query.text() : found.error().message;
        if (verdict != "ok") {
            return fail(damaged(backup, verdict));
        }
    }
    return migrate(**driver, sqlite_migrations());
}

Status copy_into(const std::string& backup, const std::string& path) {
    std::error_code error;
    fs::copy_file(backup, path, fs::copy_options::overwrite_existing, error);
    if (!error) {
        fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, error);
    }
    return error ? Status(failed("The backup " + backup + " cannot be copied", error.message()))
                 : Status();
}

// The whole store at `path` in the one file, where that is possible: a damaged one stays in parts.
void close_log(const std::string& path) {
    if (const auto driver = open_sqlite_writer(path)) {
        static_cast<void>((*driver)->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    }
}

// A second name for the file, so that its own can be given to another in one step.
Result<std::string> keep(const std::string& path, Timestamp now) {
    if (!fs::exists(path)) {
        return std::string();
    }
    close_log(path);
    const std::string kept = path + ".before-restore-" + std::to_string(to_micros(now));
    std::error_code error;
    fs::create_hard_link(path, kept, error);
    if (error) {
        return failed("The present store cannot be kept as " + kept, error.message());
    }
    for (const char* suffix : {"-wal", "-shm"}) {
        fs::rename(path + suffix, kept + suffix, error);  // absent after a proper close
    }
    return kept;
}

// Whatever `target` was.
Status copy_store(const std::string& path, const std::string& target, Timestamp now) {
    const PartialStore partial(target + ".partial");
    TIDEWAY_TRY(partial.make());
    {
        TIDEWAY_TRY_ASSIGN(const auto driver, open_sqlite_reader(path));
        TIDEWAY_TRY(driver->execute("PRAGMA query_only=OFF"));  // of the copy
        SqlQuery copy(*driver, "VACUUM INTO $target");
        copy.set("target", partial.path());
        TIDEWAY_TRY(copy.run());
    }
    TIDEWAY_TRY(mark(partial.path(), format_utc(now)));
    return rename_durably(partial.path(), target);
}

Result<int> first_integer(SqlDriver& driver, std::string_view sql) {
    SqlQuery query(driver, sql);
    TIDEWAY_TRY(query.step());
    return query.small_integer();
}

// 0: nothing is in the store yet.
Result<int> schema_of(SqlDriver& driver) {
    TIDEWAY_TRY_ASSIGN(
        const int tables,
        first_integer(driver, "SELECT count(*) FROM sqlite_schema WHERE name = 'migration'")
    );
    if (tables == 0) {
        return 0;
    }
    return first_integer(driver, "SELECT coalesce(max(number), 0) FROM migration");
}

}  // namespace

Result<std::int64_t> back_up_sqlite(
    const std::string& path, const std::string& target, Timestamp now
) {
    if (!fs::exists(path)) {
        return fail(
            ErrorKind::kNotFound,
            "StoreNotFound",
            "There is no store " + path + ".",
            "Name the folder of the environment with --data."
        );
    }
    if (fs::exists(target)) {
        return fail(
            ErrorKind::kConflict,
            "BackupExists",
            "The file " + target + " is there already.",
            "Give the backup a name of its own; nothing is overwritten."
        );
    }
    TIDEWAY_TRY(copy_store(path, target, now));
    return static_cast<std::int64_t>(fs::file_size(target));
}

Result<std::optional<MigrationAhead>> migration_ahead(const std::string& path) {
    if (!fs::exists(path)) {
        return std::nullopt;
    }
    TIDEWAY_TRY_ASSIGN(const auto driver, open_sqlite_reader(path));
    TIDEWAY_TRY_ASSIGN(const int from, schema_of(*driver));
    const int to = sqlite_migrations().back().number;
    if (from == 0 || from >= to) {
        return std::nullopt;
    }
    return MigrationAhead{from, to, path + ".before-schema-" + std::to_string(to)};
}

Status copy_before_migration(const std::string& path, const MigrationAhead& ahead, Timestamp now) {
    return copy_store(path, ahead.copy, now);
}

Result<std::string> restore_sqlite(
    const std::string& backup, const std::string& path, Timestamp now
) {
    TIDEWAY_TRY_ASSIGN(const auto lock, ProcessLock::acquire(path));
    const PartialStore partial(path + ".restoring");
    TIDEWAY_TRY(partial.make());
    TIDEWAY_TRY(copy_into(backup, partial.path()));
    TIDEWAY_TRY(check_whole(partial.path(), backup));
    TIDEWAY_TRY(mark(partial.path(), format_utc(now)));
    TIDEWAY_TRY_ASSIGN(std::string kept, keep(path, now));
    TIDEWAY_TRY(rename_durably(partial.path(), path));
    return kept;
}

}  // namespace tideway::store
