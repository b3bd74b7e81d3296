// /api/v1/flows: list, show, check, on, off, run.
#include <charconv>
#include <utility>

#include "engine/http/url.h"
#include "engine/runtime/environment/used_connections.h"
#include "engine/runtime/installs/turn_on.h"
#include "engine/runtime/triggers/recurrence.h"
#include "engine/server/api.h"
#include "engine/server/tools/preflight_gate.h"
#include "engine/server/views.h"

namespace tideway::server {

using runtime::FlowEntry;

namespace {

std::string name_of(const http::ServerRequest& request) {
    return request.params.at("pack") + "/" + request.params.at("flow");
}

constexpr std::size_t kFiringsShown = 10;
constexpr std::size_t kFiringsMax = 1000;

// Of a flow that is on: where it stands; of another: as if it were turned on now. Blocking.
Result<Json> next_firings(const Context& context, const FlowEntry& flow, std::size_t count) {
    const model::FlowDeclaration& declared = flow.published->declaration;
    const model::Schedule& schedule = *flow.published->schedule;
    std::optional<runtime::RecurrenceCursor> cursor;
    if (flow.row.state == model::FlowState::kOn) {
        TIDEWAY_TRY_ASSIGN(const auto state, context.store->reader().trigger_state(flow.row.id));
        const std::string rule = runtime::rule_of(declared.trigger, declared.trigger_config, {});
        cursor = runtime::read_recurrence(state ? state->cursor : Payload(), rule);
    }
    const auto firings = runtime::upcoming_firings(schedule, cursor, context.clock->now(), count);
    return Json{
        {"time_zone", schedule.time_zone}, {"value", runtime::describe_firings(schedule, firings)}};
}

bool has_recurrence(const FlowEntry& flow) {
    return flow.published && flow.published->declaration.trigger == "recurrence";
}

Result<Json> firings(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const FlowEntry flow, context.catalog->flow(name_of(request)));
    if (!has_recurrence(flow)) {
        return fail(
            ErrorKind::kConflict,
            "NoRecurrence",
            "The flow '" + flow.row.name + "' does not fire by a schedule.",
            "Only trigger.recurrence has one."
        );
    }
    const std::string asked = http::query_value(request.query, "count");
    std::size_t count = kFiringsShown;
    const auto [end, problem] = std::from_chars(asked.data(), asked.data() + asked.size(), count);
    const bool is_number = problem == std::errc() && end == asked.data() + asked.size();
    if (!asked.empty() && (!is_number || count < 1 || count > kFiringsMax)) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidCount",
            "count is '" + asked + "'.",
            "Write a number from 1 to " + std::to_string(kFiringsMax) + "."
        );
    }
    return next_firings(context, flow, count);
}

// What a person is asked for: in the declaration's words and order, and as JSON Schema. "inputs" is
// null when the flow does not say and takes anything.
Json inputs_of(const FlowEntry& flow) {
    Json out = {{"inputs", nullptr}, {"schema", Json::object()}};
    if (flow.published && flow.published->input.inputs) {
        out["inputs"] = model::inputs_list(*flow.published->input.inputs);
        out["schema"] = model::inputs_schema(*flow.published->input.inputs);
    }
    return out;
}

Result<Json> show_inputs(const Context& context, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const FlowEntry flow, context.catalog->flow(name));
    Json out = inputs_of(flow);
    out["flow"] = flow.row.pack + "/" + flow.row.name;
    out["title"] = flow.row.title;
    out["state"] = to_string(flow.row.state);
    if (flow.published) {
        out["description"] = string_or(tree(flow.published->declaration.settings), "description");
        out["trigger"] = flow.published->declaration.trigger;
    }
    return out;
}

// What somebody learns who may only start it.
Json runnable_view(const FlowEntry& flow) {
    Json out = {
        {"pack", flow.row.pack},
        {"name", flow.row.name},
        {"title", flow.row.title},
        {"state", to_string(flow.row.state)},
        {"problems", Json::array()}};
    if (flow.published) {
        out["trigger"] = flow.published->declaration.trigger;
    }
    return out;
}

// With its place in the order of its pack, and the connections behind its references.
Json full_view(const Context& context, const FlowEntry& flow, std::size_t place) {
    Json out = view(flow);
    out["order"] = place;
    out["uses"] = Json::array();
    for (const runtime::UsedConnection& used : runtime::used_connections(
             flow, *context.catalog, *context.registry, *context.connections
         )) {
        out["uses"].push_back(
            {{"reference", used.reference},
             {"connector", used.connector},
             {"connection", used.connection},
             {"missing", used.problem.has_value()}}
        );
    }
    return out;
}

