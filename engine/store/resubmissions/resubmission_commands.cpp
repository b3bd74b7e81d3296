#include "engine/store/resubmissions/resubmission_commands.h"

#include <array>

#include "engine/store/resubmissions/resubmission_reader.h"
#include "engine/store/sql_query.h"

namespace tideway::store {

Result<Outcome> ResubmissionCommands::apply(const PutResubmission& command) {
    const ResubmissionRecord& record = command.record;
    Outcome out;
    {
        SqlQuery query(
            driver_,
            "INSERT INTO resubmission(person, choices, state, reason, forgiven, created, ended)"
            " VALUES ($person, $choices, $state, $reason, 0, $created, $ended) RETURNING id"
        );
        query.set("person", record.person);
        query.set("choices", record.choices);
        query.set("state", to_string(record.state));
        query.set("reason", record.reason);
        query.set("created", record.created);
        query.set("ended", record.ended);
        TIDEWAY_TRY(query.step());
        out.id = query.integer();
    }
    SqlQuery query(
        driver_,
        "INSERT INTO resubmission_item(resubmission_id, position, original, run, state, reason)"
        " VALUES ($id, $position, $original, $run, $state, $reason)"
    );
    for (const ResubmissionItem& item : command.items) {
        query.set("id", out.id);
        query.set("position", item.position);
        query.set("original", item.original);
        query.set("run", item.run);
        query.set("state", to_string(item.state));
        query.set("reason", item.reason);
        TIDEWAY_TRY(query.run());
        query.reset();
    }
    return out;
}

Result<ResubmissionState> ResubmissionCommands::state_of(std::int64_t id) {
    SqlQuery query(driver_, "SELECT state FROM resubmission WHERE id = $id");
    query.set("id", id);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    if (!found) {
        return fail(
            ErrorKind::kNotFound,
            "ResubmissionNotFound",
            "There is no resubmission " + std::to_string(id) + ".",
            "List them with: tideway resubmissions list"
        );
    }
    return parse_resubmission_state(query.view());
}

Result<Outcome> ResubmissionCommands::apply(const SetResubmissionState& command) {
    TIDEWAY_TRY_ASSIGN(const ResubmissionState state, state_of(command.id));
    if (state == ResubmissionState::kDone) {
        return fail(
            ErrorKind::kConflict,
            "ResubmissionDone",
            "The resubmission " + std::to_string(command.id) + " is done.",
            "Resubmit what has failed again: tideway runs resubmit"
        );
    }
    const bool goes_on = command.state == ResubmissionState::kRunning;
    SqlQuery query(
        driver_,
        goes_on ? "UPDATE resubmission SET state = $state, reason = $reason, ended = $ended,"
                  " forgiven = (SELECT count(*) FROM resubmission_item WHERE resubmission_id = $id"
                  " AND state IN ('Failed', 'Paused')) WHERE id = $id"
                : "UPDATE resubmission SET state = $state, reason = $reason, ended = $ended"
                  " WHERE id = $id"
    );
    query.set("state", to_string(command.state));
    query.set("reason", command.reason);
    query.set("ended", goes_on ? std::nullopt : std::optional<Timestamp>(command.at));
    query.set("id", command.id);
    TIDEWAY_TRY(query.run());
    Outcome out;
    out.id = command.id;
    return out;
}

Result<Outcome> ResubmissionCommands::apply(const PutResubmissionItem& command) {
    TIDEWAY_TRY_ASSIGN(const ResubmissionState state, state_of(command.resubmission_id));
    const ResubmissionItem& item = command.item;
    if (item.state == ResubmittedState::kStarted && state != ResubmissionState::kRunning) {
        return fail(
            ErrorKind::kConflict,
            "ResubmissionNotRunning",
            "The resubmission " + std::to_string(command.resubmission_id) + " is " +
                std::string(to_string(state)) + "; it starts no more runs."
        );
    }
    SqlQuery query(
        driver_,
        "UPDATE resubmission_item SET run = $run, state = $state, reason = $reason"
        " WHERE resubmission_id = $id AND position = $position"
    );
    query.set("run", item.run);
    query.set("state", to_string(item.state));
    query.set("reason", item.reason);
    query.set("id", command.resubmission_id);
    query.set("position", item.position);
    TIDEWAY_TRY(query.run());
    Outcome out;
    out.id = command.resubmission_id;
    return out;
}

Status prune_resubmissions(SqlDriver& driver, Timestamp before, int limit) {
    constexpr std::array<std::string_view, 2> kRemove{
        "DELETE FROM resubmission_item WHERE resubmission_id IN (SELECT id FROM resubmission"
        " WHERE ended < $before ORDER BY id LIMIT $limit)",
        "DELETE FROM resubmission WHERE id IN (SELECT id FROM resubmission"
        " WHERE ended < $before ORDER BY id LIMIT $limit)",
    };
    for (const std::string_view sql : kRemove) {
        SqlQuery query(driver, sql);
        query.set("before", before);
        query.set("limit", limit);
        TIDEWAY_TRY(query.run());
    }
    return {};
}

}  // namespace tideway::store
