// Resubmissions of many runs in the store: commands, part of commands.h, and the queries about
// them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/payload.h"
#include "engine/base/result.h"
#include "engine/base/uid.h"

namespace tideway::store {

enum class ResubmissionState {
    kRunning,
    kStopped,  // by itself; `reason` says why
    kAborted,  // by a person
    kDone,
};
std::string_view to_string(ResubmissionState state);  // "Running" ...

enum class ResubmittedState {
    kPending,
    kStarted,
    kSucceeded,
    kFailed,
    kPaused,      // its new run waits for a person
    kSuperseded,  // not made: a later run stands for it; `reason` names that
    kRefused,     // not made: it cannot be; `reason` says why
};
std::string_view to_string(ResubmittedState state);  // "Pending" ...

struct ResubmissionRecord {
    std::int64_t id = 0;
    std::string person;
    Payload choices;  // code, start, patch, pace: as runtime/resubmit wrote them
    ResubmissionState state = ResubmissionState::kRunning;
    std::string reason;
    std::int64_t forgiven = 0;  // failures before it was last told to go on
    Timestamp created;
    std::optional<Timestamp> ended;
    std::map<ResubmittedState, std::int64_t> items;  // how many are in each state; read only
};

struct ResubmissionItem {
    std::int64_t position = 0;  // 1, 2, 3 ... in the order of the originals
    Uid original;
    Uid run;  // the new one, or none
    ResubmittedState state = ResubmittedState::kPending;
    std::string reason;
};

// A new one; Outcome::id.
struct PutResubmission {
    ResubmissionRecord record;
    std::vector<ResubmissionItem> items;
};

// Running forgives the failures so far. Refused (code "ResubmissionNotFound"), and (code
// "ResubmissionDone") when nothing of it is left to do.
struct SetResubmissionState {
    std::int64_t id = 0;
    ResubmissionState state = ResubmissionState::kRunning;
    std::string reason;
    Timestamp at;
};

// Started goes with the Admit of its run into one batch. Refused (code "ResubmissionNotRunning")
// for Started when nothing is to be started any more.
struct PutResubmissionItem {
    std::int64_t resubmission_id = 0;
    ResubmissionItem item;  // by position: run, state, reason
};

// Thread: any, as Reader.
class ResubmissionReader {
  public:
    virtual ~ResubmissionReader() = default;

    // Newest first.
    virtual Result<std::vector<ResubmissionRecord>> resubmissions(int limit) = 0;
    virtual Result<std::optional<ResubmissionRecord>> resubmission(std::int64_t id) = 0;
    // Those that go on, or have runs that do. Oldest first.
    virtual Result<std::vector<std::int64_t>> unfinished() = 0;
    // In their order, those behind `after`; absent state: all.
    virtual Result<std::vector<ResubmissionItem>> items(
        std::int64_t id, std::optional<ResubmittedState> state, std::int64_t after, int limit
    ) = 0;
};

}  // namespace tideway::store