// Pack after pack, each in the order in which its author wants its flows edited and turned on.
Json list_flows(const Context& context, const http::ServerRequest& request) {
    const auto caller = context.authentication->caller(request.headers);
    Json out = {{"value", Json::array()}};
    for (const auto& [flow, place] : runtime::flows_in_order(*context.catalog)) {
        if (caller && !caller->is_run_only()) {
            out["value"].push_back(full_view(context, flow, place));
        } else if (caller && caller->flows.contains(flow.row.pack + "/" + flow.row.name)) {
            out["value"].push_back(runnable_view(flow));
        }
    }
    return out;
}

// Whether somebody is shown an address with which anybody can start the flow.
enum class Addresses { kShown, kHidden };

Addresses addresses_for(const Context& context, const http::ServerRequest& request) {
    const auto may_run = context.authentication->require(request.headers, Role::kOperator);
    return may_run ? Addresses::kShown : Addresses::kHidden;
}

Result<Json> show_flow(const Context& context, const std::string& name, Addresses addresses) {
    TIDEWAY_TRY_ASSIGN(const FlowEntry flow, context.catalog->flow(name));
    Json out = full_view(context, flow, runtime::place_in_pack(*context.catalog, flow));
    TIDEWAY_TRY_ASSIGN(const auto address, context.activation->address_blocking(flow));
    if (address.is_callable && addresses == Addresses::kShown) {
        out["trigger_url"] = address.url;
    }
    out.update(inputs_of(flow));
    if (flow.published) {
        for (const model::OutlineNode& node : flow.published->analysis.outline) {
            out["outline"].push_back(view(node));
        }
    }
    if (has_recurrence(flow)) {
        TIDEWAY_TRY_ASSIGN(out["next_firings"], next_firings(context, flow, kFiringsShown));
    }
    if (const auto status = context.timers->status(flow.row.id)) {
        out["trigger_status"] = view(*status);
    }
    for (const Error& error : context.activation->problems(flow)) {
        out["activation_problems"].push_back(
            {{"code", error.code}, {"message", error.message}, {"remedy", error.remedy}}
        );
    }
    return out;
}

// {"preflight": "skip"}: without asking the pack's preflight.
Result<Json> turn_on(
    const Context& context, const http::ServerRequest& request, const std::string& name
) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    TIDEWAY_TRY_ASSIGN(const FlowEntry flow, context.catalog->flow(name));
    TIDEWAY_TRY(context.activation->turn_on_blocking(flow));
    Json record;
    note_skipped_preflight(body, record);
    const Payload after = record.is_null() ? Payload() : to_payload(record);
    TIDEWAY_TRY(audit(context, request, "flows.on", name, {}, after));
    return show_flow(context, name, Addresses::kShown);
}

GatedAct turning_on(const Context& context, const http::ServerRequest& request) {
    const std::string name = name_of(request);
    return {
        [name](const runtime::Preflights& preflights) {
            return preflights.before_turning_on({name});
        },
        [&context, request, name] { return turn_on(context, request, name); }};
}

// {"packs": [...]}: only of these; {"together": true}: none when something is missing for one.
Result<std::vector<std::string>> flows_to_turn_on(
    const Context& context, const http::ServerRequest& request
) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    std::vector<std::string> packs;
    for (const Json& pack : body.value("packs", Json::array())) {
        packs.push_back(pack.is_string() ? pack.get<std::string>() : "");
    }
    auto flows = runtime::flows_to_turn_on(*context.activation, packs);
    if (bool_or(body, "together", false)) {
        TIDEWAY_TRY(runtime::check_ready(*context.activation, *context.catalog, flows));
    }
    return flows;
}

Result<Json> turn_on_all(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const auto flows, flows_to_turn_on(context, request));
    Json out = {{"turned_on", Json::array()}, {"failed", Json::array()}};
    for (const std::string& name : flows) {
        const auto done = turn_on(context, request, name);
        if (done) {
            out["turned_on"].push_back(name);
            continue;
        }
        const Error& error = done.error();
        out["failed"].push_back(
            {{"flow", name},
             {"code", error.code},
             {"message", error.message},
             {"remedy", error.remedy}}
        );
    }
    return out;
}

GatedAct turning_on_all(const Context& context, const http::ServerRequest& request) {
    return {
        [&context,
         request](const runtime::Preflights& preflights) -> Result<std::vector<FlowEntry>> {
            TIDEWAY_TRY_ASSIGN(const auto flows, flows_to_turn_on(context, request));
            return preflights.before_turning_on(flows);
        },
        [&context, request] { return turn_on_all(context, request); }};
}

Result<Json> turn_off(
    const Context& context, const http::ServerRequest& request, const std::string& name
) {
    TIDEWAY_TRY_ASSIGN(const FlowEntry flow, context.catalog->flow(name));
    TIDEWAY_TRY(context.activation->turn_off_blocking(flow));
    TIDEWAY_TRY(audit(context, request, "flows.off", name, {}, {}));
    return show_flow(context, name, Addresses::kShown);
}

// A flow without a published version has no say; admission refuses its event.
Result<Json> taken_input(const FlowEntry& flow, const Json& given) {
    if (!flow.published) {
        return given;
    }
    return runtime::manual_event(flow.published->input, flow.published->declaration, given);
}

