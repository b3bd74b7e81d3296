// /api/v1/connections and /api/v1/connectors. Secrets come in and never go out.
#include <algorithm>
#include <future>
#include <utility>

#include "engine/model/schema.h"
#include "engine/server/api.h"
#include "engine/server/views.h"

namespace tideway::server {

namespace {

Result<std::map<std::string, Secret, std::less<>>> secrets_of(const Json& body) {
    std::map<std::string, Secret, std::less<>> out;
    const Json* secrets = find(body, "secrets");
    if (secrets == nullptr) {
        return out;
    }
    for (const auto& [name, value] : secrets->items()) {
        if (!value.is_string()) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidRequestContent",
                "The secret '" + name + "' is not text."
            );
        }
        out.emplace(name, Secret(value.get<std::string>()));
    }
    return out;
}

std::vector<std::string> dependent_flows(const Context& context, const std::string& connection) {
    std::vector<std::string> out;
    for (const runtime::FlowEntry& flow : context.catalog->flows()) {
        if (!flow.published) {
            continue;
        }
        const auto uses = [&](const std::string& reference) {
            const auto binding = context.catalog->binding(flow.row.pack, reference);
            return binding && binding->connection == connection;
        };
        if (std::ranges::any_of(flow.published->declaration.connections, uses)) {
            out.push_back(flow.row.pack + "/" + flow.row.name);
        }
    }
    return out;
}

tl::unexpected<Error> no_connection(const std::string& name) {
    return fail(
        ErrorKind::kNotFound,
        "ConnectionNotFound",
        "There is no connection '" + name + "'.",
        "List them with: tideway connections list"
    );
}

Result<Json> put_connection(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    model::ConnectionRecord record;
    record.name = request.params.at("name");
    TIDEWAY_TRY_ASSIGN(record.connector, require_string(body, "connector", "A connection"));
    const model::ConnectorSpec* spec = context.registry->spec(record.connector);
    if (spec == nullptr) {
        return fail(
            ErrorKind::kNotFound,
            "ConnectorNotFound",
            "There is no connector '" + record.connector + "'.",
            "List them with: tideway connections connectors"
        );
    }
    const Json* settings = find(body, "settings");
    // Stored with its defaults, so that everybody who reads it sees the whole of it.
    record.settings = to_payload(model::with_defaults(
        spec->settings_schema, settings == nullptr ? Json::object() : *settings
    ));
    TIDEWAY_TRY_ASSIGN(const auto secrets, secrets_of(body));
    record.sealed = context.box->seal_all("connection:" + record.name, secrets);
    record.owner = context.authentication->person(request.headers);
    record.grant = string_or(body, "grant");
    record.refresh_expires = parse_utc(string_or(body, "refresh_token_expires"));
    record.secret_expires = parse_utc(string_or(body, "client_secret_expires"));
    record.updated = context.clock->now();
    const auto existing = context.connections->get(record.name);
    record.created = existing ? existing->record.created : record.updated;
    TIDEWAY_TRY(runtime::submit_blocking(*context.store, {{store::PutConnection{record}}}));
    TIDEWAY_TRY(context.connections->put(record));
    context.tokens->forget(record.name);
    context.runtime->gate().probe_now(record.name);
    TIDEWAY_TRY(audit(
        context,
        request,
        existing ? "connections.replace" : "connections.add",
        record.name,
        {},
        record.settings
    ));
    return view(record);
}

Result<Json> test_connection(const Context& context, const std::string& name) {
    const auto connection = context.connections->get(name);
    if (!connection) {
        return no_connection(name);
    }
    const auto* implementation = context.registry->implementation(connection->record.connector);
    auto exchange = implementation->test(connection->settings);
    if (!exchange) {
        return Json{{"checks", Json::array()}};
    }
    std::promise<runtime::ExchangeDriver::Outcome> promise;
    auto future = promise.get_future();
    context.driver->drive(
        std::move(exchange),
        connection,
        implementation->network_policy(connection->settings),
        [&promise](runtime::ExchangeDriver::Outcome outcome) {
            promise.set_value(std::move(outcome));
        }
    );
    auto outcome = future.get();
    if (auto* failed = std::get_if<connector::Failed>(&outcome)) {
        return fail(std::move(failed->error));
    }
    // Whoever tests has repaired something, as a rule: runs that wait try at once.
    context.runtime->gate().probe_now(name);
    return tree(std::get<connector::Done>(outcome).output);
}

Json list_connections(const Context& context) {
    Json out = {{"value", Json::array()}};
    for (const auto& connection : context.connections->all()) {
        const auto status = context.runtime->gate().status(connection->record.name);
        Json row = view(connection->record, status);
        row["uses"] = dependent_flows(context, connection->record.name);
        out["value"].push_back(std::move(row));
    }
    return out;
}

