// RunCommands: what came before. An event is a duplicate by the key that its trigger gives it, or
// because it tells of a change that is known.
#include "engine/store/run_commands.h"
#include "engine/store/sql_query.h"

namespace tideway::store {

// The event is recorded beside the run that the first one made.
Result<Outcome> RunCommands::duplicate(
    Outcome first, const model::EventRecord& event, std::string_view reason
) {
    TIDEWAY_TRY_ASSIGN(
        first.id, insert_event(event, first.run_id, model::EventStatus::kDuplicate, reason)
    );
    return first;
}

// What was found leaves nothing where an event has told of the same change: history would have each
// change twice. It is the same when some event of the record led to its version, or when the last
// one left what the flow watches as it is now. An event that tells of what was found before is a
// duplicate of it.
Result<std::optional<Outcome>> RunCommands::change_that_is_known(const model::EventRecord& event) {
    if (event.change.record.empty()) {
        return std::optional<Outcome>();
    }
    TIDEWAY_TRY_ASSIGN(auto known, event_of_change(event));
    if (!known || event.origin != model::EventOrigin::kBrought) {
        return known;
    }
    TIDEWAY_TRY_ASSIGN(*known, duplicate(*known, event, "This change was found before."));
    return known;
}

Result<std::optional<Outcome>> RunCommands::event_of_change(const model::EventRecord& event) {
    const bool was_brought = event.origin == model::EventOrigin::kBrought;
    SqlQuery query(
        driver_,
        "SELECT e.origin, e.version, e.state, e.run_id, r.uid FROM event e"
        " LEFT JOIN run r ON r.id = e.run_id"
        " WHERE e.flow_id = $flow AND e.record = $record AND e.record <> '' ORDER BY e.id DESC"
    );
    query.set("flow", event.flow_id);
    query.set("record", event.change.record);
    for (bool is_last = true;; is_last = false) {
        TIDEWAY_TRY_ASSIGN(const bool found, query.step());
        if (!found) {
            return std::optional<Outcome>();
        }
        const auto origin = model::parse_event_origin(query.view());
        const bool is_version = query.view() == event.change.version;
        const bool is_state = query.view() == event.change.state && !event.change.state.empty();
        const bool is_it = was_brought ? is_version && origin != model::EventOrigin::kBrought
                                       : is_version || (is_last && is_state);
        if (is_it) {
            Outcome out;
            out.run_id = query.integer();
            out.run_uid = query.uid();
            out.is_duplicate = true;
            return std::optional(std::move(out));
        }
    }
}

Result<std::optional<Outcome>> RunCommands::first_of_key(const Admit& command) {
    SqlQuery query(
        driver_,
        "SELECT run_id, run_uid FROM dedupe"
        " WHERE flow_id = $flow AND dedupe_key = $key AND expires > $received"
    );
    query.set("flow", command.event.flow_id);
    query.set("key", command.event.dedupe_key);
    query.set("received", command.event.received);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    if (!found) {
        return std::optional<Outcome>();
    }
    Outcome out;
    out.run_id = query.integer();
    out.run_uid = query.uid();
    out.is_duplicate = true;
    return std::optional<Outcome>(std::move(out));
}

Status RunCommands::remember_key(const Admit& command, const Outcome& made) {
    SqlQuery query(
        driver_,
        "INSERT INTO dedupe(flow_id, dedupe_key, expires, run_id, run_uid)"
        " VALUES ($flow, $key, $expires, $run, $uid)"
        " ON CONFLICT(flow_id, dedupe_key) DO UPDATE SET"
        " expires = excluded.expires, run_id = excluded.run_id, run_uid = excluded.run_uid"
    );
    query.set("flow", command.event.flow_id);
    query.set("key", command.event.dedupe_key);
    query.set("expires", command.dedupe_expires);
    query.set("run", made.run_id);
    query.set("uid", made.run_uid);
    return query.run();
}

}  // namespace tideway::store
