// /api/v1/variables, /api/v1/references, /api/v1/info.
#include "engine/runtime/variables/variable_value.h"
#include "engine/server/api.h"
#include "engine/server/views.h"

namespace tideway::server {

namespace {

Json shown(const store::Variable& variable) {
    const Json value = tree(variable.value);
    return variable.type == runtime::kSecretVariable && !value.is_null() ? Json("(secret)") : value;
}

Json shown_variable(const Context& context, const std::string& pack, const std::string& name) {
    for (const store::Variable& variable : context.catalog->variables()) {
        if (variable.pack == pack && variable.name == name) {
            return shown(variable);
        }
    }
    return {};
}

Result<Json> set_variable(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    const Json* value = find(body, "value");
    if (value == nullptr) {
        return fail(
            ErrorKind::kInvalidInput, "InvalidRequestContent", "The body needs a field 'value'."
        );
    }
    const std::string& pack = request.params.at("pack");
    const std::string& name = request.params.at("name");
    const Json before = shown_variable(context, pack, name);
    TIDEWAY_TRY(context.catalog->set_variable(pack, name, *value));
    const Json after = shown_variable(context, pack, name);
    TIDEWAY_TRY(audit(
        context, request, "variables.set", pack + "/" + name, to_payload(before), to_payload(after)
    ));
    return Json{{"pack", pack}, {"name", name}, {"value", after}};
}

Json list_variables(const Context& context) {
    Json out = {{"value", Json::array()}};
    for (const store::Variable& variable : context.catalog->variables()) {
        out["value"].push_back(
            {{"pack", variable.pack},
             {"name", variable.name},
             {"type", variable.type},
             {"value", shown(variable)},
             {"description", variable.description}}
        );
    }
    return out;
}

Json list_references(const Context& context) {
    Json out = {{"value", Json::array()}};
    for (const std::string& pack : context.catalog->packs()) {
        for (const runtime::PackReference& reference : context.catalog->references(pack)) {
            const auto binding = context.catalog->binding(pack, reference.name);
            const std::string connection = binding ? binding->connection : std::string();
            out["value"].push_back(
                {{"pack", pack},
                 {"reference", reference.name},
                 {"connector", reference.connector},
                 {"title", reference.title},
                 {"connection", connection},
                 {"is_bound", context.connections->get(connection) != nullptr}}
            );
        }
    }
    return out;
}

Result<Json> bind_reference(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    store::BindReference bind;
    bind.pack = request.params.at("pack");
    bind.reference = request.params.at("reference");
    TIDEWAY_TRY_ASSIGN(bind.connection, require_string(body, "connection", "The binding"));
    TIDEWAY_TRY(context.catalog->binding(bind.pack, bind.reference));
    TIDEWAY_TRY(context.catalog->bind(bind));
    TIDEWAY_TRY(audit(
        context,
        request,
        "references.bind",
        bind.pack + "/" + bind.reference,
        {},
        Payload(quote_json(bind.connection))
    ));
    return list_references(context);
}

}  // namespace

void add_setting_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    routes.add(
        "GET",
        "/variables",
        Role::kViewer,
        [&context](const http::ServerRequest&, const Answer& answer) {
            answer->send(http::json_response(200, dump(list_variables(context))));
        }
    );
    routes.add(
        "PUT",
        "/variables/{pack}/{name}",
        Role::kAdmin,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_desk(context, answer, [&context, request] {
                return set_variable(context, request);
            });
        }
    );
    routes.add(
        "GET",
        "/references",
        Role::kViewer,
        [&context](const http::ServerRequest&, const Answer& answer) {
            answer->send(http::json_response(200, dump(list_references(context))));
        }
    );
    routes.add(
        "PUT",
        "/references/{pack}/{reference}",
        Role::kAdmin,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_desk(context, answer, [&context, request] {
                return bind_reference(context, request);
            });
        }
    );
    routes.add(
        "GET",
        "/info",
        Role::kViewer,
        [&context](const http::ServerRequest&, const Answer& answer) {
            answer->send(http::json_response(
                200,
                dump(Json{
                    {"version", TIDEWAY_VERSION},
                    {"environment", context.environment},
                    {"environment_kind", to_string(context.environment_kind)},
                    {"public_url", context.public_url},
                    {"time", format_utc(context.clock->now())},
                })
            ));
        }
    );
}

}  // namespace tideway::server
