#include "engine/server/context.h"

#include <utility>

namespace tideway::server {
namespace {

void send(const Answer& answer, const Result<Json>& result) {
    if (!result) {
        answer->send(http::error_response(result.error()));
        return;
    }
    answer->send(http::json_response(200, dump(*result)));
}

}  // namespace

void answer_from_desk(
    const Context& context, const Answer& answer, std::function<Result<Json>()> work
) {
    context.desk->post([answer, work = std::move(work)] { send(answer, work()); });
}

void answer_from_store(
    const Context& context, const Answer& answer, std::function<Result<Json>(store::Reader&)> work
) {
    context.runtime->readers().run([answer, work = std::move(work)](store::Reader& reader) {
        send(answer, work(reader));
    });
}

Status audit(
    const Context& context,
    const http::ServerRequest& request,
    std::string act,
    std::string object,
    Payload before,
    Payload after
) {
    store::AddAudit row;
    row.at = context.clock->now();
    row.person = context.authentication->person(request.headers);
    row.act = std::move(act);
    row.object = std::move(object);
    row.before = std::move(before);
    row.after = std::move(after);
    TIDEWAY_TRY(runtime::submit_blocking(*context.store, {{std::move(row)}}));
    return {};
}

Result<Json> body_of(const http::ServerRequest& request) {
    if (request.body.empty()) {
        return Json::object();
    }
    TIDEWAY_TRY_ASSIGN(Json body, parse_json(request.body, "The request body"));
    if (!body.is_object()) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidRequestContent",
            "The request body must be a JSON object."
        );
    }
    return body;
}

}  // namespace tideway::server
