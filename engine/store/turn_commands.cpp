#include "engine/store/turn_commands.h"

#include <algorithm>
#include <limits>

#include "engine/store/sql_query.h"

namespace tideway::store {
namespace {

constexpr std::string_view kBusy =
    "its turn: as many runs of the flow are under way as its concurrency allows";

// Of an event that has no row yet: behind everything.
constexpr EventId kLast = std::numeric_limits<EventId>::max();

// Items of a split event share a place: those beside it are looked for first, in the index alone.
constexpr std::string_view kBefore =
    "SELECT run_id FROM (SELECT 0 AS rank, run_id FROM (SELECT run_id FROM turn"
    " WHERE flow_id = $flow AND key = $key AND key <> '' AND place = $place AND run_id < $run"
    " ORDER BY run_id DESC LIMIT 1) AS beside"
    " UNION ALL SELECT 1 AS rank, run_id FROM (SELECT run_id FROM turn"
    " WHERE flow_id = $flow AND key = $key AND key <> '' AND place < $place"
    " ORDER BY place DESC, run_id DESC LIMIT 1) AS further) AS neighbour ORDER BY rank LIMIT 1";

constexpr std::string_view kAfter =
    "SELECT run_id FROM (SELECT 0 AS rank, run_id FROM (SELECT run_id FROM turn"
    " WHERE flow_id = $flow AND key = $key AND key <> '' AND place = $place AND run_id > $run"
    " ORDER BY run_id LIMIT 1) AS beside"
    " UNION ALL SELECT 1 AS rank, run_id FROM (SELECT run_id FROM turn"
    " WHERE flow_id = $flow AND key = $key AND key <> '' AND place > $place"
    " ORDER BY place, run_id LIMIT 1) AS further) AS neighbour ORDER BY rank LIMIT 1";

EventId place_in_line(const Turn& turn, EventId event) {
    return turn.split_event != 0 ? turn.split_event : event;
}

int stored(TurnState state) {
    return static_cast<int>(state);
}

}  // namespace

Result<RunId> TurnCommands::run_to_coalesce(FlowId flow, const Turn& turn) {
    if (turn.coalesce_key.empty()) {
        return RunId(0);
    }
    SqlQuery query(
        driver_,
        "SELECT run_id FROM turn WHERE flow_id = $flow AND coalesce_key = $coalesce"
        " AND coalesce_key <> '' AND key = $key AND state <> $started"
        " ORDER BY place DESC, run_id DESC LIMIT 1"
    );
    query.set("flow", flow);
    query.set("coalesce", turn.coalesce_key);
    query.set("key", turn.key);
    query.set("started", stored(TurnState::kStarted));
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    return found ? query.integer() : RunId(0);
}

Status TurnCommands::require_room(FlowId flow, const Turn& turn) {
    if (!turn.waiting_max) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(
        const std::string first, blocker({0, flow, place_in_line(turn, kLast), turn.key})
    );
    if (first.empty()) {
        TIDEWAY_TRY_ASSIGN(const std::int64_t started, count_started(flow));
        if (turn.runs_max == 0 || started < turn.runs_max) {
            return {};
        }
    }
    TIDEWAY_TRY_ASSIGN(const std::int64_t waiting, count_waiting(flow, *turn.waiting_max));
    if (waiting < *turn.waiting_max) {
        return {};
    }
    return fail(
        ErrorKind::kThrottled,
        "TooManyWaitingRuns",
        "As many runs of the flow wait as its concurrency allows: " +
            std::to_string(*turn.waiting_max) + ".",
        "Send the event again later."
    );
}

Result<std::vector<RunId>> TurnCommands::enter(
    RunId run, FlowId flow, EventId event, const Turn& turn
) {
    const Place place{run, flow, place_in_line(turn, event), turn.key};
    TIDEWAY_TRY(set_limit(flow, turn.runs_max));
    TIDEWAY_TRY_ASSIGN(const std::string first, blocker(place));
    TIDEWAY_TRY(insert(place, turn, first.empty() ? TurnState::kReady : TurnState::kBehind));
    if (turn.split_event != 0) {
        TIDEWAY_TRY(look_behind(place));
    }
    TIDEWAY_TRY_ASSIGN(auto turns, start_ready(flow));
    if (std::ranges::find(turns, run) == turns.end()) {
        TIDEWAY_TRY(wait(run, first.empty() ? kBusy : std::string_view(first)));
    }
    return turns;
}

Result<std::vector<RunId>> TurnCommands::replace_event(
    RunId run, FlowId flow, EventId event, const Turn& turn
) {
    TIDEWAY_TRY_ASSIGN(const Place place, place_of(run));
    TIDEWAY_TRY_ASSIGN(const auto behind, neighbour(place, Side::kAfter));
    if (!behind) {
        TIDEWAY_TRY(set_limit(flow, turn.runs_max));
        return start_ready(flow);
    }
    TIDEWAY_TRY_ASSIGN(auto turns, leave(run));
    TIDEWAY_TRY_ASSIGN(const auto more, enter(run, flow, event, turn));
    turns.insert(turns.end(), more.begin(), more.end());
    return turns;
}

Result<std::vector<RunId>> TurnCommands::leave(RunId run) {
    TIDEWAY_TRY_ASSIGN(const Place place, place_of(run));
    SqlQuery query(driver_, "DELETE FROM turn WHERE run_id = $run");
    query.set("run", run);
    TIDEWAY_TRY(query.run());
    TIDEWAY_TRY(look_behind(place));
    return start_ready(place.flow);
}

Result<bool> TurnCommands::goes_on(RunId run) {
    SqlQuery query(driver_, "SELECT state = $started FROM turn WHERE run_id = $run");
    query.set("started", stored(TurnState::kStarted));
    query.set("run", run);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    if (!found || query.boolean()) {
        return true;
    }
    TIDEWAY_TRY_ASSIGN(const Place place, place_of(run));
    TIDEWAY_TRY(look_again(place));
    return false;
}

Result<std::vector<RunId>> TurnCommands::end_fan_out(FlowId flow) {
    std::vector<RunId> firsts;
    {
        SqlQuery query(
            driver_,
            "SELECT run_id FROM turn WHERE flow_id = $flow AND state = $behind AND NOT EXISTS"
            " (SELECT 1 FROM turn AS earlier WHERE earlier.flow_id = $flow"
            " AND earlier.key = turn.key AND earlier.key <> ''"
            " AND (earlier.place, earlier.run_id) < (turn.place, turn.run_id))"
        );
        query.set("flow", flow);
        query.set("behind", stored(TurnState::kBehind));
        TIDEWAY_TRY_ASSIGN(bool found, query.step());
        while (found) {
            firsts.push_back(query.integer());
            TIDEWAY_TRY_ASSIGN(found, query.step());
        }
    }
    for (const RunId first : firsts) {
        TIDEWAY_TRY_ASSIGN(const Place place, place_of(first));
        TIDEWAY_TRY(look_again(place));
    }
    return start_ready(flow);
}

// ------------------------------------------------------------------ who comes first

// The run of the same key directly before or after a place.
Result<std::optional<RunId>> TurnCommands::neighbour(const Place& of, Side side) {
    if (of.key.empty()) {
        return std::optional<RunId>();
    }
    SqlQuery query(driver_, side == Side::kBefore ? kBefore : kAfter);
    query.set("flow", of.flow);
    query.set("key", of.key);
    query.set("place", of.event);
    query.set("run", of.run);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    return found ? std::optional<RunId>(query.integer()) : std::nullopt;
}

// What must end before the first step of the run there, as it is told to people; empty: nothing.
Result<std::string> TurnCommands::blocker(const Place& of) {
    if (of.key.empty()) {
        return std::string();
    }
    TIDEWAY_TRY_ASSIGN(const auto before, neighbour(of, Side::kBefore));
    if (before) {
        SqlQuery run(driver_, "SELECT uid FROM run WHERE id = $id");
        run.set("id", *before);
        TIDEWAY_TRY(run.step());
        return "its turn: the run " + run.uid().hex() + " with the same key comes first";
    }
    // Items of it that have no runs yet may have the same key.
    SqlQuery split(
        driver_,
        "SELECT event.uid FROM fan_out JOIN event ON event.id = fan_out.event_id"
        " WHERE fan_out.flow_id = $flow AND fan_out.event_id < $place"
        " ORDER BY fan_out.event_id LIMIT 1"
    );
    split.set("flow", of.flow);
    split.set("place", of.event);
    TIDEWAY_TRY_ASSIGN(const bool found, split.step());
    return found ? "its turn: the items of the split event " + split.uid().hex() + " come first"
                 : std::string();
}

Status TurnCommands::look_behind(const Place& place) {
    TIDEWAY_TRY_ASSIGN(const auto behind, neighbour(place, Side::kAfter));
    if (!behind) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(const Place next, place_of(*behind));
    return look_again(next);
}

Status TurnCommands::look_again(const Place& place) {
    TIDEWAY_TRY_ASSIGN(const std::string first, blocker(place));
    TIDEWAY_TRY(set_state(place.run, first.empty() ? TurnState::kReady : TurnState::kBehind));
    return wait(place.run, first.empty() ? kBusy : std::string_view(first));
}

Result<std::vector<RunId>> TurnCommands::start_ready(FlowId flow) {
    TIDEWAY_TRY_ASSIGN(const std::int64_t limit, limit_of(flow));
    std::int64_t started = 0;
    if (limit != 0) {
        TIDEWAY_TRY_ASSIGN(started, count_started(flow));
    }
    std::vector<RunId> out;
    for (; limit == 0 || started < limit; ++started) {
        RunId next = 0;
        {
            SqlQuery query(
                driver_,
                "SELECT run_id FROM turn WHERE flow_id = $flow AND state = $ready"
                " ORDER BY place, run_id LIMIT 1"
            );
            query.set("flow", flow);
            query.set("ready", stored(TurnState::kReady));
            TIDEWAY_TRY_ASSIGN(const bool found, query.step());
            if (!found) {
                break;
            }
            next = query.integer();
        }
        TIDEWAY_TRY(set_state(next, TurnState::kStarted));
        SqlQuery reason(
            driver_, "UPDATE run SET wait_reason = '' WHERE id = $id AND status <> $paused"
        );
        reason.set("id", next);
        reason.set("paused", model::to_string(model::Status::kPaused));
        TIDEWAY_TRY(reason.run());
        out.push_back(next);
    }
    return out;
}

// ------------------------------------------------------------------ rows

// How many may be under way is the flow's, as its newest event has it.
Result<std::int64_t> TurnCommands::limit_of(FlowId flow) {
    SqlQuery query(driver_, "SELECT runs_max FROM line WHERE flow_id = $flow");
    query.set("flow", flow);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    return found ? query.integer() : 0;
}

Status TurnCommands::set_limit(FlowId flow, std::int64_t runs_max) {
    TIDEWAY_TRY_ASSIGN(const std::int64_t known, limit_of(flow));
    if (known == runs_max) {
        return {};
    }
    SqlQuery query(
        driver_,
        "INSERT INTO line(flow_id, runs_max) VALUES ($flow, $limit)"
        " ON CONFLICT(flow_id) DO UPDATE SET runs_max = excluded.runs_max"
    );
    query.set("flow", flow);
    query.set("limit", runs_max);
    return query.run();
}

Result<std::int64_t> TurnCommands::count_started(FlowId flow) {
    SqlQuery query(driver_, "SELECT count(*) FROM turn WHERE flow_id = $flow AND state = $started");
    query.set("flow", flow);
    query.set("started", stored(TurnState::kStarted));
    TIDEWAY_TRY(query.step());
    return query.integer();
}

Result<std::int64_t> TurnCommands::count_waiting(FlowId flow, std::int64_t most) {
    SqlQuery query(
        driver_,
        "SELECT count(*) FROM (SELECT 1 FROM turn WHERE flow_id = $flow AND state < $started"
        " LIMIT $most) AS waiting"
    );
    query.set("flow", flow);
    query.set("started", stored(TurnState::kStarted));
    query.set("most", most);
    TIDEWAY_TRY(query.step());
    return query.integer();
}

Status TurnCommands::insert(const Place& place, const Turn& turn, TurnState state) {
    SqlQuery query(
        driver_,
        "INSERT INTO turn(run_id, flow_id, place, key, coalesce_key, state)"
        " VALUES ($run, $flow, $place, $key, $coalesce, $state)"
    );
    query.set("run", place.run);
    query.set("flow", place.flow);
    query.set("place", place.event);
    query.set("key", turn.key);
    query.set("coalesce", turn.coalesce_key);
    query.set("state", stored(state));
    return query.run();
}

Status TurnCommands::set_state(RunId run, TurnState state) {
    SqlQuery query(driver_, "UPDATE turn SET state = $state WHERE run_id = $run");
    query.set("state", stored(state));
    query.set("run", run);
    return query.run();
}

// Nobody has taken the run: it starts, and its time runs, when it is claimed. A Paused one stays
// so.
Status TurnCommands::wait(RunId run, std::string_view reason) {
    SqlQuery query(
        driver_,
        "UPDATE run SET status = $waiting, wait_reason = $reason, started = NULL, lease_epoch = 0"
        " WHERE id = $id AND status <> $paused"
    );
    query.set("paused", model::to_string(model::Status::kPaused));
    query.set("waiting", model::to_string(model::Status::kWaiting));
    query.set("reason", reason);
    query.set("id", run);
    return query.run();
}

Result<TurnCommands::Place> TurnCommands::place_of(RunId run) {
    SqlQuery query(driver_, "SELECT flow_id, place, key FROM turn WHERE run_id = $run");
    query.set("run", run);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    if (!found) {
        return fail(
            ErrorKind::kInternal,
            "TurnNotFound",
            "Run " + std::to_string(run) + " is in no line of its flow."
        );
    }
    Place place;
    place.run = run;
    place.flow = query.integer();
    place.event = query.integer();
    place.key = query.text();
    return place;
}

}  // namespace tideway::store
