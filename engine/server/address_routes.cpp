// /api/v1/flows/{pack}/{flow}/url and rotate-key: signed trigger addresses and their keys.
#include <optional>
#include <utility>

#include "engine/http/url.h"
#include "engine/server/api.h"
#include "engine/server/expiry.h"

namespace tideway::server {

namespace {

using runtime::FlowEntry;
using runtime::SigningKey;

std::string name_of_flow(const http::ServerRequest& request) {
    return request.params.at("pack") + "/" + request.params.at("flow");
}

Result<SigningKey> parse_key(const std::string& text) {
    if (text == "primary") {
        return SigningKey::kPrimary;
    }
    if (text == "secondary") {
        return SigningKey::kSecondary;
    }
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidArgument",
        "There is no key '" + text + "'.",
        "Use primary or secondary."
    );
}

tl::unexpected<Error> no_address(const FlowEntry& flow) {
    return fail(
        ErrorKind::kConflict,
        "NoTriggerAddress",
        "The flow '" + flow.row.name + "' is not called at an address.",
        "Only trigger.http_request and the webhook triggers of connectors have one."
    );
}

Result<Json> make_url(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const FlowEntry flow, context.catalog->flow(name_of_flow(request)));
    const auto asked = [&request](std::string_view name, std::string_view fallback = {}) {
        return http::query_value(request.query, name, fallback);
    };
    runtime::AddressWish wish;
    const std::string key = asked("key", "primary");
    TIDEWAY_TRY_ASSIGN(wish.key, parse_key(key));
    wish.relative_path = asked("relative");
    Json out = {{"key", key}};
    if (const std::string expires = asked("expires"); !expires.empty()) {
        TIDEWAY_TRY_ASSIGN(wish.expires, parse_expiry(expires, context.clock->now()));
        out["expires"] = format_utc(*wish.expires);
    }
    TIDEWAY_TRY_ASSIGN(const auto address, context.activation->address_blocking(flow, wish));
    if (!address.is_callable) {
        return no_address(flow);
    }
    out["url"] = address.url;
    if (flow.published->input.request) {
        out["method"] = flow.published->input.request->method;
    }
    return out;
}

// Who has to be told the new address; {"told": bool, "message", "remedy"}.
Json news_of(const FlowEntry& flow, SigningKey key, const runtime::KeyRotation& rotation) {
    if (rotation.not_told) {
        return {
            {"told", false},
            {"message",
             "The service that calls the flow could not be told its new address: " +
                 rotation.not_told->message},
            {"remedy", "It is told again by: tideway flows on " + flow.row.name}};
    }
    if (rotation.is_subscribed) {
        return {
            {"told", true},
            {"message",
             key == SigningKey::kPrimary
                 ? "The service that calls the flow was told its new address."
                 : "The service that calls the flow uses the other key."},
            {"remedy", ""}};
    }
    return {
        {"told", false},
        {"message", "Whoever calls the flow at an address with the old key is refused (401)."},
        {"remedy", "Give them the new address, and register it again where it is registered."}};
}

Result<Json> rotate_key(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    const std::string word = string_or(body, "key");
    TIDEWAY_TRY_ASSIGN(const SigningKey key, parse_key(word));
    const std::string name = name_of_flow(request);
    TIDEWAY_TRY_ASSIGN(const FlowEntry flow, context.catalog->flow(name));
    runtime::AddressWish wish;
    wish.key = key;
    TIDEWAY_TRY_ASSIGN(const auto before, context.activation->address_blocking(flow, wish));
    if (!before.is_callable) {
        return no_address(flow);
    }
    TIDEWAY_TRY_ASSIGN(
        const runtime::KeyRotation rotation, context.activation->rotate_key_blocking(flow, key)
    );
    TIDEWAY_TRY(audit(context, request, "flows.rotate_key", name, {}, to_payload({{"key", word}})));
    TIDEWAY_TRY_ASSIGN(const auto address, context.activation->address_blocking(flow, wish));
    return Json{{"key", word}, {"url", address.url}, {"callers", news_of(flow, key, rotation)}};
}

}  // namespace

void add_address_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    routes.add(
        "GET",
        "/flows/{pack}/{flow}/url",
        Role::kOperator,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_desk(context, answer, [&context, request] {
                return make_url(context, request);
            });
        }
    );
    routes.add(
        "POST",
        "/flows/{pack}/{flow}/rotate-key",
        Role::kAdmin,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_desk(context, answer, [&context, request] {
                return rotate_key(context, request);
            });
        }
    );
}

}  // namespace tideway::server
