#include "engine/server/api.h"

#include <utility>

namespace tideway::server {

namespace {

// What the request says: the fields of its body, and over them those of its path.
Json fields_of(const http::ServerRequest& request) {
    const auto body = body_of(request);  // one that cannot be read is refused by its route
    Json out = body ? *body : Json::object();
    for (const auto& [name, value] : request.params) {
        out[name] = value;
    }
    return out;
}

Status check_meant(
    const Context& context, const DestructiveAct& act, const http::ServerRequest& request
) {
    const Json fields = fields_of(request);
    if (!is_destructive(act, fields)) {
        return {};
    }
    return check_confirmation(
        {context.environment, context.environment_kind},
        request.headers.get_or(kConfirmHeader, ""),
        describe(act, fields)
    );
}

}  // namespace

void ApiRoutes::add(const char* method, const char* pattern, Role least, Route route) {
    const auto check = [this_context = &context_, least](const http::ServerRequest& request) {
        return this_context->authentication->require(request.headers, least);
    };
    add_checked(method, pattern, check, std::move(route));
}

void ApiRoutes::add_for_flow(const char* method, const char* pattern, Role least, Route route) {
    const auto check = [this_context = &context_, least](const http::ServerRequest& request) {
        return this_context->authentication->require_for_flow(
            request.headers, least, request.params.at("pack") + "/" + request.params.at("flow")
        );
    };
    add_checked(method, pattern, check, std::move(route));
}

void ApiRoutes::add_checked(const char* method, const char* pattern, Check check, Route route) {
    const DestructiveAct* const act = find_destructive_act(method, pattern);
    router_.add(
        method,
        std::string("/api/v1") + pattern,
        [this_context = &context_, act, check = std::move(check), route = std::move(route)](
            http::ServerRequest request, const Answer& answer
        ) {
            auto allowed = check(request);
            if (allowed && act != nullptr) {
                allowed = check_meant(*this_context, *act, request);
            }
            if (!allowed) {
                answer->send(http::error_response(allowed.error()));
                return;
            }
            route(std::move(request), answer);
        }
    );
}

void add_api_routes(http::Router& router, const Context& context, LiveViews& live) {
    ApiRoutes routes(router, context);
    add_flow_routes(routes);
    add_draft_routes(routes);
    add_file_routes(routes);
    add_address_routes(routes);
    add_run_routes(routes);
    add_history_routes(routes);
    add_resubmit_routes(routes);
    add_connection_routes(routes);
    add_notice_routes(routes);
    add_pack_routes(routes);
    add_environment_routes(routes);
    add_setting_routes(routes);
    add_token_routes(routes);
    add_tool_routes(routes);
    routes.add(
        "GET",
        "/stream",
        Role::kViewer,
        [&live](const http::ServerRequest&, const Answer& answer) { live.add(answer->stream()); }
    );
    router.add("GET", "/health", [](const http::ServerRequest&, const Answer& answer) {
        answer->send(http::json_response(200, R"({"status":"ok"})"));
    });
}

}  // namespace tideway::server
