// What a person chooses when runs are made again (DESIGN 7).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/payload.h"
#include "engine/base/result.h"
#include "engine/model/run.h"

namespace tideway::runtime {

class LuaPatch;

enum class CodeChoice {
    kOriginal,  // the version that ran
    kCurrent,   // the one that is published now
    kDraft,     // what is edited and not published
};
std::string_view to_string(CodeChoice code);  // "original" ...

enum class StartChoice {
    kWholeRun,
    kStep,        // `step`: what came before it keeps its results
    kFailedStep,  // the same, of each run its own
};

struct ResubmitChoices {
    CodeChoice code = CodeChoice::kOriginal;
    StartChoice start = StartChoice::kWholeRun;
    std::string step{};                     // path
    Payload patch{};                        // JSON merge patch (RFC 7396) of the event, or empty
    std::shared_ptr<LuaPatch> lua_patch{};  // or a function that gives the event; or null
    // What `current` and `draft` mean, by flow, in a resubmission that was planned; else: now.
    std::map<model::FlowId, model::VersionId> versions{};
};

// {"code":"current","from_step":"Scope/Step","patch":{...}} or
// {"from_failed":true,"patch_lua":{...}}; other fields are not looked at. Code
// "InvalidRequestContent".
Result<ResubmitChoices> parse_resubmit_choices(const Json& json);
Json to_json(const ResubmitChoices& choices);

// Kept beside the choices of a resubmission: no caller chooses them.
// {"versions":{"<flow>":<version>}}
Json versions_to_json(const std::map<model::FlowId, model::VersionId>& versions);
std::map<model::FlowId, model::VersionId> parse_versions(const Json& json);

// The same for readers: of the patch only which fields it has, or which function it is, since
// events may be secured.
Json describe(const ResubmitChoices& choices);

// The event of the run, of a flow "pack/name", with what was chosen applied.
Result<Payload> patched(
    const model::EventRecord& event,
    const model::RunRecord& run,
    std::string_view flow,
    const ResubmitChoices& choices
);

}  // namespace tideway::runtime
