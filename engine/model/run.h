// Events, runs and the effects ledger as rows of the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/payload.h"
#include "engine/base/uid.h"
#include "engine/model/status.h"

namespace tideway::model {

using RunId = std::int64_t;
using FlowId = std::int64_t;
using VersionId = std::int64_t;
using EventId = std::int64_t;

// What became of something that a trigger delivered.
enum class EventStatus {
    kAccepted,
    kRefused,
    kDuplicate,
    kCoalesced,
    kConditionUnmet,
    kFailed,
    kDropped,  // an echo of our own effect; the reason names it
};
std::string_view to_string(EventStatus status);  // "Accepted" ...
std::optional<EventStatus> parse_event_status(std::string_view text);

// How an event came to be known.
enum class EventOrigin {
    kBrought,  // the trigger delivered it, in the way in which it always does
    kPolled,   // of a webhook trigger, in an environment that asks instead of being called
    kCatchUp,  // nothing brought it: it was found when the other side was read
};
std::string_view to_string(EventOrigin origin);  // "brought", "polled", "catch-up"
EventOrigin parse_event_origin(std::string_view text);

// Which change an event tells of, where its trigger knows.
struct ChangeName {
    std::string record;   // empty: the trigger does not know
    std::string version;  // that the change led to
    std::string state;    // of what the flow watches, after the change; or empty
};

struct EventRecord {
    EventId id = 0;
    Uid uid;
    FlowId flow_id = 0;
    std::string
        source;  // "http_request", "manual", "child", "resubmit", "dataverse.row_changed" ...
    EventStatus status = EventStatus::kAccepted;
    std::string reason;  // why it was refused; one sentence
    std::string dedupe_key;
    EventOrigin origin = EventOrigin::kBrought;
    ChangeName change;
    std::string person;  // who sent it by hand, the name of an API token; or empty
    Payload payload;
    bool is_secured = false;  // readers are not shown the payload
    Timestamp received;
    RunId run_id = 0;  // 0: none was made
};

// What becomes of the effects of a run. Muted: its reads are done, its effects are recorded with
// what they would have sent and do not take place. Said when the run is admitted; its child flows
// and those that it is resubmitted as have the same.
enum class Effects { kLive, kMuted };
std::string_view to_string(Effects effects);  // "live", "muted"
std::optional<Effects> parse_effects(std::string_view text);

struct RunRecord {
    RunId id = 0;
    Uid uid;
    Uid root_uid;             // first run of the lineage; its own uid when it is the first
    Uid parent_uid;           // of the calling run, or none
    std::string parent_path;  // step path of the call in the parent
    Uid resubmit_of;          // or none
    // Of a resubmission from a step: what came before it is taken from `resubmit_of`.
    std::string start_step;
    std::int64_t resubmission = 0;  // the one that made it; its effects are those of the plan
    std::string person;             // who started it by hand; empty: nobody did
    FlowId flow_id = 0;
    VersionId version_id = 0;
    EventId event_id = 0;
    Effects effects = Effects::kLive;
    Status status = Status::kWaiting;
    std::string wait_reason;  // "callback", "connection dynamics365", "lock ..." ; for people
    std::string code;         // "ActionFailed", "Terminated" ...
    Payload error;            // StepError of the first failing leaf
    std::string failed_step;  // its step path
    std::string fingerprint;  // equal for failures with the same cause
    std::string outcome;      // one word that the flow said: "created"
    std::string outcome_reason;
    Payload response;         // what respond() decided, {status, headers, body}
    Payload output;           // what run() returned
    bool is_secured = false;  // readers are shown neither response nor output
    std::int64_t lease_epoch = 0;
    std::int64_t journal_bytes = 0;
    std::optional<Timestamp> wake_at;  // earliest timer of a waiting run
    int deaths = 0;                    // how often the process died with this run at this place
    Timestamp created;
    std::optional<Timestamp> started;
    std::optional<Timestamp> ended;
};

enum class EffectState { kOpen, kDone, kFailed, kParked, kAdopted, kSkipped };
std::string_view to_string(EffectState state);  // "Open" ...
std::optional<EffectState> parse_effect_state(std::string_view text);

// One row of the effects ledger (DESIGN 5.8): written with the intent, completed with the result.
struct EffectRecord {
    std::int64_t id = 0;
    // Idempotency key, hex; empty when nobody asks for the effect by it (a repeated update).
    std::string key;
    RunId run_id = 0;
    std::string path;
    std::int64_t seq = 0;  // of the intent row
    std::string connection;
    std::string operation;
    std::string object;     // "opportunity", "referral"
    std::string record_id;  // empty until known
    // field -> hash of its canonical value, as a JSON object
    Payload fields;
    std::string version;  // resulting etag or version
    EffectState state = EffectState::kOpen;
    Payload output;  // of the finished operation, where a later run may take it as its own result
    Timestamp created;
    std::optional<Timestamp> completed;
};

}  // namespace tideway::model
