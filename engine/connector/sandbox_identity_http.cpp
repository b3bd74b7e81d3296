// The endpoints of SandboxIdentity: token, authorize, devicecode, device approval and control.
#include <algorithm>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/uid.h"
#include "engine/connector/sandbox_identity_state.h"
#include "engine/http/url.h"

namespace tideway::connector {
namespace {

using State = SandboxIdentity::State;
using http::Response;
using http::ServerRequest;

constexpr std::string_view kGraphResource = "00000003-0000-0000-c000-000000000000";
constexpr std::string_view kDeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr std::chrono::minutes kCodeLifetime{10};
constexpr std::chrono::minutes kDeviceCodeLifetime{15};

enum class Version { kV1, kV2 };

// "/{tenant}/oauth2[/v2.0]/{verb}" taken apart.
struct Endpoint {
    std::string tenant;
    Version version = Version::kV1;
    std::string verb;
};

std::optional<Endpoint> endpoint_of(std::string_view path) {
    const std::size_t tenant_end = path.find('/', 1);
    if (tenant_end == std::string_view::npos || tenant_end < 2) {
        return std::nullopt;
    }
    Endpoint out;
    out.tenant = http::decode_component(path.substr(1, tenant_end - 1));
    std::string_view rest = path.substr(tenant_end);
    if (rest.starts_with("/oauth2/v2.0/")) {
        out.version = Version::kV2;
        rest.remove_prefix(std::string_view("/oauth2/v2.0/").size());
    } else if (rest.starts_with("/oauth2/")) {
        rest.remove_prefix(std::string_view("/oauth2/").size());
    } else {
        return std::nullopt;
    }
    out.verb = std::string(rest);
    if (out.verb != "token" && out.verb != "authorize" && out.verb != "devicecode") {
        return std::nullopt;
    }
    return out;
}

// The fields of a form or query; '+' means a space in both.
class Form {
  public:
    explicit Form(std::string_view text) {
        std::string plain;
        for (const char c : text) {
            plain += c == '+' ? std::string("%20") : std::string(1, c);
        }
        fields_ = http::parse_query(plain);
    }

    std::string get(std::string_view name) const {
        const auto found = std::ranges::find(fields_, name, [](const auto& f) {
            return std::string_view(f.first);
        });
        return found == fields_.end() ? std::string() : found->second;
    }

  private:
    http::QueryFields fields_;
};

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end > 0) {
            out.emplace_back(text.substr(0, end));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

bool asks_for(std::string_view scope, std::string_view word) {
    return std::ranges::any_of(words_of(scope), [&](const auto& one) { return one == word; });
}

// "https://host/.default offline_access" -> "https://host".
std::string resource_of_scope(std::string_view scope) {
    for (const std::string& word : words_of(scope)) {
        const std::size_t slash = word.rfind('/');
        if (slash != std::string::npos && word.find("://") != std::string::npos &&
            slash > word.find("://") + 2) {
            return std::string(without_slash(word.substr(0, slash)));
        }
    }
    return std::string(kGraphResource);
}

Response answer(int status, const Json& body) {
    Response out;
    out.status = status;
    out.headers.set("Content-Type", "application/json; charset=utf-8");
    out.headers.set("Cache-Control", "no-store, no-cache");
    out.body = dump(body);
    return out;
}

Response page(int status, std::string_view text) {
    Response out;
    out.status = status;
    out.headers.set("Content-Type", "text/html; charset=utf-8");
    out.body = "<!doctype html><title>Sandbox sign-in</title><p>" + std::string(text) + "</p>\n";
    return out;
}

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : std::string(1, c);
    }
    return out;
}

std::string error_text(const GrantError& error) {
    return "AADSTS" + std::to_string(error.number) + ": " + error.message;
}

Response refusal(const State& state, const ServerRequest& request, const GrantError& error) {
    std::string stamp = format_utc(std::chrono::floor<std::chrono::seconds>(state.clock.now()));
    std::ranges::replace(stamp, 'T', ' ');
    return answer(
        error.status,
        {{"error", error.error},
         {"error_description", error_text(error)},
         {"error_codes", Json::array({error.number})},
         {"timestamp", stamp},
         {"trace_id", Uid::random().guid()},
         {"correlation_id", request.headers.get_or("client-request-id", Uid::random().guid())}}
    );
}

