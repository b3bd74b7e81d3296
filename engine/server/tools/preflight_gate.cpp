#include "engine/server/tools/preflight_gate.h"

#include <utility>

namespace tideway::server {

namespace {

using runtime::Preflight;

// "preflight" of a request's body: run unless it says otherwise.
Result<Preflight> asked_preflight(const Json& body) {
    return runtime::parse_preflight(
        string_or(body, "preflight", std::string(to_string(Preflight::kRun)))
    );
}

runtime::Preflights preflights_of(const Context& context) {
    runtime::PreflightServices services;
    services.runtime = context.runtime;
    services.catalog = context.catalog;
    services.activation = context.activation;
    services.drafts = context.drafts;
    services.executor = context.front;
    return runtime::Preflights(services);
}

// On the desk.
void perform_gated_on_desk(
    const Context& context, std::string person, const Json& body, const Answer& answer, GatedAct act
) {
    const auto refuse = [answer](const Error& error) { answer->send(http::error_response(error)); };
    const auto preflight = asked_preflight(body);
    if (!preflight) {
        refuse(preflight.error());
        return;
    }
    const auto preflights = preflights_of(context);
    auto asked = *preflight == Preflight::kRun ? act.preflights(preflights)
                                               : std::vector<runtime::FlowEntry>();
    if (!asked) {
        refuse(asked.error());
        return;
    }
    preflights.pass(
        std::move(*asked),
        std::move(person),
        [&context, answer, refuse, perform = std::move(act.perform)](const Status& passed) {
            if (!passed) {
                refuse(passed.error());
                return;
            }
            answer_from_desk(context, answer, perform);
        }
    );
}

}  // namespace

void perform_gated(
    const Context& context, const http::ServerRequest& request, const Answer& answer, GatedAct act
) {
    auto body = body_of(request);
    if (!body) {
        answer->send(http::error_response(body.error()));
        return;
    }
    context.desk->post([&context,
                        person = context.authentication->person(request.headers),
                        body = std::move(*body),
                        answer,
                        act = std::move(act)] {
        perform_gated_on_desk(context, person, body, answer, act);
    });
}

void note_skipped_preflight(const Json& body, Json& record) {
    if (string_or(body, "preflight") == to_string(Preflight::kSkip)) {
        record["preflight"] = to_string(Preflight::kSkip);
    }
}

}  // namespace tideway::server
