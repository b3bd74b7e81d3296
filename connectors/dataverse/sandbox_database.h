// The rows of the Dataverse sandbox: in memory, versioned, with savepoints, alternate-key indexes
// and the tombstones that change tracking needs. Knows nothing of HTTP or business rules. Thread:
// the sandbox's loop.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "connectors/dataverse/sandbox_error.h"
#include "connectors/dataverse/sandbox_schema.h"
#include "engine/base/result.h"

namespace tideway::connectors::dataverse::sandbox {

// A stored row: column -> value; a lookup is {"id":..,"table":..}; absent means null.
using Row = Json;

// What a lookup points to; both empty when it is null.
struct Reference {
    std::string table;
    std::string id;
};

Reference reference_of(const Row& row, std::string_view column);
Json make_reference(std::string_view table, std::string_view id);

enum class ChangeKind { kCreate, kUpdate, kDelete };

// One committed save, for callbacks and the list of writes.
struct RowChange {
    ChangeKind kind = ChangeKind::kUpdate;
    const Table* table = nullptr;
    std::string id;
    std::set<std::string> columns;  // named in the request, changed or not
    std::string user_id;            // who did it
    Row row;                        // as saved; before a delete
    std::set<std::string> changed;  // of an update: what has another value now
};

class Database {
  public:
    explicit Database(const Schema& schema)
        : schema_(schema) {}

    const Schema& schema() const { return schema_; }

    const Row* find(std::string_view table, std::string_view id) const;
    const std::map<std::string, Row>& rows(std::string_view table) const;
    // The row whose alternate key has these values, in the key's column order.
    const Row* by_key(const Table& table, const AlternateKey& key, const std::vector<Json>& values)
        const;

    // Both give the row a new version. 412 on a duplicate primary or alternate key.
    Outcome<void> insert(const Table& table, Row row);
    Outcome<void> replace(const Table& table, Row row);
    void erase(const Table& table, const std::string& id);

    std::int64_t version() const { return version_; }

    // Ids of rows deleted after a version.
    std::vector<std::string> deleted_since(std::string_view table, std::int64_t version) const;

    void note(RowChange change) { changes_.push_back(std::move(change)); }

    struct Savepoint {
        std::size_t undo = 0;
        std::size_t changes = 0;
    };

    Savepoint savepoint() const { return {undo_.size(), changes_.size()}; }

    void rollback(const Savepoint& to);
    // Ends the transaction: what was noted since the last commit.
    std::vector<RowChange> commit();

    Json save() const;
    Status load(const Json& state);
    void clear();

  private:
    struct Undo {
        const Table* table = nullptr;
        std::string id;
        std::optional<Row> before;
    };

    struct Tombstone {
        std::int64_t version = 0;
        std::string id;
    };

    Outcome<void> check_keys(const Table& table, const Row& row, std::string_view id) const;
    void index(const Table& table, const Row& row);
    void unindex(const Table& table, const Row& row);
    void remember(const Table& table, const std::string& id);

    const Schema& schema_;
    std::map<std::string, std::map<std::string, Row>, std::less<>> rows_;
    std::map<std::string, std::string> keys_;  // table, key name and values -> id
    std::map<std::string, std::vector<Tombstone>, std::less<>> deleted_;
    std::int64_t version_ = 1'000'000;
    std::vector<Undo> undo_;
    std::vector<RowChange> changes_;
};

}  // namespace tideway::connectors::dataverse::sandbox
