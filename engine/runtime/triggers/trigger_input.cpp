#include "engine/runtime/triggers/trigger_input.h"

#include <algorithm>
#include <array>

#include "engine/model/schema.h"

namespace tideway::runtime {

namespace {

// What does not fit becomes the reason of a refused event.
model::Quoting quoting_of(const model::FlowDeclaration& declaration) {
    return model::secures_inputs(declaration.secured) ? model::Quoting::kNothing
                                                      : model::Quoting::kValues;
}

Result<RequestTrigger> read_request(const Json& config) {
    RequestTrigger out;
    for (const char* field : {"method", "relative_path"}) {
        const Json* value = find(config, field);
        if (value != nullptr && !value->is_string()) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidFlowSetting",
                "The " + std::string(field) + " of trigger.http_request must be text."
            );
        }
    }
    out.method = string_or(config, "method", out.method);
    constexpr std::array<std::string_view, 5> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE"};
    if (std::ranges::find(kMethods, out.method) == kMethods.end()) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidFlowSetting",
            "The flow's method must be GET, POST, PUT, PATCH or DELETE."
        );
    }
    if (const Json* path = find(config, "relative_path")) {
        TIDEWAY_TRY_ASSIGN(out.path, model::parse_request_path(path->get<std::string>()));
    }
    if (const Json* schema = find(config, "schema"); schema != nullptr && !schema->is_null()) {
        TIDEWAY_TRY(model::check_schema(*schema, "trigger.http_request"));
        out.body_schema = *schema;
    }
    return out;
}

}  // namespace

Result<TriggerInput> read_trigger_input(const model::FlowDeclaration& declaration) {
    TriggerInput out;
    TIDEWAY_TRY_ASSIGN(const Json config, parse_json(declaration.trigger_config.view(), "trigger"));
    if (declaration.trigger == "http_request") {
        TIDEWAY_TRY_ASSIGN(out.request, read_request(config));
    }
    if (const Json* inputs = find(config, "inputs");
        inputs != nullptr && declaration.trigger == "manual") {
        TIDEWAY_TRY_ASSIGN(out.inputs, model::parse_inputs(*inputs));
    }
    return out;
}

Result<Json> manual_event(
    const TriggerInput& wanted, const model::FlowDeclaration& declaration, const Json& given
) {
    if (!wanted.inputs) {
        return given;
    }
    return model::take_inputs(
        *wanted.inputs, given, "The input of '" + declaration.title + "'", quoting_of(declaration)
    );
}

Status check_body(
    const TriggerInput& wanted, const model::FlowDeclaration& declaration, const Json& event
) {
    if (!wanted.request || wanted.request->body_schema.is_null()) {
        return {};
    }
    const Json* body = find(event, "body");
    return model::validate(
        wanted.request->body_schema,
        body == nullptr ? Json() : *body,
        body == nullptr ? "The request has no body, which" : "The request body",
        quoting_of(declaration)
    );
}

}  // namespace tideway::runtime