const SandboxIdentity::User* find_user(const State& state, std::string_view name)
    TIDEWAY_REQUIRES(state.mutex) {
    const auto found = std::ranges::find(state.users, name, &SandboxIdentity::User::name);
    return found == state.users.end() ? nullptr : &*found;
}

using Granted = tl::expected<SignIn, GrantError>;

// The app, when its secret is right.
tl::expected<const SandboxIdentity::App*, GrantError> find_app(
    const State& state, const std::string& client_id
) TIDEWAY_REQUIRES(state.mutex) {
    if (client_id.empty()) {
        return refuse(
            900144, "The request body must contain the parameter 'client_id'.", "invalid_request"
        );
    }
    const auto found = state.apps.find(client_id);
    if (found == state.apps.end()) {
        return refuse(
            700016,
            "Application with identifier '" + client_id + "' was not found in the directory.",
            "unauthorized_client"
        );
    }
    return &found->second;
}

std::optional<GrantError> wrong_secret(const SandboxIdentity::App& app, const Form& form) {
    if (app.client_secret.empty()) {
        return std::nullopt;
    }
    const std::string secret = form.get("client_secret");
    if (secret.empty()) {
        return GrantError{
            7000218,
            "The request body must contain 'client_assertion' or 'client_secret'.",
            "invalid_client",
            401};
    }
    if (!equal_constant_time(secret, app.client_secret)) {
        return GrantError{7000215, "Invalid client secret provided.", "invalid_client", 401};
    }
    return std::nullopt;
}

std::optional<GrantError> wrong_verifier(const PendingCode& code, const std::string& verifier) {
    if (code.challenge.empty()) {
        return std::nullopt;
    }
    const std::string derived =
        code.challenge_method == "S256" ? to_base64url(sha256(verifier)) : verifier;
    if (derived == code.challenge) {
        return std::nullopt;
    }
    return GrantError{
        501481,
        "The Code_Verifier does not match the code_challenge of the authorization request."};
}

Granted redeem_code(State& state, const Form& form) TIDEWAY_REQUIRES(state.mutex) {
    const auto found = state.codes.find(form.get("code"));
    if (found == state.codes.end()) {
        return refuse(9002313, "Invalid request. The authorization code is malformed or unknown.");
    }
    PendingCode& code = found->second;
    if (code.redeemed) {
        return refuse(54005, "OAuth2 Authorization code was already redeemed.");
    }
    if (code.expires <= state.clock.now()) {
        return refuse(70008, "The provided authorization code has expired.");
    }
    if (code.sign_in.client_id != form.get("client_id")) {
        return refuse(700005, "The authorization code was issued to another client.");
    }
    if (code.redirect_uri != form.get("redirect_uri")) {
        return refuse(
            500112, "The reply address does not match that of the authorization request."
        );
    }
    if (auto error = wrong_verifier(code, form.get("code_verifier"))) {
        return tl::unexpected<GrantError>(std::move(*error));
    }
    code.redeemed = true;
    return code.sign_in;
}

Granted redeem_device_code(State& state, const Form& form) TIDEWAY_REQUIRES(state.mutex) {
    std::string given = form.get("device_code");
    if (given.empty()) {
        given = form.get("code");  // v1
    }
    const auto found = state.device_codes.find(given);
    if (found == state.device_codes.end() || found->second.redeemed ||
        found->second.sign_in.client_id != form.get("client_id")) {
        return refuse(70000, "The device code is unknown or was used.", "bad_verification_code");
    }
    PendingCode& code = found->second;
    if (code.expires <= state.clock.now()) {
        return refuse(70020, "The device code has expired.", "expired_token");
    }
    if (!code.approved) {
        return refuse(
            70016, "Authorization is pending. Continue polling.", "authorization_pending"
        );
    }
    code.redeemed = true;
    return code.sign_in;
}

