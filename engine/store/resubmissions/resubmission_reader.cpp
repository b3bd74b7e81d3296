#include "engine/store/resubmissions/resubmission_reader.h"

#include <array>
#include <utility>

#include "engine/store/sql_rows.h"

namespace tideway::store {
namespace {

constexpr std::array<std::pair<ResubmissionState, std::string_view>, 4> kStates{{
    {ResubmissionState::kRunning, "Running"},
    {ResubmissionState::kStopped, "Stopped"},
    {ResubmissionState::kAborted, "Aborted"},
    {ResubmissionState::kDone, "Done"},
}};

constexpr std::array<std::pair<ResubmittedState, std::string_view>, 7> kItemStates{{
    {ResubmittedState::kPending, "Pending"},
    {ResubmittedState::kStarted, "Started"},
    {ResubmittedState::kSucceeded, "Succeeded"},
    {ResubmittedState::kFailed, "Failed"},
    {ResubmittedState::kPaused, "Paused"},
    {ResubmittedState::kSuperseded, "Superseded"},
    {ResubmittedState::kRefused, "Refused"},
}};

template <typename Table, typename State>
std::string_view word_of(const Table& table, State state) {
    for (const auto& [known, word] : table) {
        if (known == state) {
            return word;
        }
    }
    return table.front().second;
}

template <typename Table>
auto state_of(const Table& table, std::string_view word) {
    for (const auto& [known, text] : table) {
        if (text == word) {
            return known;
        }
    }
    return table.front().first;
}

constexpr std::string_view kColumns =
    "SELECT id, person, choices, state, reason, forgiven, created, ended FROM resubmission";

Result<ResubmissionRecord> read_resubmission(SqlQuery& row) {
    ResubmissionRecord out;
    out.id = row.integer();
    out.person = row.text();
    out.choices = row.payload();
    out.state = parse_resubmission_state(row.view());
    out.reason = row.text();
    out.forgiven = row.integer();
    out.created = row.timestamp();
    out.ended = row.optional_timestamp();
    return out;
}

Status count_items(SqlDriver& driver, ResubmissionRecord& record) {
    SqlQuery query(
        driver,
        "SELECT state, count(*) FROM resubmission_item WHERE resubmission_id = $id GROUP BY state"
    );
    query.set("id", record.id);
    TIDEWAY_TRY_ASSIGN(bool found, query.step());
    while (found) {
        const ResubmittedState state = parse_resubmitted_state(query.view());
        record.items[state] = query.integer();
        TIDEWAY_TRY_ASSIGN(found, query.step());
    }
    return {};
}

Result<ResubmissionItem> read_item(SqlQuery& row) {
    ResubmissionItem out;
    out.position = row.integer();
    out.original = row.uid();
    out.run = row.uid();
    out.state = parse_resubmitted_state(row.view());
    out.reason = row.text();
    return out;
}

}  // namespace

std::string_view to_string(ResubmissionState state) {
    return word_of(kStates, state);
}

std::string_view to_string(ResubmittedState state) {
    return word_of(kItemStates, state);
}

ResubmissionState parse_resubmission_state(std::string_view text) {
    return state_of(kStates, text);
}

ResubmittedState parse_resubmitted_state(std::string_view text) {
    return state_of(kItemStates, text);
}

Result<std::vector<ResubmissionRecord>> SqlResubmissionReader::resubmissions(int limit) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    std::vector<ResubmissionRecord> out;
    {
        SqlQuery query(lease.driver(), std::string(kColumns) + " ORDER BY id DESC LIMIT $limit");
        query.set("limit", limit);
        TIDEWAY_TRY_ASSIGN(out, read_all<ResubmissionRecord>(query, read_resubmission));
    }
    for (ResubmissionRecord& record : out) {
        TIDEWAY_TRY(count_items(lease.driver(), record));
    }
    return out;
}

Result<std::optional<ResubmissionRecord>> SqlResubmissionReader::resubmission(std::int64_t id) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    std::optional<ResubmissionRecord> out;
    {
        SqlQuery query(lease.driver(), std::string(kColumns) + " WHERE id = $id");
        query.set("id", id);
        TIDEWAY_TRY_ASSIGN(out, read_one<ResubmissionRecord>(query, read_resubmission));
    }
    if (out) {
        TIDEWAY_TRY(count_items(lease.driver(), *out));
    }
    return out;
}

Result<std::vector<std::int64_t>> SqlResubmissionReader::unfinished() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT id FROM resubmission WHERE state = 'Running' OR EXISTS (SELECT 1 FROM"
        " resubmission_item WHERE resubmission_id = resubmission.id AND state = 'Started')"
        " ORDER BY id"
    );
    return read_all<std::int64_t>(query, [](SqlQuery& row) -> Result<std::int64_t> {
        return row.integer();
    });
}

Result<std::vector<ResubmissionItem>> SqlResubmissionReader::items(
    std::int64_t id, std::optional<ResubmittedState> state, std::int64_t after, int limit
) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    const std::string_view word = state ? to_string(*state) : std::string_view();
    SqlQuery query(
        lease.driver(),
        state ? "SELECT position, original, run, state, reason FROM resubmission_item"
                " WHERE resubmission_id = $id AND state = $state AND position > $after"
                " ORDER BY position LIMIT $limit"
              : "SELECT position, original, run, state, reason FROM resubmission_item"
                " WHERE resubmission_id = $id AND position > $after"
                " ORDER BY position LIMIT $limit"
    );
    query.set("id", id);
    if (state) {
        query.set("state", word);
    }
    query.set("after", after);
    query.set("limit", limit);
    return read_all<ResubmissionItem>(query, read_item);
}

}  // namespace tideway::store
