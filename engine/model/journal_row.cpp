#include "engine/model/journal_row.h"

#include "engine/base/json.h"

namespace tideway::model {

Payload to_payload(const StepError& error) {
    Json out = {
        {"code", error.code},
        {"message", error.message},
        {"status", to_string(error.status)},
        {"retryable", error.retryable},
        {"step", error.step},
    };
    if (!error.remedy.empty()) {
        out["remedy"] = error.remedy;
    }
    if (!error.details.empty()) {
        auto details = parse_json(error.details, "error details");
        out["details"] = details ? *details : Json(error.details);
    }
    if (!error.scope.empty()) {
        out["scope"] = error.scope;
    }
    return tideway::to_payload(out);
}

StepError parse_step_error(std::string_view json) {
    StepError error;
    const auto parsed = parse_json(json, "step error");
    if (!parsed) {
        error.code = "InternalServerError";
        error.message = std::string(json);
        return error;
    }
    error.code = string_or(*parsed, "code");
    error.message = string_or(*parsed, "message");
    error.remedy = string_or(*parsed, "remedy");
    error.status = parse_status(string_or(*parsed, "status")).value_or(Status::kFailed);
    error.retryable = bool_or(*parsed, "retryable", false);
    error.step = string_or(*parsed, "step");
    if (const Json* details = find(*parsed, "details")) {
        error.details = dump(*details);
    }
    error.scope = string_or(*parsed, "scope");
    return error;
}

}  // namespace tideway::model
