// Saves and deletes rows as the service does: payload checks, defaults, states, money, keys.
// Thread: the sandbox's loop.
#pragma once

#include <map>
#include <set>
#include <string>

#include "connectors/dataverse/sandbox_callers.h"
#include "connectors/dataverse/sandbox_references.h"
#include "engine/base/clock.h"

namespace tideway::connectors::dataverse::sandbox {

// How a row came to be saved: some states are reached by actions only.
enum class SaveOrigin { kRequest, kAction };
enum class DuplicateDetection { kOff, kOn };

struct Save {
    const Table& table;
    const Json& body;
    const Caller& caller;
    const std::map<std::string, std::string>& content_ids;
    SaveOrigin origin = SaveOrigin::kRequest;
    DuplicateDetection detection = DuplicateDetection::kOff;
};

// What a payload sets: stored values by column, and rows to create along with it.
struct Changes {
    std::map<std::string, Json> values;
    std::set<std::string> columns;
    std::vector<std::pair<const Collection*, Json>> children;
};

class Writer {
  public:
    Writer(Database& database, const Callers& callers, const Clock& clock)
        : database_(database),
          callers_(callers),
          clock_(clock) {}

    void require_application_columns(bool on) { application_required_ = on; }

    // The new row's id. `key`, if any, gives the id or the alternate key's columns (an upsert).
    Outcome<std::string> create(const Save& save, const RowKey* key = nullptr);
    Outcome<void> update(const Save& save, const std::string& id);
    Outcome<void> remove(const Table& table, const std::string& id, const Caller& caller);

  private:
    Outcome<Changes> read_changes(const Save& save);
    Outcome<void> read_property(
        const Save& save, const std::string& name, const Json& value, Changes& out
    );
    Outcome<void> read_binding(
        const Save& save, const std::string& navigation, const Json& value, Changes& out
    );
    Outcome<void> check_binding(const Save& save, const Column& column, const Reference& to) const;
    Outcome<void> read_nested(
        const Save& save, const std::string& navigation, const Json& value, Changes& out
    );
    Outcome<void> create_children(const Save& save, const Changes& changes, const std::string& id);
    Outcome<void> check_required(const Table& table, const Row& row) const;
    Outcome<void> check_duplicates(const Save& save, const Row& row) const;
    Row initial_row(const Save& save, const RowKey* key) const;
    void stamp(Row& row, const Caller& caller, const char* by, const char* on) const;
    void release_children(const Table& table, const std::string& id);

    Database& database_;
    const Callers& callers_;
    const Clock& clock_;
    bool application_required_ = true;
};

// The rules of single tables (sandbox_rules.cpp). `before` is null for a new row.
struct RuleInput {
    const Database& database;
    const Table& table;
    const Row* before = nullptr;
    const std::set<std::string>& columns;
    SaveOrigin origin = SaveOrigin::kRequest;
    Timestamp now;
};

Outcome<void> apply_rules(const RuleInput& input, Row& row);

}  // namespace tideway::connectors::dataverse::sandbox
