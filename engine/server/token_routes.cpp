// /api/v1/tokens: who may call the API, and as what.
#include <algorithm>
#include <utility>

#include "engine/base/digest.h"
#include "engine/server/api.h"
#include "engine/server/expiry.h"
#include "engine/server/views.h"

namespace tideway::server {

namespace {

constexpr std::size_t kTokenNameBytesMax = 64;

tl::unexpected<Error> wrong_token(std::string message, std::string remedy) {
    return fail(ErrorKind::kInvalidInput, "InvalidArgument", std::move(message), std::move(remedy));
}

Json view_of_token(const store::ApiToken& token, Timestamp now) {
    Json out = {{"name", token.name}, {"role", token.role}, {"created", format_utc(token.created)}};
    if (token.expires) {
        out["expires"] = format_utc(*token.expires);
        out["is_expired"] = *token.expires <= now;
    }
    if (token.role == to_string(Role::kRunOnly)) {
        out["flows"] = tree(token.flows);
        out["sees_contents"] = token.sees_contents;
    }
    return out;
}

Status check_token_name(const std::string& name) {
    const bool is_right =
        !name.empty() && name.size() <= kTokenNameBytesMax && std::ranges::all_of(name, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   std::string_view("._@-").find(c) != std::string_view::npos;
        });
    return is_right ? Status()
                    : Status(wrong_token(
                          "A token needs a name of 1 to 64 letters, digits and . _ @ -.",
                          "Name it after the person or program that uses it."
                      ));
}

// "flow" or "pack/flow" of the catalog, as "pack/flow".
Result<Json> flows_of(const Context& context, const Json& body, Role role) {
    const Json* asked = find(body, "flows");
    const bool has_some = asked != nullptr && asked->is_array() && !asked->empty();
    if (role != Role::kRunOnly) {
        return !has_some && !bool_or(body, "sees_contents", false)
                   ? Result<Json>(Json::array())
                   : wrong_token(
                         "Flows and contents belong to the role run-only.",
                         "Leave them out, or use --role run-only."
                     );
    }
    if (!has_some) {
        return wrong_token(
            "A token with the role run-only needs the flows that it may start.",
            "Name each with --flow pack/flow."
        );
    }
    Json out = Json::array();
    for (const Json& name : *asked) {
        TIDEWAY_TRY_ASSIGN(
            const runtime::FlowEntry flow,
            context.catalog->flow(name.is_string() ? name.get<std::string>() : std::string())
        );
        out.push_back(flow.row.pack + "/" + flow.row.name);
    }
    return out;
}

Result<store::ApiToken> asked_token(const Context& context, const Json& body) {
    store::ApiToken token;
    token.name = string_or(body, "name");
    TIDEWAY_TRY(check_token_name(token.name));
    token.role = string_or(body, "role");
    const auto role = parse_role(token.role);
    if (!role) {
        return wrong_token(
            "There is no role '" + token.role + "'.", "Use admin, operator, viewer or run-only."
        );
    }
    TIDEWAY_TRY_ASSIGN(const Json flows, flows_of(context, body, *role));
    token.flows = to_payload(flows);
    token.sees_contents = bool_or(body, "sees_contents", false);
    token.created = context.clock->now();
    if (const std::string expires = string_or(body, "expires"); !expires.empty()) {
        TIDEWAY_TRY_ASSIGN(token.expires, parse_expiry(expires, token.created));
    }
    return token;
}

Result<Json> add_token(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    TIDEWAY_TRY_ASSIGN(store::ApiToken token, asked_token(context, body));
    const auto known = context.authentication->tokens();
    if (std::ranges::find(known, token.name, &store::ApiToken::name) != known.end()) {
        return fail(
            ErrorKind::kConflict,
            "TokenExists",
            "There is a token '" + token.name + "' already.",
            "Choose another name, or remove it first: tideway tokens remove " + token.name
        );
    }
    const std::string secret = "twy_" + to_base64url(random_bytes(32));
    token.hash = token_hash(secret);
    TIDEWAY_TRY(runtime::submit_blocking(*context.store, {{store::PutToken{token}}}));
    context.authentication->put(token);
    Json out = view_of_token(token, token.created);
    TIDEWAY_TRY(audit(context, request, "tokens.add", token.name, {}, to_payload(out)));
    out["token"] = secret;
    return out;
}

// Without one nobody could make a token any more.
bool is_last_admin(
    const std::vector<store::ApiToken>& tokens, const store::ApiToken& token, Timestamp now
) {
    const auto is_admin = [now](const store::ApiToken& other) {
        return other.role == to_string(Role::kAdmin) && (!other.expires || *other.expires > now);
    };
    return is_admin(token) && std::ranges::count_if(tokens, is_admin) == 1;
}

Result<Json> remove_token(const Context& context, const http::ServerRequest& request) {
    const std::string& name = request.params.at("name");
    const auto tokens = context.authentication->tokens();
    const auto token = std::ranges::find(tokens, name, &store::ApiToken::name);
    if (token == tokens.end()) {
        return fail(
            ErrorKind::kNotFound,
            "TokenNotFound",
            "There is no API token of \"" + name + "\".",
            "List them with: tideway tokens list"
        );
    }
    if (is_last_admin(tokens, *token, context.clock->now())) {
        return fail(
            ErrorKind::kConflict,
            "LastAdminToken",
            "'" + name + "' is the last token with the role admin.",
            "Make another one first: tideway tokens add NAME --role admin"
        );
    }
    TIDEWAY_TRY(runtime::submit_blocking(*context.store, {{store::DeleteToken{name}}}));
    context.authentication->remove(name);
    const Json before = view_of_token(*token, context.clock->now());
    TIDEWAY_TRY(audit(context, request, "tokens.remove", name, to_payload(before), {}));
    return before;
}

Json list_tokens(const Context& context) {
    Json out = {{"value", Json::array()}};
    for (const store::ApiToken& token : context.authentication->tokens()) {
        out["value"].push_back(view_of_token(token, context.clock->now()));
    }
    return out;
}

}  // namespace

void add_token_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    routes.add(
        "GET",
        "/tokens",
        Role::kAdmin,
        [&context](const http::ServerRequest&, const Answer& answer) {
            answer->send(http::json_response(200, dump(list_tokens(context))));
        }
    );
    routes.add(
        "POST",
        "/tokens",
        Role::kAdmin,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_desk(context, answer, [&context, request] {
                return add_token(context, request);
            });
        }
    );
    routes.add(
        "DELETE",
        "/tokens/{name}",
        Role::kAdmin,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_desk(context, answer, [&context, request] {
                return remove_token(context, request);
            });
        }
    );
}

}  // namespace tideway::server
