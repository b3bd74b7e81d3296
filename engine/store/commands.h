// What can be asked of the store: commands, the batches they travel in, and what each gives back.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/limits.h"
#include "engine/model/flow.h"
#include "engine/model/journal_row.h"
#include "engine/model/run.h"
#include "engine/model/tracked_value.h"
#include "engine/store/notices/notices.h"
#include "engine/store/resubmissions/resubmissions.h"
#include "engine/store/revisions/revisions.h"
#include "engine/store/setting_commands.h"

namespace tideway::store {

using model::EventId;
using model::FlowId;
using model::RunId;
using model::VersionId;

// A run's place in the line of its flow: runs with the same key follow each other in the order of
// their events, and no more than `runs_max` are under way. Whoever may start does so at once; the
// others are Waiting and start when a run of the line ends (Outcome::turns).
struct Turn {
    std::string key;           // empty: it follows nobody
    std::string coalesce_key;  // empty: no later event takes its event's place while it waits
    int runs_max = 0;          // of the line, under way at a time; 0: any number
    // When it would have to wait and as many wait already, the event is refused (code
    // "TooManyWaitingRuns") and the whole batch undone. Absent: never.
    std::optional<int> waiting_max{};
    EventId split_event = 0;  // of an item: its place is that of the event it came with
};

// A trigger delivered something. Without `run` the event is only recorded (refused, unmet ...).
// With `split` it is the event of many runs, which a fan-out makes later (AdvanceFanOut).
// With `dedupe_key` set: if an accepted event of the flow has the same key within `dedupe_until`,
// nothing is made but an event row with status Duplicate, and the result names the first run.
// With `event.change` set: if an event of the flow has told of the same change and one of the two
// was found, not brought, nothing is made; of an event that was brought a row with status Duplicate
// is.
// A run whose uid exists already is not made again: the result is that run, as a duplicate.
// With `turn` the run may have to wait. Where one with the same keys waits already, no run is made:
// the event takes the place of that run's event, which becomes Coalesced, and the result is that
// run.
struct Admit {
    struct Split {
        Payload items;  // a JSON array
        std::int64_t count = 0;
        VersionId version_id = 0;  // of the runs
    };

