// Numbered steps of the schema, each applied once, in one transaction, when a store is opened.
#pragma once

#include <span>

#include "engine/store/sql_driver.h"

namespace tideway::store {

struct Migration {
    int number = 0;           // from 1, without a gap
    std::string_view script;  // SQL of one database
};

// The steps of the schema in SQLite's words, oldest first.
std::span<const Migration> sqlite_migrations();

// Brings the schema to the last of `steps`. Fails with code "StoreTooNew" when the store has steps
// that `steps` does not. Thread: that of the driver.
Status migrate(SqlDriver& driver, std::span<const Migration> steps);

}  // namespace tideway::store
