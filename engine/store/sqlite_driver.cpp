#include "engine/store/sqlite_driver.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>
#include <unordered_map>
#include <vector>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine/base/assert.h"
#include "engine/base/limits.h"
#include "engine/base/threading.h"

namespace tideway::store {
namespace {

constexpr int kApplicationId = 0x54494445;  // "TIDE" in the file's header: it is ours
constexpr int kBusyTimeoutMs = 5000;
constexpr int kVacuumPagesMax = 4096;  // of one give_space_back(): 16 MiB

// Larger than the default of 1000 pages: fewer checkpoints for the same rows. The log file is cut
// back to its limit afterwards.
constexpr const char* kWriterSettings =
    "PRAGMA foreign_keys=ON; PRAGMA wal_autocheckpoint=4000;"
    "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY";
constexpr const char* kReaderSettings =
    "PRAGMA query_only=ON; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY";

bool is_disk_full(int code, int system_error) {
    const bool no_space = system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
    return (code & 0xff) == SQLITE_FULL || ((code & 0xff) == SQLITE_IOERR && no_space);
}

tl::unexpected<Error> corrupt(const std::string& path, const std::string& cause) {
    return fail(
        ErrorKind::kStorage,
        "StoreCorrupt",
        "The store " + path + " is damaged or not a store: " + cause + ".",
        "Restore the file from a backup, or name another file."
    );
}

// `system_error` is errno right after the call: sqlite3_system_errno() is not set by
// sqlite3_step().
Error error_of(const std::string& path, int code, int system_error, const std::string& cause) {
    if (is_disk_full(code, system_error)) {
        return fail(
                   ErrorKind::kStorage,
                   "StoreDiskFull",
                   "There is no space left to write the store " + path + ".",
                   "Free space on that disk; waiting work goes on by itself."
        )
            .value();
    }
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return corrupt(path, cause).value();
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return fail(
                       ErrorKind::kUnavailable,
                       "StoreBusy",
                       "The store " + path + " is locked by something else.",
                       "Close other programs that have the file open."
            )
                .value();
        default:
            return fail(
                       ErrorKind::kStorage,
                       "StoreFailed",
                       "The store " + path + " failed: " + cause + ".",
                       "Check the disk and the rights on the file."
            )
                .value();
    }
}

// SQLiteCpp's Statement copies text and gives no access to its sqlite3_stmt, so statements are used
// directly.
class SqliteStatement final : public SqlStatement {
  public:
    SqliteStatement(sqlite3_stmt* statement, const std::string& path, bool& broken)
        : statement_(statement),
          path_(path),
          broken_(broken) {
        const int count = sqlite3_bind_parameter_count(statement);
        for (int index = 1; index <= count; ++index) {
            const char* name = sqlite3_bind_parameter_name(statement, index);
            TIDEWAY_ASSERT(name != nullptr);
            names_.emplace_back(name + 1);
        }
    }

    ~SqliteStatement() override { sqlite3_finalize(statement_); }

    SqliteStatement(const SqliteStatement&) = delete;
    SqliteStatement& operator=(const SqliteStatement&) = delete;

    void bind_integer(std::string_view name, std::int64_t value) override {
        check(sqlite3_bind_int64(statement_, index_of(name), value));
    }

    void bind_text(std::string_view name, std::string_view value) override {
        // A null pointer would bind NULL; an empty text is not NULL.
        const char* data = value.data() == nullptr ? "" : value.data();
        const int index = index_of(name);
        check(sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8)
        );
    }

    void bind_bytes(std::string_view name, std::string_view value) override {
        const char* data = value.data() == nullptr ? "" : value.data();
        const int index = index_of(name);
        check(sqlite3_bind_blob64(statement_, index, data, value.size(), SQLITE_STATIC));
    }

    void bind_null(std::string_view name) override {
        check(sqlite3_bind_null(statement_, index_of(name)));
    }

