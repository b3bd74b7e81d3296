// The lines of flows whose trigger asks for turns (Turn): who may start, decided by the writer in
// the commit that admits or ends a run.
#pragma once

#include <vector>

#include "engine/store/commands.h"
#include "engine/store/sql_driver.h"

namespace tideway::store {

// As stored.
enum class TurnState {
    kBehind = 0,   // another run of its key, or an older split event, comes first
    kReady = 1,    // the first of its key; waits until fewer runs are under way
    kStarted = 2,  // under way until it ends, also while it is Paused
};

// Thread: that of the driver; inside a write transaction. Everything is borrowed.
class TurnCommands {
  public:
    explicit TurnCommands(SqlDriver& driver)
        : driver_(driver) {}

    // The waiting run whose event this one replaces; 0: none.
    Result<RunId> run_to_coalesce(FlowId flow, const Turn& turn);

    // Refuses an event that would have to wait in a full line.
    Status require_room(FlowId flow, const Turn& turn);

    // A run takes its place: `event` gives the order unless it is an item of an older one. The runs
    // whose turn has come; without itself it is Waiting now, with the reason.
    Result<std::vector<RunId>> enter(RunId run, FlowId flow, EventId event, const Turn& turn);

    // A waiting run takes the event instead of its own. It keeps its place, unless runs of its key
    // stand behind it: these were to see older events first.
    Result<std::vector<RunId>> replace_event(
        RunId run, FlowId flow, EventId event, const Turn& turn
    );

    // The run has ended. The runs whose turn has come.
    Result<std::vector<RunId>> leave(RunId run);

    // A run that was Paused goes on: whether its turn has come. If not it is Waiting, with the
    // reason.
    Result<bool> goes_on(RunId run);

    // All items of a split event have their places.
    Result<std::vector<RunId>> end_fan_out(FlowId flow);

  private:
    struct Place {
        RunId run = 0;
        FlowId flow = 0;
        EventId event = 0;
        std::string key;
    };

    enum class Side { kBefore, kAfter };

    Result<std::optional<RunId>> neighbour(const Place& of, Side side);
    Result<std::string> blocker(const Place& of);
    Result<std::int64_t> limit_of(FlowId flow);
    Status set_limit(FlowId flow, std::int64_t runs_max);
    Result<std::int64_t> count_started(FlowId flow);
    Result<std::int64_t> count_waiting(FlowId flow, std::int64_t most);
    Status insert(const Place& place, const Turn& turn, TurnState state);
    Status set_state(RunId run, TurnState state);
    Status wait(RunId run, std::string_view reason);
    Result<Place> place_of(RunId run);
    // Looks again at the run behind a place that was taken or left.
    Status look_behind(const Place& place);
    Status look_again(const Place& place);
    Result<std::vector<RunId>> start_ready(FlowId flow);

    SqlDriver& driver_;
};

}  // namespace tideway::store
