// Where payloads live. Small ones stay in the row that has them; those over
// limits::kInlinePayloadBytesMax go to table `payload`, once per content, and the row holds
// "@<id>", which no JSON text begins with. Who uses a payload is noted, so that it can go with its
// last user.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/payload.h"
#include "engine/store/sql_driver.h"

namespace tideway::store {

struct PayloadOwner {
    std::string_view kind;  // "run", "event", "version"
    std::int64_t id = 0;
};

// Thread: that of the driver, which is borrowed.
class PayloadTable {
  public:
    explicit PayloadTable(SqlDriver& driver)
        : driver_(driver) {}

    // The text for the row's column: the bytes themselves or a reference.
    Result<Payload> column_of(const Payload& payload, PayloadOwner owner);

    // The payload behind a column's text.
    Result<Payload> load(const Payload& column);

    // Always in the table; the id.
    Result<std::int64_t> keep(std::string_view bytes, PayloadOwner owner);
    Result<std::string> bytes_of(std::int64_t id);

    // The owner is gone: its payloads go too, unless somebody else uses them.
    Status release(PayloadOwner owner);

  private:
    Result<std::int64_t> id_of(std::string_view bytes);

    SqlDriver& driver_;
};

}  // namespace tideway::store
