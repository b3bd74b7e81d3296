#include "tests/bench/sqlite_handle.h"

#include <cstdio>
#include <cstdlib>

namespace tideway::bench {
namespace {

void check(int code, sqlite3* database) {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
        std::fprintf(stderr, "bench_runs: SQLite: %s\n", sqlite3_errmsg(database));
        std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
    }
}

}  // namespace

Database::Database(const std::string& file) {
    check(sqlite3_open(file.c_str(), &handle_), handle_);
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=FULL");
    execute("PRAGMA wal_autocheckpoint=4000");
    execute("PRAGMA cache_size=-65536");
}

Database::~Database() {
    sqlite3_close_v2(handle_);
}

void Database::execute(const char* sql) {
    check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr), handle_);
}

Statement::Statement(const Database& database, const char* sql) {
    check(sqlite3_prepare_v2(database.handle(), sql, -1, &statement_, nullptr), database.handle());
}

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

void Statement::bind(int index, std::string_view text) {
    sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::run() {
    check(sqlite3_step(statement_), sqlite3_db_handle(statement_));
    sqlite3_reset(statement_);
}

}  // namespace tideway::bench