Granted check_password(const State& state, const Form& form) TIDEWAY_REQUIRES(state.mutex) {
    const std::string name = form.get("username");
    const SandboxIdentity::User* user = find_user(state, name);
    if (user == nullptr) {
        return refuse(50034, "The user account '" + name + "' does not exist in the directory.");
    }
    if (!equal_constant_time(user->password, form.get("password"))) {
        return refuse(50126, "Error validating credentials due to invalid username or password.");
    }
    return SignIn{{}, form.get("client_id"), name, {}};
}

Granted sign_in(State& state, const Form& form) TIDEWAY_REQUIRES(state.mutex) {
    const std::string grant = form.get("grant_type");
    if (grant == "authorization_code") {
        return redeem_code(state, form);
    }
    if (grant == "refresh_token") {
        Granted out = state.grants.read_refresh_token(form.get("refresh_token"));
        if (out && out->client_id != form.get("client_id")) {
            return refuse(700005, "The refresh token was issued to another client.");
        }
        return out;
    }
    if (grant == "password") {
        return check_password(state, form);
    }
    if (grant == "client_credentials") {
        return SignIn{{}, form.get("client_id"), {}, {}};
    }
    if (grant == kDeviceGrant || grant == "device_code") {
        return redeem_device_code(state, form);
    }
    if (grant.empty()) {
        return refuse(
            900144, "The request body must contain the parameter 'grant_type'.", "invalid_request"
        );
    }
    return refuse(
        70003,
        "The app requested an unsupported grant type '" + grant + "'.",
        "unsupported_grant_type"
    );
}

// The rights behind a token: of the user, or of the app when there is none.
tl::expected<TokenClaims, GrantError> claims_of(
    const State& state, const SandboxIdentity::App& app, const SignIn& who
) TIDEWAY_REQUIRES(state.mutex) {
    TokenClaims out;
    out.tenant = who.tenant;
    out.client_id = who.client_id;
    out.user = who.user;
    out.role = app.role;
    out.expires = state.clock.now() + state.lifetime;
    if (!who.user.empty()) {
        const SandboxIdentity::User* user = find_user(state, who.user);
        if (user == nullptr) {
            return refuse(50034, "The user account '" + who.user + "' was deleted.");
        }
        out.role = user->role;
    }
    return out;
}

Json token_body(
    const State& state, Version version, const TokenClaims& claims, const std::string& scope
) TIDEWAY_REQUIRES(state.mutex) {
    const std::int64_t lifetime =
        std::chrono::duration_cast<std::chrono::seconds>(state.lifetime).count();
    Json out = {{"token_type", "Bearer"}, {"access_token", state.grants.access_token(claims)}};
    if (version == Version::kV1) {
        const std::int64_t expires = seconds_of(claims.expires);
        out["expires_in"] = std::to_string(lifetime);
        out["ext_expires_in"] = std::to_string(lifetime);
        out["expires_on"] = std::to_string(expires);
        out["not_before"] = std::to_string(expires - lifetime - 300);
        out["resource"] = claims.audience;
        if (!claims.user.empty()) {
            out["scope"] = "user_impersonation";
        }
    } else {
        out["expires_in"] = lifetime;
        out["ext_expires_in"] = lifetime;
        out["scope"] = scope;
    }
    if (!claims.user.empty() && asks_for(scope, "openid")) {
        out["id_token"] = state.grants.sign(
            {{"aud", claims.client_id}, {"tid", claims.tenant}, {"preferred_username", claims.user}}
        );
    }
    return out;
}

tl::expected<Json, GrantError> grant(State& state, const Endpoint& endpoint, const Form& form)
    TIDEWAY_REQUIRES(state.mutex) {
    const auto app = find_app(state, form.get("client_id"));
    if (!app) {
        return tl::unexpected<GrantError>(app.error());
    }
    if (auto error = wrong_secret(**app, form)) {
        return tl::unexpected<GrantError>(std::move(*error));
    }
    if (form.get("grant_type") == "client_credentials" && (*app)->client_secret.empty()) {
        return refuse(
            7000218, "A public client cannot use client_credentials.", "invalid_client", 401
        );
    }
    Granted who = sign_in(state, form);
    if (!who) {
        return tl::unexpected<GrantError>(who.error());
    }
    who->tenant = endpoint.tenant;
    const std::string asked = form.get(endpoint.version == Version::kV1 ? "resource" : "scope");
    who->wanted = asked.empty() ? who->wanted : asked;
    auto claims = claims_of(state, **app, *who);
    if (!claims) {
        return tl::unexpected<GrantError>(claims.error());
    }
    claims->audience = endpoint.version == Version::kV2 ? resource_of_scope(who->wanted)
                       : who->wanted.empty()            ? std::string(kGraphResource)
                                                        : who->wanted;
    const std::string scope = endpoint.version == Version::kV2 ? who->wanted : form.get("scope");
    Json body = token_body(state, endpoint.version, *claims, scope);
    const bool renewable = endpoint.version == Version::kV1 ||
                           form.get("grant_type") == "refresh_token" ||
                           asks_for(who->wanted, "offline_access");
    if (!who->user.empty() && renewable) {
        body["refresh_token"] = state.grants.refresh_token(*who);
    }
    return body;
}

