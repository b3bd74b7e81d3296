// The sandbox's records, and what happened to them. Deleted ones stay, as in the recycle bin.
// Thread: the sandbox's loop.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/salesforce/sandbox_schema.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace tideway::connectors::salesforce::sandbox {

enum class ChangeKind { kCreate, kUpdate, kDelete };

struct Change {
    ChangeKind kind = ChangeKind::kUpdate;
    const Object* object = nullptr;
    std::string id;
    Json fields;  // that have another value now
};

// "2026-02-03T10:11:12.000+0000": whole seconds.
std::string wire_time(Timestamp at);

// The 18 characters of an id of 15.
std::string full_id(std::string_view short_id);

class Store {
  public:
    Store(const Schema& schema, const Clock& clock)
        : schema_(schema),
          clock_(clock) {}

    using Records = std::map<std::string, Json, std::less<>>;  // by id of 18 characters

    const Schema& schema() const { return schema_; }

    const Records& records(const Object& object) const;
    // Of 15 or 18 characters; deleted ones too. Null: never there.
    const Json* find_record(const Object& object, std::string_view id) const;

    std::string insert(const Object& object, Json fields, const std::string& user);
    void update(
        const Object& object, const std::string& id, const Json& fields, const std::string& user
    );
    void remove(const Object& object, const std::string& id, const std::string& user);

    // The changes since the last call, oldest first.
    std::vector<Change> take_changes();

    // For requests that are undone as a whole.
    struct Savepoint {
        std::map<std::string, Records> records;
        std::size_t changes = 0;
    };

    Savepoint savepoint() const { return {records_, changes_.size()}; }

    void rollback(Savepoint to);

    void clear();
    Json save() const;
    Status load(const Json& state);

  private:
    std::string next_id(const Object& object);

    const Schema& schema_;
    const Clock& clock_;
    std::map<std::string, Records> records_;  // by object
    std::int64_t next_number_ = 1;
    std::vector<Change> changes_;
};

}  // namespace tideway::connectors::salesforce::sandbox