// "effects" of a request to run: live unless it says otherwise.
Result<model::Effects> asked_effects(const Json& body) {
    const std::string asked =
        string_or(body, "effects", std::string(to_string(model::Effects::kLive)));
    const auto effects = model::parse_effects(asked);
    if (!effects) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidEffects",
            "effects is '" + asked + "'.",
            "Write live, or muted for a run that changes nothing outside."
        );
    }
    return *effects;
}

// "code" of a request to run. A draft may be wrong in any way: it changes nothing.
Result<bool> asks_for_draft(const Json& body, model::Effects effects) {
    const std::string asked = string_or(body, "code", "current");
    if (asked != "current" && (asked != "draft" || effects != model::Effects::kMuted)) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidCode",
            "code is '" + asked + "', with the effects " + std::string(to_string(effects)) + ".",
            "Write current, or draft with the effects muted."
        );
    }
    return asked == "draft";
}

Result<FlowEntry> flow_to_run(
    const Context& context, const http::ServerRequest& request, bool is_draft
) {
    const std::string name = name_of(request);
    if (!is_draft) {
        return context.catalog->flow(name);
    }
    runtime::Publication publication;
    publication.person = context.authentication->person(request.headers);
    return context.drafts->flow_of_draft(name, publication);
}

Result<runtime::Delivery> delivery_of(
    const Context& context, const http::ServerRequest& request, const Json& body
) {
    runtime::Delivery out;
    TIDEWAY_TRY_ASSIGN(out.effects, asked_effects(body));
    TIDEWAY_TRY_ASSIGN(const bool is_draft, asks_for_draft(body, out.effects));
    TIDEWAY_TRY_ASSIGN(out.flow, flow_to_run(context, request, is_draft));
    const Json* input = find(body, "input");
    TIDEWAY_TRY_ASSIGN(
        const Json event, taken_input(out.flow, input == nullptr ? Json::object() : *input)
    );
    out.source = "manual";
    out.person = context.authentication->person(request.headers);
    out.event = to_payload(event);
    return out;
}

void start_flow(
    const Context& context,
    const http::ServerRequest& request,
    const Json& body,
    const Answer& answer
) {
    auto delivery = delivery_of(context, request, body);
    if (!delivery) {
        answer->send(http::error_response(delivery.error()));
        return;
    }
    context.runtime->admit(std::move(*delivery), [answer](Result<runtime::Admitted> admitted) {
        answer->send(
            admitted ? http::json_response(202, dump(view(*admitted)))
                     : http::error_response(admitted.error())
        );
    });
}

// Drafts are the desk's.
void run_flow(const Context& context, const http::ServerRequest& request, const Answer& answer) {
    auto body = body_of(request);
    if (!body) {
        answer->send(http::error_response(body.error()));
        return;
    }
    if (string_or(*body, "code") == "draft") {
        context.desk->post([&context, request, body = std::move(*body), answer] {
            start_flow(context, request, body, answer);
        });
        return;
    }
    start_flow(context, request, *body, answer);
}

}  // namespace

void add_flow_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    routes.add(
        "GET",
        "/flows",
        Role::kRunOnly,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer->send(http::json_response(200, dump(list_flows(context, request))));
        }
    );
    routes.add(
        "GET",
        "/flows/{pack}/{flow}",
        Role::kViewer,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            const Addresses addresses = addresses_for(context, request);
            answer_from_desk(context, answer, [&context, name = name_of(request), addresses] {
                return show_flow(context, name, addresses);
            });
        }
    );
    routes.add_for_flow(
        "GET",
        "/flows/{pack}/{flow}/inputs",
        Role::kViewer,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            const auto inputs = show_inputs(context, name_of(request));
            answer->send(
                inputs ? http::json_response(200, dump(*inputs))
                       : http::error_response(inputs.error())
            );
        }
    );
    routes.add(
        "GET",
        "/flows/{pack}/{flow}/firings",
        Role::kViewer,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_desk(context, answer, [&context, request] {
                return firings(context, request);
            });
        }
    );
    routes.add(
        "POST",
        "/flows/{pack}/{flow}/on",
        Role::kAdmin,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            perform_gated(context, request, answer, turning_on(context, request));
        }
    );
    routes.add(
        "POST",
        "/flows/{pack}/{flow}/off",
        Role::kAdmin,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_desk(context, answer, [&context, request] {
                return turn_off(context, request, name_of(request));
            });
        }
    );
    routes.add(
        "POST",
        "/flows-on",
        Role::kAdmin,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            perform_gated(context, request, answer, turning_on_all(context, request));
        }
    );
    routes.add_for_flow(
        "POST",
        "/flows/{pack}/{flow}/run",
        Role::kOperator,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            run_flow(context, request, answer);
        }
    );
}

}  // namespace tideway::server
