// What the built-in triggers demand of those who call them: trigger.manual { inputs } and
// trigger.http_request { method, relative_path, schema }. Thread: any.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/model/flow.h"
#include "engine/model/manual_inputs.h"
#include "engine/model/request_path.h"

namespace tideway::runtime {

struct RequestTrigger {
    std::string method = "POST";
    std::optional<model::RequestPath> path;  // absent: whatever follows /invoke
    Json body_schema;                        // null: any body is right
};

struct TriggerInput {
    std::optional<std::vector<model::ManualInput>> inputs;  // absent: a manual run takes anything
    std::optional<RequestTrigger> request;                  // of trigger.http_request
};

// Code "InvalidFlowSetting" or "SchemaNotSupported".
Result<TriggerInput> read_trigger_input(const model::FlowDeclaration& declaration);

// The event of a run that a person starts: `given` with defaults, or everything that is wrong.
Result<Json> manual_event(
    const TriggerInput& wanted, const model::FlowDeclaration& declaration, const Json& given
);

// Whether the event of an HTTP request has the body that the trigger demands.
Status check_body(
    const TriggerInput& wanted, const model::FlowDeclaration& declaration, const Json& event
);

}  // namespace tideway::runtime
