// /api/v1/environment: how the environment works; /api/v1/decisions: what waits for a person.
#include <array>
#include <utility>

#include "engine/runtime/decisions/decisions.h"
#include "engine/server/api.h"
#include "engine/server/views.h"

namespace tideway::server {
namespace {

Json shown_settings(const Context& context) {
    Json out = runtime::to_json(context.settings->settings());
    out["environment"] = context.environment;
    out["public_url"] = context.public_url;
    return out;
}

Result<Json> change_settings(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    const runtime::EnvironmentSettings before = context.settings->settings();
    TIDEWAY_TRY_ASSIGN(const auto after, runtime::changed_settings(before, body));
    TIDEWAY_TRY(audit(
        context,
        request,
        "environment.set",
        context.environment,
        to_payload(runtime::to_json(before)),
        to_payload(runtime::to_json(after))
    ));
    TIDEWAY_TRY(context.settings->set(after));
    return shown_settings(context);
}

Json view(const runtime::OpenDecision& open) {
    const runtime::Decision& decision = open.decision;
    Json out = {
        {"id", open.id},
        {"kind", open.kind},
        {"title", decision.title},
        {"reason", decision.reason},
        {"since", format_utc(decision.since)},
        {"runs", decision.runs},
        {"answers", Json::array()}};
    const std::array<std::pair<const char*, std::string>, 3> about{
        {{"flow", decision.flow},
         {"step", decision.step},
         {"run", decision.run.is_none() ? "" : decision.run.hex()}}};
    for (const auto& [key, value] : about) {
        if (!value.empty()) {
            out[key] = value;
        }
    }
    for (const runtime::AnswerChoice& choice : decision.choices) {
        out["answers"].push_back(
            {{"answer", choice.word},
             {"means", choice.means},
             {"takes_output", choice.takes_output}}
        );
    }
    return out;
}

Result<Json> list_decisions(const Context& context, store::Reader& reader) {
    TIDEWAY_TRY_ASSIGN(const auto open, context.decisions->list(reader));
    Json out = {{"value", Json::array()}};
    for (const runtime::OpenDecision& one : open) {
        out["value"].push_back(view(one));
    }
    return out;
}

Result<Json> answer_decision(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    runtime::GivenAnswer given;
    TIDEWAY_TRY_ASSIGN(given.word, require_string(body, "answer", "The decision"));
    if (const Json* output = find(body, "output")) {
        given.output = to_payload(*output);
    }
    given.person = context.authentication->person(request.headers);
    const std::string& id = request.params.at("id");
    TIDEWAY_TRY_ASSIGN(const auto decided, context.decisions->answer_blocking(id, given));
    // What the answer brings along is in the journal, which knows whether it may be shown.
    TIDEWAY_TRY(audit(
        context, request, "decisions.answer", id, {}, to_payload(Json{{"answer", given.word}})
    ));
    return view(decided);
}

}  // namespace

void add_environment_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    routes.add(
        "GET",
        "/environment",
        Role::kViewer,
        [&context](const http::ServerRequest&, const Answer& answer) {
            answer->send(http::json_response(200, dump(shown_settings(context))));
        }
    );
    routes.add(
        "PATCH",
        "/environment",
        Role::kAdmin,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_desk(context, answer, [&context, request] {
                return change_settings(context, request);
            });
        }
    );
    routes.add(
        "GET",
        "/decisions",
        Role::kViewer,
        [&context](const http::ServerRequest&, const Answer& answer) {
            answer_from_store(context, answer, [&context](store::Reader& reader) {
                return list_decisions(context, reader);
            });
        }
    );
    routes.add(
        "GET",
        "/decisions/{id*}",
        Role::kViewer,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_store(
                context,
                answer,
                [&context, id = request.params.at("id")](store::Reader& reader) -> Result<Json> {
                    TIDEWAY_TRY_ASSIGN(const auto open, context.decisions->find(reader, id));
                    return view(open);
                }
            );
        }
    );
    routes.add(
        "POST",
        "/decisions/{id*}",
        Role::kOperator,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_desk(context, answer, [&context, request] {
                return answer_decision(context, request);
            });
        }
    );
}

}  // namespace tideway::server
