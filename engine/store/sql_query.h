// One use of a prepared statement: set parameters, step, read columns from left to right. Resets
// the statement when it goes. The first error (also of preparing) comes out of step().
//
//   SqlQuery q(driver, "SELECT id, uid FROM run WHERE flow_id = $flow");
//   q.set("flow", flow_id);
//   TIDEWAY_TRY_ASSIGN(bool found, q.step());
//   while (found) { use(q.integer(), q.uid()); ... }
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/payload.h"
#include "engine/base/uid.h"
#include "engine/store/sql_driver.h"

namespace tideway::store {

// Thread: that of the driver. Bytes that are set are borrowed for the life of the query.
class SqlQuery {
  public:
    SqlQuery(SqlDriver& driver, std::string_view sql)
        : statement_(driver.prepare(sql)) {}

    ~SqlQuery() { reset(); }

    SqlQuery(const SqlQuery&) = delete;
    SqlQuery& operator=(const SqlQuery&) = delete;

    void set(std::string_view name, std::int64_t value);

    void set(std::string_view name, int value) { set(name, static_cast<std::int64_t>(value)); }

    void set(std::string_view name, std::string_view value);

    void set(std::string_view name, const std::string& value) {
        set(name, std::string_view(value));
    }

    void set(std::string_view name, const char* value) { set(name, std::string_view(value)); }

    void set(std::string_view name, Timestamp value) { set(name, to_micros(value)); }

    void set(std::string_view name, std::optional<Timestamp> value);  // absent: NULL
    void set(std::string_view name, const Uid& value);                // none: NULL

    void set(std::string_view name, const Payload& value) { set(name, value.view()); }

    void set(std::string_view name, bool) = delete;
    void set(std::string_view name, const std::string&&) = delete;  // would dangle
    void set(std::string_view name, const Uid&&) = delete;
    void set(std::string_view name, const Payload&&) = delete;
    void set_bytes(std::string_view name, std::string_view value);

    // True: there is a row, reading starts at its first column.
    Result<bool> step();

    // For statements without rows.
    Status run();

    // Ready for another round with the same statement; nothing is bound.
    void reset();

    // The next column of the row.
    std::int64_t integer() { return (*statement_)->integer(column_++); }

    int small_integer() { return static_cast<int>(integer()); }

    bool boolean() { return integer() != 0; }

    std::string_view view() { return (*statement_)->text(column_++); }

    std::string text() { return std::string(view()); }

    std::string bytes() { return std::string((*statement_)->bytes(column_++)); }

    Uid uid() { return Uid::from_raw((*statement_)->bytes(column_++)); }

    Timestamp timestamp() { return from_micros(integer()); }

    std::optional<Timestamp> optional_timestamp();
    Payload payload();  // kept in the row itself

  private:
    Result<SqlStatement*> statement_;
    int column_ = 0;
};

}  // namespace tideway::store