Response token(State& state, const Endpoint& endpoint, const ServerRequest& request)
    TIDEWAY_REQUIRES(state.mutex) {
    const std::string type = request.headers.get_or("Content-Type", "");
    if (request.method != "POST" || !type.starts_with("application/x-www-form-urlencoded")) {
        return refusal(
            state,
            request,
            {900561,
             "The endpoint only accepts POST requests with a form-encoded body.",
             "invalid_request",
             400}
        );
    }
    const auto granted = grant(state, endpoint, Form(request.body));
    return granted ? answer(200, *granted) : refusal(state, request, granted.error());
}

Response redirect(const Form& form, http::QueryFields fields) {
    if (const std::string mark = form.get("state"); !mark.empty()) {
        fields.emplace_back("state", mark);
    }
    const std::string target = form.get("redirect_uri");
    Response out;
    out.status = 302;
    out.headers.set(
        "Location",
        target + (target.find('?') == std::string::npos ? "?" : "&") + http::print_query(fields)
    );
    return out;
}

Response authorize(State& state, const Endpoint& endpoint, const ServerRequest& request)
    TIDEWAY_REQUIRES(state.mutex) {
    const Form form(request.query);
    const auto app = find_app(state, form.get("client_id"));
    if (!app) {
        return page(400, escape_html(error_text(app.error())));
    }
    if (form.get("redirect_uri").empty()) {
        return page(400, "AADSTS900144: The request must contain the parameter 'redirect_uri'.");
    }
    if (form.get("response_type") != "code") {
        return redirect(form, {{"error", "unsupported_response_type"}});
    }
    const std::string hint = form.get("login_hint");
    const SandboxIdentity::User* user = !hint.empty()         ? find_user(state, hint)
                                        : state.users.empty() ? nullptr
                                                              : &state.users.front();
    if (user == nullptr) {
        return redirect(
            form,
            {{"error", "access_denied"},
             {"error_description", "AADSTS50034: The user account does not exist."}}
        );
    }
    PendingCode code;
    code.sign_in = {
        endpoint.tenant,
        form.get("client_id"),
        user->name,
        form.get(endpoint.version == Version::kV1 ? "resource" : "scope")};
    code.redirect_uri = form.get("redirect_uri");
    code.challenge = form.get("code_challenge");
    code.challenge_method = form.get("code_challenge_method");
    code.expires = state.clock.now() + kCodeLifetime;
    const std::string id = "0." + to_base64url(random_bytes(24));
    state.codes[id] = std::move(code);
    return redirect(form, {{"code", id}, {"session_state", Uid::random().guid()}});
}

std::string new_user_code() {
    constexpr std::string_view kLetters = "BCDFGHJKLMNPQRSTVWXZ23456789";
    std::string out;
    for (const char byte : random_bytes(9)) {
        out += kLetters[static_cast<unsigned char>(byte) % kLetters.size()];
    }
    return out;
}