    Result<bool> step() override {
        const int code = bind_error_ != SQLITE_OK ? bind_error_ : sqlite3_step(statement_);
        if (code == SQLITE_ROW) {
            return true;
        }
        if (code == SQLITE_DONE) {
            return false;
        }
        const int system_error = errno;
        broken_ = true;
        sqlite3* database = sqlite3_db_handle(statement_);
        return tl::unexpected<Error>(error_of(
            path_, sqlite3_extended_errcode(database), system_error, sqlite3_errmsg(database)
        ));
    }

    bool is_null(int column) const override {
        return sqlite3_column_type(statement_, column) == SQLITE_NULL;
    }

    std::int64_t integer(int column) const override {
        return sqlite3_column_int64(statement_, column);
    }

    std::string_view text(int column) const override {
        const unsigned char* data = sqlite3_column_text(statement_, column);
        return view(reinterpret_cast<const char*>(data), column);
    }

    std::string_view bytes(int column) const override {
        return view(static_cast<const char*>(sqlite3_column_blob(statement_, column)), column);
    }

    void reset() override {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
        bind_error_ = SQLITE_OK;
        next_ = 0;
    }

  private:
    // Callers bind in the order of the text, so the first look is nearly always right.
    int index_of(std::string_view name) {
        for (std::size_t tried = 0; tried < names_.size(); ++tried) {
            const std::size_t at = next_;
            next_ = next_ + 1 == names_.size() ? 0 : next_ + 1;
            if (names_[at] == name) {
                return static_cast<int>(at) + 1;
            }
        }
        TIDEWAY_ASSERT(!"the statement has no parameter of this name");
        return 0;
    }

    void check(int code) {
        if (code != SQLITE_OK) {
            bind_error_ = code;  // comes out of step()
        }
    }

    std::string_view view(const char* data, int column) const {
        if (data == nullptr) {
            return {};
        }
        return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
    }

    sqlite3_stmt* statement_;
    const std::string& path_;
    bool& broken_;
    std::vector<std::string> names_;  // SQLite's own move when it prepares the text again
    std::size_t next_ = 0;
    int bind_error_ = SQLITE_OK;
};

// Interrupts a connection after a time. A thread, because the check of a large table visits no
// progress handler in this SQLite.
class Interruption {
  public:
    Interruption(sqlite3* database, std::chrono::milliseconds after)
        : thread_([this, database, after] { run(database, after); }) {}

    ~Interruption() { stop(); }

    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    // Ends the wait.
    bool happened() {
        stop();
        const Lock lock(mutex_);
        return happened_;
    }

  private:
    void run(sqlite3* database, std::chrono::milliseconds after) {
        const auto deadline = std::chrono::steady_clock::now() + after;
        const Lock lock(mutex_);
        while (!stopped_) {
            if (wake_.wait_until(mutex_, deadline) == std::cv_status::timeout) {
                happened_ = true;
                sqlite3_interrupt(database);
                return;
            }
        }
    }

    void stop() {
        {
            const Lock lock(mutex_);
            stopped_ = true;
        }
        wake_.notify_one();
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    Mutex mutex_;
    Condition wake_;
    bool stopped_ TIDEWAY_GUARDED_BY(mutex_) = false;
    bool happened_ TIDEWAY_GUARDED_BY(mutex_) = false;
    std::thread thread_;  // last: it uses the others
};

class SqliteDriver final : public SqlDriver {
  public:
    // May throw SQLite::Exception.
    SqliteDriver(const std::string& path, int flags)
        : path_(path),
          database_(path, flags | SQLITE_OPEN_NOMUTEX, kBusyTimeoutMs) {
        sqlite3_extended_result_codes(database_.getHandle(), 1);
    }

    SqliteDriver(const SqliteDriver&) = delete;
    SqliteDriver& operator=(const SqliteDriver&) = delete;

