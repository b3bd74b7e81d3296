// Rows of the tables as values of the model. Each function reads the columns of the list beside it,
// in that order, from the row at hand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/store/payload_table.h"
#include "engine/store/sql_query.h"
#include "engine/store/store.h"

namespace tideway::store {

extern const char* const kRunColumns;
Result<model::RunRecord> read_run(SqlQuery& query, PayloadTable& payloads);

extern const char* const kJournalColumns;
Result<model::JournalRow> read_journal_row(SqlQuery& query, PayloadTable& payloads);

extern const char* const kEventColumns;
Result<model::EventRecord> read_event(SqlQuery& query, PayloadTable& payloads);

extern const char* const kEffectColumns;
Result<model::EffectRecord> read_effect(SqlQuery& query, PayloadTable& payloads);

extern const char* const kConnectionColumns;
model::ConnectionRecord read_connection(SqlQuery& query);

// All rows, each by `read(query)`, which gives a Result.
template <typename Row, typename Read>
Result<std::vector<Row>> read_all(SqlQuery& query, const Read& read) {
    std::vector<Row> out;
    TIDEWAY_TRY_ASSIGN(bool found, query.step());
    while (found) {
        TIDEWAY_TRY_ASSIGN(Row row, read(query));
        out.push_back(std::move(row));
        TIDEWAY_TRY_ASSIGN(found, query.step());
    }
    return out;
}

// The first row or nothing.
template <typename Row, typename Read>
Result<std::optional<Row>> read_one(SqlQuery& query, const Read& read) {
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    if (!found) {
        return std::optional<Row>();
    }
    TIDEWAY_TRY_ASSIGN(Row row, read(query));
    return std::optional<Row>(std::move(row));
}

}  // namespace tideway::store
