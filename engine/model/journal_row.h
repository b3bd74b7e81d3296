// The journal of a run: its ordered rows are the run history, and replaying them is recovery.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/payload.h"
#include "engine/model/secured.h"
#include "engine/model/status.h"

namespace tideway::model {

enum class RowKind : std::uint8_t {
    kScopeBegin =
        1,  // a scope, loop, iteration, branch or exclusive body starts; operation: its kind
    kScopeEnd = 2,  // ... ends, with its status
    kValue = 3,   // answered at once: compose, condition, outcome, now, uuid, random, log, respond
    kIntent = 4,  // an operation is about to be called; durable before the bytes of an effect leave
    kAttempt = 5,  // an attempt that did not end the step (a retry or a settlement follows)
    kResult = 6,   // the step has ended; resumes its branch
    kWait = 7,     // a branch starts to wait: delay, child, callback, lock; `input` says for what
    kWake = 8,     // that wait has ended; resumes its branch
    kControl = 9,  // cancel, time limit, decision of a person; `operation` says which
    kEnd = 10,     // the run has ended
    kStatic = 11,  // an operation, child or callback that did not take place: the flow's text says
                   // what came of it (static_result)
};

// How an attempt ended (DESIGN 5.7).
enum class AttemptClass : std::uint8_t { kNone = 0, kDone = 1, kNotDone = 2, kInDoubt = 3 };

struct JournalRow {
    std::int64_t seq = 0;  // 1, 2, 3 ... in the run, without a gap
    RowKind kind = RowKind::kValue;
    std::string path;       // step path; "" for the run itself
    int line = 0;           // in the flow's text
    std::string operation;  // "dataverse.create_row"; for scopes the kind of scope
    std::string spec_hash;  // of the connector's spec, for operations
    Status status = Status::kRunning;
    std::string code;  // Power Automate's code of the step: "OK", "NotFound", "ActionFailed"
    int attempt = 0;   // from 1, for intent, attempt and result
    AttemptClass attempt_class = AttemptClass::kNone;
    Payload input;                        // canonical: object keys sorted
    Payload output;                       // the value, or the error of a failed step
    Secured secured = Secured::kNothing;  // of its step: what readers are not shown
    Timestamp at;                         // when this row came to be
    Duration took{};                      // the attempt that ended with this row

    // Bytes that this row adds to the run's journal.
    std::size_t bytes() const {
        return 96 + path.size() + operation.size() + input.size() + output.size();
    }
};

// The error of a step as a script and as history see it.
struct StepError {
    std::string code;
    std::string message;  // the service's own, where it said something
    std::string remedy;
    Status status = Status::kFailed;  // kFailed, kTimedOut or kCancelled
    bool retryable = false;
    std::string step;     // path of the first failing leaf
    std::string details;  // JSON text or empty
    // Of a scope whose time limit has run out while the step waited: everything inside it ends.
    std::string scope;
};

// {"code":..,"message":..,"remedy":..,"status":..,"retryable":..,"step":..,"details":..,"scope":..}
Payload to_payload(const StepError& error);
StepError parse_step_error(std::string_view json);

}  // namespace tideway::model