    Result<SqlStatement*> prepare(std::string_view sql) override {
        if (const auto found = statements_.find(sql); found != statements_.end()) {
            return found->second.get();
        }
        auto text = std::make_unique<std::string>(sql);
        sqlite3_stmt* raw = nullptr;
        const int code = sqlite3_prepare_v3(
            database_.getHandle(),
            text->data(),
            static_cast<int>(text->size()),
            SQLITE_PREPARE_PERSISTENT,
            &raw,
            nullptr
        );
        if (code != SQLITE_OK) {
            broken_ = true;
            return tl::unexpected<Error>(last_error());
        }
        auto statement = std::make_unique<SqliteStatement>(raw, path_, broken_);
        SqlStatement* out = statement.get();
        statements_.emplace(std::string_view(*text), std::move(statement));
        texts_.push_back(std::move(text));
        return out;
    }

    Status execute(std::string_view script) override {
        const std::string text(script);
        if (sqlite3_exec(database_.getHandle(), text.c_str(), nullptr, nullptr, nullptr) !=
            SQLITE_OK) {
            broken_ = true;
            return tl::unexpected<Error>(last_error());
        }
        return {};
    }

    Status begin_write() override { return begin("BEGIN IMMEDIATE"); }

    Status begin_read() override { return begin("BEGIN"); }

    Status commit() override { return once("COMMIT"); }

    void rollback() override {
        // An error of the disk may have ended the transaction already.
        if (sqlite3_get_autocommit(database_.getHandle()) == 0) {
            static_cast<void>(once("ROLLBACK"));
        }
        broken_ = false;
    }

    Status savepoint() override { return once("SAVEPOINT batch"); }

    Status release_savepoint() override { return once("RELEASE batch"); }

    Status rollback_to_savepoint() override {
        TIDEWAY_TRY(once("ROLLBACK TO batch"));
        return once("RELEASE batch");
    }

    bool is_broken() const override { return broken_; }

    std::int64_t changes() const override { return sqlite3_changes64(database_.getHandle()); }

    Status give_space_back() override {
        TIDEWAY_TRY(execute("PRAGMA incremental_vacuum(" + std::to_string(kVacuumPagesMax) + ")"));
        // The file itself shrinks when the log is copied into it.
        return execute("PRAGMA wal_checkpoint(PASSIVE)");
    }

    Result<std::int64_t> number(std::string_view sql) {
        TIDEWAY_TRY_ASSIGN(SqlStatement * statement, prepare(sql));
        const Result<bool> found = statement->step();
        const std::int64_t out = found && *found ? statement->integer(0) : 0;
        statement->reset();
        TIDEWAY_TRY(found);
        return out;
    }

    // Empty: no damage found in the time allowed.
    Result<std::string> quick_check(std::chrono::milliseconds budget) {
        TIDEWAY_TRY_ASSIGN(SqlStatement * statement, prepare("PRAGMA quick_check(1)"));
        Interruption late(database_.getHandle(), budget);
        const Result<bool> found = statement->step();
        const std::string verdict(found && *found ? statement->text(0) : "ok");
        statement->reset();
        broken_ = false;
        if (late.happened()) {
            // Pages that were not reached look unused: this is no verdict.
            return std::string();
        }
        TIDEWAY_TRY(found);
        return verdict == "ok" ? std::string() : verdict;
    }

  private:
    Status begin(std::string_view sql) {
        broken_ = false;
        return once(sql);
    }

    Status once(std::string_view sql) {
        TIDEWAY_TRY_ASSIGN(SqlStatement * statement, prepare(sql));
        Result<bool> done = statement->step();
        statement->reset();
        TIDEWAY_TRY(done);
        return {};
    }

    Error last_error() {
        const int system_error = errno;
        sqlite3* database = database_.getHandle();
        return error_of(
            path_, sqlite3_extended_errcode(database), system_error, sqlite3_errmsg(database)
        );
    }

    std::string path_;
    bool broken_ = false;
    SQLite::Database database_;
    std::vector<std::unique_ptr<std::string>> texts_;
    std::unordered_map<std::string_view, std::unique_ptr<SqliteStatement>> statements_;
};

// Without it every allocation inside SQLite takes a lock of the process for statistics that nobody
// reads: 8 % of the writer's time. Only possible before SQLite is first used.
void turn_statistics_off() {
    static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(done);
}

// SQLite deletes the log when the last connection closes: one that is there belongs to a crash.
bool was_closed_cleanly(const std::string& path) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(path + "-wal", ignored);
    return static_cast<bool>(ignored) || size == 0;
}