    model::EventRecord event;
    std::optional<model::RunRecord> run;
    std::optional<Timestamp> dedupe_expires;  // with event.dedupe_key
    std::optional<Split> split{};
    std::optional<Turn> turn{};
};

// Rows of one run, in order, with everything that changes with them. Refused (code "LeaseLost")
// when `lease_epoch` is not the run's, (code "JournalGap") when the rows do not follow the run's
// last: the whole batch is then undone and fails. Refused (code "RunEnded") when the run has ended.
// A record with a final status ends the run: its locks and its places in lock queues are given up,
// its callbacks go.
struct AppendJournal {
    RunId run_id = 0;
    std::int64_t lease_epoch = 0;
    std::vector<model::JournalRow> rows;
    std::vector<model::EffectRecord> effects;    // by (run_id, seq): inserted, or completed
    std::vector<model::TrackedValue> tracked{};  // added to what is known of the run
    // The run's own columns; the id, uid and lineage of this record are not looked at.
    std::optional<model::RunRecord> run;
};

// Takes a run for this process: bumps lease_epoch and returns it. `deaths` is increased when
// `after_death`.
struct ClaimRun {
    RunId run_id = 0;
    bool after_death = false;
};

// Changes outside a claim: sets the run's status, wait reason and error. A run that is set Running
// goes on: its deaths are forgotten. Refused (code "RunEnded") when the run has ended.
struct SetRunStatus {
    RunId run_id = 0;
    model::Status status = model::Status::kCancelled;
    std::string reason;
    std::optional<Timestamp> at{};  // becomes `ended` of a final status; absent: the system's time
    std::string code{};             // of a run that is Paused: why, for programs
    std::string remedy{};           // the same, for people
};

// `exclusive`: first come first served per key. Re-entrant: the same root holder gets it again.
struct AcquireLock {
    std::string key;
    RunId run_id = 0;
    Uid holder;  // top of the call tree
    std::string path;
};

struct ReleaseLock {
    std::string key;
    RunId run_id = 0;
    std::string path;
};

// wait_for_callback: a token that somebody will call, that call, and the end of the wait for it.
struct PutCallback {
    std::string token;
    RunId run_id = 0;
    std::string path;  // where the run waits
    Timestamp expires;
    std::string question;  // JSON, where a person is asked (wait_for_decision)
};

struct ReceiveCallback {
    std::string token;
    Payload payload;
    Timestamp at;  // a token that has expired by then is refused
};

// From here on a call is refused, whenever it left.
struct CloseCallback {
    RunId run_id = 0;
    std::string path;
};

// The items of a split event up to `to` have their runs; with the last one the fan-out is gone.
// Refused (code "FanOutMoved") when it does not stand at `from`.
struct AdvanceFanOut {
    EventId event_id = 0;
    std::int64_t from = 0;
    std::int64_t to = 0;
};

struct PutFlow {
    std::string pack;
    std::string name;
    std::string title;
    VersionId published = 0;  // 0: keep
};

struct PutVersion {
    model::FlowVersion version;  // by hash: stored once
};

struct SetFlowState {
    FlowId flow_id = 0;
    model::FlowState state = model::FlowState::kOff;
    std::string reason;
};

// What a trigger needs to remember: keys of its signed URL, subscription, cursor.
struct TriggerState {
    FlowId flow_id = 0;
    std::string primary_key;
    std::string secondary_key;
    Payload subscription;
    Payload cursor;
    std::string subscribed_url;         // what the service was told to call
    std::optional<Timestamp> renew_at;  // of a subscription that ends by itself
    std::optional<Timestamp> failing_since{};
};

// The cursor of a trigger that is known stays as it is: only MoveCursor changes it. So does
// failing_since: only NoteTriggerFailing and a flow that is turned on change it.
struct PutTriggerState {
    TriggerState state;
};

// A time that is there stays: it is when a row of failures began. Nothing: the trigger works.
struct NoteTriggerFailing {
    FlowId flow_id = 0;
    std::optional<Timestamp> since;
};

// Where a recurrence or polling trigger is. It goes into the batch of the events that lie between:
// both or neither. Refused (code "TriggerMoved") when the stored cursor is not `from`; a trigger
// without a cursor has an empty one.
struct MoveCursor {
    FlowId flow_id = 0;
    Payload from;
    Payload to;
};

// Removes ended runs (with journal, events, tracked values, effects' outputs, unused payloads) that
// ended before `before`, at most `limit` of them, and no more than limits::kPrunedRowsMax rows of
// journals. A run stays while another run of its lineage or the one that called it is open.
struct Prune {
    Timestamp before;
    int limit = limits::kPrunedRunsMax;
    std::map<FlowId, Timestamp> flows{};       // of these: ended before that
    std::optional<Timestamp> ledger_before{};  // effects of runs that are gone; absent: all stay
};

using Command = std::variant<
    Admit,
    AppendJournal,
    ClaimRun,
    SetRunStatus,
    AcquireLock,
    ReleaseLock,
    PutCallback,
    ReceiveCallback,
    CloseCallback,
    AdvanceFanOut,
    PutFlow,
    PutVersion,
    PutRevision,
    SetFlowState,
    PutTriggerState,
    NoteTriggerFailing,
    MoveCursor,
    PutConnection,
    DeleteConnection,
    PutConnectionHealth,
    BindReference,
    PutVariable,
    PutToken,
    DeleteToken,
    SetMeta,
    SetRetention,
    AddAudit,
    RaiseNotice,
    EndNotice,
    PutDelivery,
    PutNoticeChannel,
    DeleteNoticeChannel,
    PutEventExpectation,
    PutResubmission,
    SetResubmissionState,
    PutResubmissionItem,
    Prune>;

// A run that waits at `path` goes on: it holds the lock now, or its question gave way to another.
struct LockGrant {
    std::string key;
    RunId run_id = 0;
    std::string path;
};

// What became of a call to a token.
enum class CallbackFate {
    kUnknown,   // no such token, or its run has ended
    kTaken,     // kept until its run takes it
    kRepeated,  // one was taken before; this one changes nothing
    kClosed,    // too late
};

// One per command, in order.
struct Outcome {
    std::int64_t id = 0;  // row id made or found: event (Admit), flow, version, run (ClaimRun),
                          // resubmission
    RunId run_id = 0;     // Admit: the run made, or the first run of a duplicate;
                          // ReleaseLock: the run that the lock passed to, or 0;
                          // ReceiveCallback: the run that waits for it, when taken
    Uid run_uid;          // of run_id
    bool is_duplicate = false;  // Admit
    bool waits = false;         // Admit: for its turn; it is not to be started
    bool granted = false;  // AcquireLock; PutCallback, CloseCallback: the call has come already;
                           // SetRunStatus: false when set Running before its turn has come
    CallbackFate callback = CallbackFate::kUnknown;  // ReceiveCallback
    std::int64_t lease_epoch = 0;                    // ClaimRun
    std::string path;               // ReleaseLock, ReceiveCallback: where that run waits
    std::int64_t count = 0;         // Prune: runs removed; PutRevision: its number
    bool has_more = false;          // Prune: there is more to remove
    std::vector<LockGrant> grants;  // ReleaseLock, and whatever ends a run: locks passed on
    std::vector<RunId> turns;       // whatever ends a run or a fan-out: runs whose turn has come
};

struct Batch {
    std::vector<Command> commands;
};

}  // namespace tideway::store
