// A pack case as its author wrote it: what happens to one flow when its connectors answer so. The
// format: docs/cases.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/model/connector_spec.h"
#include "engine/model/run.h"
#include "engine/runtime/pack.h"

namespace tideway::runtime {

// What a connector says to calls that fit. An answer is used up after `times` calls.
struct CaseAnswer {
    enum class Kind { kOutput, kRefusal, kLostBefore, kLostAfter };

    std::string call;       // "dynamics365.get_row": connection reference and operation
    Json input;             // what the call's input must contain; null: anything
    bool is_probe = false;  // answers whether an effect in doubt took place, not the call itself
    Kind kind = Kind::kOutput;
    Json output;                   // of the operation; of a probe {"found", "output"}
    Json refusal;                  // {"status", "code", "message", "headers", "body"}
    std::optional<int> times = 1;  // none: any number, also never
    int line = 0;
};

// A call to the address that wait_for_callback makes: of those that fit a step, the first that is
// not made yet.
struct CaseCallback {
    std::string step;   // the end of its step path, from a whole name on
    Duration after{0};  // the address is there
    Json call;          // {"method", "headers", "queries", "body"}
    int line = 0;
};

struct ExpectedStep {
    std::string path;  // the end of its step path, from a whole name on
    Json what;         // {"status", "value", "input", "output", "error", "attempts"}
};

// What a run has to be like; what is absent is not looked at, but for the status.
struct ExpectedRun {
    std::string event = "Accepted";
    std::string status = "Succeeded";
    Json outcome;  // null: not looked at, as all of these
    Json reason;
    Json error;  // {"code", "message", "step"}
    Json response;
    Json output;
    Json tracked;  // {name: [texts]}
    std::vector<ExpectedStep> steps;
    std::map<std::string, std::unique_ptr<ExpectedRun>> children;  // by the call's step path
};

struct ExpectedEffect {
    std::string call;
    Json input;
};

struct Case {
    std::string name;  // of the file, without .json
    std::string file;
    std::string title;
    std::string flow;
    Json event = Json::object();
    Timestamp at;         // the time when the event comes
    Duration time_limit;  // of the case's own time
    std::map<std::string, Json> variables;
    model::Effects effects = model::Effects::kLive;
    std::vector<CaseAnswer> answers;
    std::vector<CaseCallback> callbacks;
    ExpectedRun run;
    std::optional<std::vector<ExpectedEffect>> expected_effects;  // none: not looked at
};

using ConnectorSpecs = std::map<std::string, const model::ConnectorSpec*>;  // by connector id

// Reads cases/data/<name>.json, which cases share.
using CaseData = std::function<Result<Json>(const std::string& name)>;

// What a case is read against.
struct CaseSurroundings {
    const Pack& pack;
    const ConnectorSpecs& specs;
    CaseData data;
};

// Errors have the code "InvalidCase" and say file and line, what is wrong, and what to do.
Result<Case> parse_case(
    const std::string& file, std::string_view text, const CaseSurroundings& around
);

// The names of the cases in `folder`/cases, sorted; none when there is no such folder.
Result<std::vector<std::string>> list_cases(const std::string& folder);

// `name` of list_cases().
Result<Case> read_case(
    const std::string& folder,
    const std::string& name,
    const Pack& pack,
    const ConnectorSpecs& specs
);

// The JSON Schema of a case file.
const Json& case_schema();

}  // namespace tideway::runtime