// Reads the header and the schema. SQLite itself refuses a file shorter than its header says.
Status check_ours(SqliteDriver& driver, const std::string& path) {
    TIDEWAY_TRY_ASSIGN(const auto objects, driver.number("SELECT count(*) FROM sqlite_schema"));
    TIDEWAY_TRY_ASSIGN(const auto id, driver.number("PRAGMA application_id"));
    if (objects != 0 && id != kApplicationId) {
        return corrupt(path, "it is a database of another program");
    }
    if (objects == 0 && id == 0) {
        // Both must come before the first page is written.
        TIDEWAY_TRY(driver.execute("PRAGMA auto_vacuum=INCREMENTAL"));
        TIDEWAY_TRY(driver.execute("PRAGMA application_id=" + std::to_string(kApplicationId)));
    }
    return {};
}

Status prepare_writer(
    SqliteDriver& driver, const std::string& path, Durability durability, bool closed_cleanly
) {
    TIDEWAY_TRY(check_ours(driver, path));
    const char* const synchronous = durability == Durability::kFull ? "FULL" : "OFF";
    TIDEWAY_TRY(driver.execute(std::string("PRAGMA synchronous=") + synchronous));
    TIDEWAY_TRY(driver.execute("PRAGMA journal_mode=WAL"));
    TIDEWAY_TRY(driver.execute(kWriterSettings));
    if (closed_cleanly) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(const std::string damage, driver.quick_check(limits::kStartCheckBudget));
    return damage.empty() ? Status() : Status(corrupt(path, damage));
}

Result<std::unique_ptr<SqliteDriver>> open_file(const std::string& path, int flags) {
    try {
        return std::make_unique<SqliteDriver>(path, flags);
    } catch (const SQLite::Exception& e) {
        return tl::unexpected<Error>(error_of(path, e.getErrorCode(), errno, e.what()));
    } catch (const std::exception& e) {
        return tl::unexpected<Error>(error_of(path, SQLITE_ERROR, 0, e.what()));
    }
}

}  // namespace

Result<std::unique_ptr<ProcessLock>> ProcessLock::acquire(const std::string& database_path) {
    std::error_code ignored;
    const auto canonical = std::filesystem::weakly_canonical(database_path, ignored);
    const std::string path = (ignored ? database_path : canonical.string()) + ".lock";
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return fail(
            ErrorKind::kStorage,
            errno == ENOSPC ? "StoreDiskFull" : "StoreFailed",
            "The lock file " + path + " cannot be made: " + std::strerror(errno) + ".",
            "Check that the folder exists, is writable and has space."
        );
    }
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        ::close(descriptor);
        return fail(
            ErrorKind::kConflict,
            "StoreInUse",
            "The store " + database_path + " is in use by another process.",
            "Stop the other server, or give this one a store of its own."
        );
    }
    return std::unique_ptr<ProcessLock>(new ProcessLock(descriptor));
}

// The file stays: removing it would let two processes lock two files of one name.
ProcessLock::~ProcessLock() {
    ::close(descriptor_);
}

Result<std::unique_ptr<SqlDriver>> open_sqlite_writer(
    const std::string& path, Durability durability
) {
    turn_statistics_off();
    const bool closed_cleanly = was_closed_cleanly(path);
    TIDEWAY_TRY_ASSIGN(auto driver, open_file(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE));
    TIDEWAY_TRY(prepare_writer(*driver, path, durability, closed_cleanly));
    return driver;
}

Result<std::unique_ptr<SqlDriver>> open_sqlite_reader(const std::string& path) {
    TIDEWAY_TRY_ASSIGN(auto driver, open_file(path, SQLite::OPEN_READWRITE));
    TIDEWAY_TRY(driver->execute(kReaderSettings));
    return driver;
}

}  // namespace tideway::store
