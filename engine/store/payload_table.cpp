#include "engine/store/payload_table.h"

#include <charconv>

#include "engine/base/digest.h"
#include "engine/base/limits.h"
#include "engine/store/sql_query.h"

namespace tideway::store {

Result<Payload> PayloadTable::column_of(const Payload& payload, PayloadOwner owner) {
    if (payload.size() <= limits::kInlinePayloadBytesMax) {
        return payload;
    }
    TIDEWAY_TRY_ASSIGN(const std::int64_t id, keep(payload.view(), owner));
    return Payload("@" + std::to_string(id));
}

Result<Payload> PayloadTable::load(const Payload& column) {
    const std::string_view text = column.view();
    if (text.empty() || text.front() != '@') {
        return column;
    }
    std::int64_t id = 0;
    std::from_chars(text.data() + 1, text.data() + text.size(), id);
    TIDEWAY_TRY_ASSIGN(std::string bytes, bytes_of(id));
    return Payload(std::move(bytes));
}

Result<std::int64_t> PayloadTable::keep(std::string_view bytes, PayloadOwner owner) {
    TIDEWAY_TRY_ASSIGN(const std::int64_t id, id_of(bytes));
    SqlQuery use(
        driver_,
        "INSERT INTO payload_use(payload_id, owner, owner_id) VALUES ($payload, $owner, $owner_id)"
        " ON CONFLICT(payload_id, owner, owner_id) DO NOTHING"
    );
    use.set("payload", id);
    use.set("owner", owner.kind);
    use.set("owner_id", owner.id);
    TIDEWAY_TRY(use.run());
    return id;
}

Result<std::int64_t> PayloadTable::id_of(std::string_view bytes) {
    const std::string hash = sha256(bytes);
    SqlQuery find(driver_, "SELECT id FROM payload WHERE hash = $hash");
    find.set_bytes("hash", hash);
    TIDEWAY_TRY_ASSIGN(const bool found, find.step());
    if (found) {
        return find.integer();
    }
    SqlQuery insert(
        driver_, "INSERT INTO payload(hash, bytes) VALUES ($hash, $bytes) RETURNING id"
    );
    insert.set_bytes("hash", hash);
    insert.set_bytes("bytes", bytes);
    TIDEWAY_TRY(insert.step());
    return insert.integer();
}

Result<std::string> PayloadTable::bytes_of(std::int64_t id) {
    SqlQuery query(driver_, "SELECT bytes FROM payload WHERE id = $id");
    query.set("id", id);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    if (!found) {
        return fail(
            ErrorKind::kStorage,
            "StoreCorrupt",
            "Payload " + std::to_string(id) + " is named by a row but missing.",
            "Restore the store from a backup."
        );
    }
    return query.bytes();
}

Status PayloadTable::release(PayloadOwner owner) {
    std::vector<std::int64_t> ids;
    {
        SqlQuery used(
            driver_,
            "DELETE FROM payload_use WHERE owner = $owner AND owner_id = $id RETURNING payload_id"
        );
        used.set("owner", owner.kind);
        used.set("id", owner.id);
        TIDEWAY_TRY_ASSIGN(bool found, used.step());
        while (found) {
            ids.push_back(used.integer());
            TIDEWAY_TRY_ASSIGN(found, used.step());
        }
    }
    for (const std::int64_t id : ids) {
        SqlQuery drop(
            driver_,
            "DELETE FROM payload WHERE id = $id"
            " AND NOT EXISTS (SELECT 1 FROM payload_use WHERE payload_id = $id)"
        );
        drop.set("id", id);
        TIDEWAY_TRY(drop.run());
    }
    return {};
}

}  // namespace tideway::store
