// What a script may ask of its run. script owns this interface; runtime implements it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/payload.h"
#include "engine/model/journal_row.h"

namespace tideway::script {

enum class RequestKind {
    kOperation,        // connection.operation(name, input, options); input is canonical JSON
    kCompose,          // input: the value; answered with it
    kCondition,        // input: true or false; answered with it
    kDelay,            // input: seconds as a number
    kDelayUntil,       // input: ISO 8601 text
    kRespond,          // input: {status, headers, body}
    kTerminate,        // input: {status, code, message}; always answered kStop
    kOutcome,          // input: {word, reason}
    kTrack,            // input: an object of texts, numbers, true and false
    kRunChildFlow,     // operation: flow name; input: the child's input
    kCallbackBegin,    // wait_for_callback begins, a scope; input: {timeout} in seconds; answered
                       // with {address, expires}
                       // with {address, expires}. wait_for_decision: input has `question` too
    kWaitForCallback,  // after its body; input: `expires`; answered with the call, or raises. Of a
                       // question: {timeout: expires, default}; answered with {answer, person}
    kExclusiveBegin,   // input: the lock key (any JSON); path is the exclusive scope's path
    kExclusiveEnd,
    kScopeBegin,  // operation: "scope", "try", "switch", "case", "foreach", "iteration",
                  // "parallel", "branch", "repeat_until", "exclusive", "wait_for_callback"; input:
                  // details or empty; of a scope or try: {timeout} in seconds. A foreach or
                  // repeat_until whose input says checkpoint=true may be answered with
                  // {"done":n,"last":{"state":v}}: it then goes on with iteration n+1 and that
                  // state.
    kScopeEnd,    // status and error say how the body ended, for kExclusiveEnd too; the input of an
                  // iteration with a checkpoint is {"state":v}; with "ends" it is the loop's last
    kNow,         // answered with ISO 8601 text
    kUuid,        // answered with a GUID text
    kRandom,      // answered with a number in [0,1)
    kEnv,         // name: the variable; answered with its value
    kLog,         // input: {message, fields}
};

// The last part of the path of kWaitForCallback, inside the scope of its kCallbackBegin.
inline constexpr std::string_view kCallbackAnswer = "@answer";

// The scopes that end with a kWaitForCallback.
inline bool waits_for_call(std::string_view scope_kind) {
    return scope_kind == "wait_for_callback" || scope_kind == "wait_for_decision";
}

// What comes of a step that does not take place, as the flow's text says.
struct StaticResult {
    model::Status status = model::Status::kSucceeded;  // kFailed, kTimedOut: `error` says why
    Payload output;
    model::StepError error;
};

struct StepRequest {
    RequestKind kind = RequestKind::kCompose;
    // Identity in the run (model/step_path.h). Unnamed requests (now, uuid, random, env, log) have
    // paths such as "Scope/@now#2", unique in the run as well.
    std::string path;
    std::string name;        // as the author wrote it
    int line = 0;            // in the flow's main file, or of the innermost library function
    std::string connection;  // reference, for kOperation
    std::string operation;
    Payload input;
    Payload options;  // of kOperation: {retry, timeout, secure, ...}; of kRunChildFlow: {timeout}
                      // in seconds; or empty
    model::Secured secured = model::Secured::kNothing;
    model::Status status = model::Status::kSucceeded;  // for kScopeEnd
    std::optional<model::StepError> error;             // for kScopeEnd after a failure
    std::optional<StaticResult> static_result;         // kOperation, kRunChildFlow, kCallbackBegin
};

// How a request was answered.
struct Answer {
    enum class Kind {
        kValue,  // `value` is decoded and returned (empty: nil)
        kRaise,  // `error` is raised as an error table; one that names a scope is caught by none
                 // but this
        kStop,   // the run ends here; nothing in the script catches it
    };
    Kind kind = Kind::kValue;
    Payload value;
    model::StepError error;

    static Answer of(Payload value) { return {Kind::kValue, std::move(value), {}}; }

    static Answer raise(model::StepError error) { return {Kind::kRaise, {}, std::move(error)}; }

    static Answer stop() { return {Kind::kStop, {}, {}}; }
};

// Thread: the shard's. Called while a branch of the run executes; must not call back into the
// Execution.
class StepHost {
  public:
    virtual ~StepHost() = default;

    // Nothing: the branch is suspended until Execution::deliver() with the same path.
    virtual std::optional<Answer> request(const StepRequest& request) = 0;
};

}  // namespace tideway::script
