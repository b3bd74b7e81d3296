// SQLite as it is, for the programs that the engine is compared with. Errors end the program.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace tideway::bench {

class Database {
  public:
    // WAL, synchronous=FULL, the page cache and checkpoint interval of the engine's own writer.
    explicit Database(const std::string& file);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    void execute(const char* sql);

    sqlite3* handle() const { return handle_; }

  private:
    sqlite3* handle_ = nullptr;
};

class Statement {
  public:
    Statement(const Database& database, const char* sql);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    void bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }

    void bind(int index, std::string_view text);  // borrowed until run()
    void run();

  private:
    sqlite3_stmt* statement_ = nullptr;
};

// The rows of a run as both comparisons keep them: one of the run, two of each step.
inline constexpr const char* kRowsSchema =
    "CREATE TABLE run(id INTEGER PRIMARY KEY, created INTEGER, status TEXT, event TEXT, response"
    " TEXT); CREATE TABLE journal(run_id INTEGER, seq INTEGER, kind INTEGER, path TEXT, payload"
    " TEXT, PRIMARY KEY(run_id, seq)) WITHOUT ROWID";

}  // namespace tideway::bench
