// Commands about events and runs: admit, append to the journal, claim, set the status.
// Each checks everything that can be refused before it writes anything.
#pragma once

#include <unordered_map>

#include "engine/store/commands.h"
#include "engine/store/lock_commands.h"
#include "engine/store/payload_table.h"
#include "engine/store/sql_driver.h"
#include "engine/store/turn_commands.h"

namespace tideway::store {

// Thread: that of the driver; inside a write transaction. Everything is borrowed.
class RunCommands {
  public:
    RunCommands(SqlDriver& driver, PayloadTable& payloads, LockCommands& locks)
        : driver_(driver),
          payloads_(payloads),
          locks_(locks),
          turns_(driver) {}

    Result<Outcome> apply(const Admit& command);
    Result<Outcome> apply(const AppendJournal& command);
    Result<Outcome> apply(const ClaimRun& command);
    Result<Outcome> apply(const SetRunStatus& command);
    Result<Outcome> apply(const AdvanceFanOut& command);

    // What was written since the last commit is undone.
    void forget_heads() { heads_.clear(); }

  private:
    // What decides whether a run takes a change. Kept for runs that have not ended: every change of
    // them comes through here.
    struct Head {
        std::int64_t lease_epoch = 0;
        std::int64_t next_seq = 1;
        bool has_turn = false;
    };

    Result<std::optional<Outcome>> run_that_exists(const Uid& uid);
    // Events that came before (history/known_events.cpp).
    Result<std::optional<Outcome>> change_that_is_known(const model::EventRecord& event);
    Result<std::optional<Outcome>> event_of_change(const model::EventRecord& event);
    Result<Outcome> duplicate(
        Outcome first, const model::EventRecord& event, std::string_view reason
    );
    Result<std::optional<Outcome>> first_of_key(const Admit& command);
    Status remember_key(const Admit& command, const Outcome& made);
    Result<EventId> insert_event(
        const model::EventRecord& event,
        RunId run_id,
        model::EventStatus status,
        std::string_view reason
    );
    Result<RunId> insert_run(const model::RunRecord& run);
    Status join_line(const Admit& command, Outcome& out);
    Result<Outcome> coalesce(const Admit& command, RunId waiting);
    // Of a run that has ended: what it held goes to others, who are told by `out`.
    Status give_up(RunId run_id, Head head, Outcome& out);
    Status insert_fan_out(const Admit& command, EventId event);

    Result<Head*> head_of(RunId run_id);
    Result<Head> read_head(RunId run_id);
    Status insert_rows(const AppendJournal& command);
    Status put_effect(RunId run_id, const model::EffectRecord& effect);
    Result<bool> complete_effect(
        RunId run_id, const model::EffectRecord& effect, const Payload& output
    );
    Status insert_effect(RunId run_id, const model::EffectRecord& effect, const Payload& output);
    Status update_run(RunId run_id, const model::RunRecord& run, std::optional<Timestamp> ended);

    SqlDriver& driver_;
    PayloadTable& payloads_;
    LockCommands& locks_;
    TurnCommands turns_;
    std::unordered_map<RunId, Head> heads_;
};

}  // namespace tideway::store
