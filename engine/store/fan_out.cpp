// RunCommands: the event of many runs, which are made later and in pieces.
#include "engine/store/run_commands.h"
#include "engine/store/sql_query.h"

namespace tideway::store {

Status RunCommands::insert_fan_out(const Admit& command, EventId event) {
    const Admit::Split& split = *command.split;
    TIDEWAY_TRY_ASSIGN(const Payload items, payloads_.column_of(split.items, {"fan_out", event}));
    SqlQuery query(
        driver_,
        "INSERT INTO fan_out(event_id, flow_id, version_id, next, count, items)"
        " VALUES ($event, $flow, $version, 0, $count, $items)"
    );
    query.set("event", event);
    query.set("flow", command.event.flow_id);
    query.set("version", split.version_id);
    query.set("count", split.count);
    query.set("items", items);
    return query.run();
}

Result<Outcome> RunCommands::apply(const AdvanceFanOut& command) {
    SqlQuery query(
        driver_,
        "UPDATE fan_out SET next = $to WHERE event_id = $event AND next = $from"
        " RETURNING count, flow_id"
    );
    query.set("to", command.to);
    query.set("event", command.event_id);
    query.set("from", command.from);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    if (!found) {
        return fail(
            ErrorKind::kConflict,
            "FanOutMoved",
            "The items of event " + std::to_string(command.event_id) + " from " +
                std::to_string(command.from) + " on have runs already.",
            "Read again how far it is."
        );
    }
    const bool is_complete = query.integer() <= command.to;
    const FlowId flow = query.integer();
    query.reset();
    Outcome out;
    out.id = command.event_id;
    if (is_complete) {
        SqlQuery remove(driver_, "DELETE FROM fan_out WHERE event_id = $event");
        remove.set("event", command.event_id);
        TIDEWAY_TRY(remove.run());
        TIDEWAY_TRY(payloads_.release({"fan_out", command.event_id}));
        TIDEWAY_TRY_ASSIGN(out.turns, turns_.end_fan_out(flow));
    }
    return out;
}

}  // namespace tideway::store