Response device_code(State& state, const Endpoint& endpoint, const ServerRequest& request)
    TIDEWAY_REQUIRES(state.mutex) {
    const Form form(request.method == "POST" ? request.body : request.query);
    const auto app = find_app(state, form.get("client_id"));
    if (!app) {
        return refusal(state, request, app.error());
    }
    PendingCode code;
    code.sign_in = {
        endpoint.tenant,
        form.get("client_id"),
        {},
        form.get(endpoint.version == Version::kV1 ? "resource" : "scope")};
    code.user_code = new_user_code();
    code.expires = state.clock.now() + kDeviceCodeLifetime;
    const std::string id = to_base64url(random_bytes(24));
    const std::string where =
        "http://" + request.headers.get_or("Host", "127.0.0.1") + "/sandbox/device";
    Json out = {
        {"user_code", code.user_code},
        {"device_code", id},
        {"message", "To sign in, open " + where + " and enter the code " + code.user_code + "."}};
    const bool v1 = endpoint.version == Version::kV1;
    out[v1 ? "verification_url" : "verification_uri"] = where;
    out["expires_in"] = v1 ? Json("900") : Json(900);
    out["interval"] = v1 ? Json("5") : Json(5);
    state.device_codes[id] = std::move(code);
    return answer(200, out);
}

Response approve_device(State& state, const ServerRequest& request) TIDEWAY_REQUIRES(state.mutex) {
    const Form form(request.method == "POST" ? request.body : request.query);
    const std::string entered = form.get("user_code");
    if (entered.empty()) {
        return page(
            200,
            "Enter the code that the program shows. <form method=\"get\"><input name=\"user_code\" "
            "aria-label=\"Code\"> <button>Sign in</button></form>"
        );
    }
    const std::string name = form.get("user");
    const SandboxIdentity::User* user = !name.empty()         ? find_user(state, name)
                                        : state.users.empty() ? nullptr
                                                              : &state.users.front();
    if (user == nullptr) {
        return page(400, "This sandbox has no such user.");
    }
    for (auto& [id, code] : state.device_codes) {
        if (code.user_code == entered && !code.approved) {
            code.approved = true;
            code.sign_in.user = user->name;
            return page(200, "Signed in. You can close this page.");
        }
    }
    return page(400, "That code is not known, or was used.");
}

Response control(SandboxIdentity& identity, const ServerRequest& request) {
    const auto body = parse_json(request.body, "the settings of the sandbox's identity service");
    if (request.method != "POST" || !body || !body->is_object()) {
        const std::string why = body ? "Send a JSON object with POST." : body.error().text();
        return answer(400, {{"error", {{"code", "InvalidRequestContent"}, {"message", why}}}});
    }
    for (const Json& one : body->value("users", Json::array())) {
        identity.put_user(
            {string_or(one, "name"), string_or(one, "password"), string_or(one, "role", "admin")}
        );
    }
    for (const Json& one : body->value("apps", Json::array())) {
        identity.put_app(
            {string_or(one, "client_id"),
             string_or(one, "client_secret"),
             string_or(one, "role", "admin")}
        );
    }
    if (const std::int64_t seconds = int_or(*body, "token_lifetime_s", 0); seconds > 0) {
        identity.set_token_lifetime(std::chrono::seconds(seconds));
    }
    const std::string what = string_or(*body, "revoke");
    if (what == "refresh_tokens") {
        identity.revoke(SandboxIdentity::Revoke::kRefreshTokens);
    } else if (what == "everything") {
        identity.revoke(SandboxIdentity::Revoke::kEverything);
    }
    return answer(200, Json::object());
}

Response serve(State& state, const ServerRequest& request) {
    const Lock lock(state.mutex);
    if (request.path == "/sandbox/device") {
        return approve_device(state, request);
    }
    const auto endpoint = endpoint_of(request.path);
    if (!endpoint) {
        return page(404, "The identity service has no such page.");
    }
    if (endpoint->verb == "token") {
        return token(state, *endpoint, request);
    }
    return endpoint->verb == "authorize" ? authorize(state, *endpoint, request)
                                         : device_code(state, *endpoint, request);
}

}  // namespace

bool SandboxIdentity::owns(std::string_view path) {
    return path == "/sandbox/device" || path == "/sandbox/identity" ||
           endpoint_of(path).has_value();
}

http::Handler SandboxIdentity::handler() {
    return [self = *this](
               const ServerRequest& request, const std::shared_ptr<http::Responder>& responder
           ) mutable {
        if (request.path == "/sandbox/identity") {
            responder->send(control(self, request));
            return;
        }
        responder->send(serve(*self.state_, request));
    };
}

}  // namespace tideway::connector
