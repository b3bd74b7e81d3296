// What a database must offer to carry the store. One SQL text serves every database: parameters are
// written `$name` and bound by name, rows come back column by column, generated keys by RETURNING.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/result.h"

namespace tideway::store {

// A prepared statement. Thread: that of its driver. Owned by the driver.
class SqlStatement {
  public:
    virtual ~SqlStatement() = default;

    // `name` without the '$'; a name that the text does not have is a bug. Bytes are borrowed until
    // reset(). Parameters that are not bound are NULL.
    virtual void bind_integer(std::string_view name, std::int64_t value) = 0;
    virtual void bind_text(std::string_view name, std::string_view value) = 0;
    virtual void bind_bytes(std::string_view name, std::string_view value) = 0;
    virtual void bind_null(std::string_view name) = 0;

    // True: there is a row to read. False: the statement is done.
    virtual Result<bool> step() = 0;

    // Of the row at hand, from 0. Views hold until the next step() or reset().
    virtual bool is_null(int column) const = 0;
    virtual std::int64_t integer(int column) const = 0;
    virtual std::string_view text(int column) const = 0;
    virtual std::string_view bytes(int column) const = 0;

    // Ready for the next use: no row, nothing bound.
    virtual void reset() = 0;
};

// One connection to a database. Thread: one at a time.
//
// Errors have kind kStorage or kUnavailable and codes "StoreDiskFull", "StoreCorrupt", "StoreBusy",
// "StoreFailed", each with a remedy.
class SqlDriver {
  public:
    virtual ~SqlDriver() = default;

    // Prepared once per text and kept. The statement may not be in use.
    virtual Result<SqlStatement*> prepare(std::string_view sql) = 0;

    // Several statements, without parameters and rows.
    virtual Status execute(std::string_view script) = 0;

    virtual Status begin_write() = 0;  // takes the write lock
    virtual Status begin_read() = 0;   // one snapshot until commit or rollback
    virtual Status commit() = 0;
    virtual void rollback() = 0;

    // One level, inside a write transaction.
    virtual Status savepoint() = 0;
    virtual Status release_savepoint() = 0;
    virtual Status rollback_to_savepoint() = 0;

    // A statement failed since begin_write(): the transaction can only be rolled back.
    virtual bool is_broken() const = 0;

    // Rows that the last statement inserted, changed or deleted.
    virtual std::int64_t changes() const = 0;

    // Gives some space of deleted rows back to the operating system. Outside a transaction.
    virtual Status give_space_back() = 0;
};

}  // namespace tideway::store