// {"calls_a_day": 10000}, or null for no limit.
Result<std::optional<std::int64_t>> asked_limit(const Json& body) {
    const Json* calls = find(body, "calls_a_day");
    if (calls != nullptr && calls->is_number_integer()) {
        return calls->get<std::int64_t>();
    }
    if (calls != nullptr && calls->is_null()) {
        return std::optional<std::int64_t>();
    }
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidCallLimit",
        "The request says no number of calls a day.",
        "Send {\"calls_a_day\": 10000}, or null for no limit."
    );
}

Payload shown_limit(const runtime::ConnectionStatus& status) {
    return status.limit ? to_payload(Json{{"calls_a_day", status.limit->calls_a_day}}) : Payload();
}

Result<Json> limit_connection(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    TIDEWAY_TRY_ASSIGN(const auto calls_a_day, asked_limit(body));
    const std::string& name = request.params.at("name");
    const auto connection = context.connections->get(name);
    if (!connection) {
        return no_connection(name);
    }
    runtime::ConnectionGate& gate = context.runtime->gate();
    const Payload before = shown_limit(gate.status(name));
    TIDEWAY_TRY(gate.limit_blocking(name, calls_a_day));
    const auto status = gate.status(name);
    TIDEWAY_TRY(audit(context, request, "connections.limit", name, before, shown_limit(status)));
    return view(connection->record, status);
}

Json view_connector(const model::ConnectorSpec& spec) {
    Json out = {
        {"id", spec.id},
        {"title", spec.title},
        {"summary", spec.summary},
        {"status", spec.status},
        {"auth", spec.auth},
        {"oauth", spec.oauth},
        {"settings", spec.settings_schema},
        {"register", spec.register_steps},
        {"operations", Json::array()},
        {"triggers", Json::array()},
    };
    for (const model::OperationSpec& operation : spec.operations) {
        out["operations"].push_back(
            {{"id", operation.id},
             {"title", operation.title},
             {"summary", operation.summary},
             {"effect", to_string(operation.effect)},
             {"input", operation.input_schema},
             {"output", operation.output_schema}}
        );
    }
    for (const model::TriggerSpec& trigger : spec.triggers) {
        out["triggers"].push_back(
            {{"id", trigger.id}, {"title", trigger.title}, {"summary", trigger.summary}}
        );
    }
    return out;
}

Result<Json> delete_connection(const Context& context, const http::ServerRequest& request) {
    const std::string& name = request.params.at("name");
    const auto uses = dependent_flows(context, name);
    if (!uses.empty()) {
        return fail(
            ErrorKind::kConflict,
            "ConnectionInUse",
            "The connection '" + name + "' is used by " + std::to_string(uses.size()) + " flows, " +
                uses.front() + " among them.",
            "Replace it instead: tideway connections replace " + name
        );
    }
    TIDEWAY_TRY(runtime::submit_blocking(*context.store, {{store::DeleteConnection{name}}}));
    context.connections->remove(name);
    context.tokens->forget(name);
    TIDEWAY_TRY(context.runtime->gate().limit_blocking(name, std::nullopt));
    TIDEWAY_TRY(audit(context, request, "connections.remove", name, {}, {}));
    return Json::object();
}

}  // namespace

void add_connection_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    routes.add(
        "GET",
        "/connections",
        Role::kViewer,
        [&context](const http::ServerRequest&, const Answer& answer) {
            answer->send(http::json_response(200, dump(list_connections(context))));
        }
    );
    const auto add =
        [&routes, &context](const char* method, const char* pattern, Role least, auto function) {
            routes.add(
                method,
                pattern,
                least,
                [&context, function](const http::ServerRequest& request, const Answer& answer) {
                    answer_from_desk(context, answer, [&context, function, request] {
                        return function(context, request);
                    });
                }
            );
        };
    add("PUT", "/connections/{name}", Role::kAdmin, put_connection);
    add("DELETE", "/connections/{name}", Role::kAdmin, delete_connection);
    add("PUT", "/connections/{name}/limit", Role::kAdmin, limit_connection);
    add("POST",
        "/connections/{name}/test",
        Role::kOperator,
        [](const Context& inner, const http::ServerRequest& request) {
            return test_connection(inner, request.params.at("name"));
        });
    routes.add(
        "GET",
        "/connectors",
        Role::kViewer,
        [&context](const http::ServerRequest&, const Answer& answer) {
            Json out = {{"value", Json::array()}};
            for (const model::ConnectorSpec* spec : context.registry->specs()) {
                out["value"].push_back(view_connector(*spec));
            }
            answer->send(http::json_response(200, dump(out)));
        }
    );
}

}  // namespace tideway::server
