#include "connectors/salesforce/sandbox_sign_in.h"

#include "engine/base/digest.h"
#include "engine/connector/identity/jwt.h"

namespace tideway::connectors::salesforce::sandbox {
namespace {

constexpr const char* kOrganization = "00DTw0000000001AAA";
constexpr std::chrono::minutes kAssertionMax{5};

std::string field_of(const http::QueryFields& form, std::string_view name) {
    for (const auto& [key, value] : form) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

tl::unexpected<std::pair<std::string, std::string>> no(const char* error, const char* why) {
    return tl::unexpected<std::pair<std::string, std::string>>({error, why});
}

std::string fresh_token(const char* prefix) {
    return std::string(prefix) + to_hex(random_bytes(24));
}

std::string redirect_to(const std::string& uri, const http::QueryFields& fields) {
    return uri + (uri.find('?') == std::string::npos ? "?" : "&") + http::print_query(fields);
}

}  // namespace

void SignIns::put_app(SandboxApp app) {
    apps_[app.client_id] = std::move(app);
}

void SignIns::put_user(SandboxUser user) {
    users_[user.username] = std::move(user);
}

void SignIns::end(End what) {
    sessions_.clear();
    if (what == End::kEverything) {
        refresh_tokens_.clear();
    }
}

std::string SignIns::open_session(const std::string& username) {
    const std::string token = fresh_token("00DTw!");
    sessions_[token] = {username, clock_.now() + lifetime_};
    return token;
}

Outcome<std::string> SignIns::check(const http::Headers& headers) {
    const std::string text = headers.get_or("Authorization", "");
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string scheme = text.substr(0, space);
    const auto session =
        sessions_.find(space < text.size() ? text.substr(space + 1) : std::string());
    const bool is_open = (scheme == "Bearer" || scheme == "OAuth") && session != sessions_.end() &&
                         clock_.now() < session->second.used_until;
    if (!is_open) {
        return refuse(401, "INVALID_SESSION_ID", "Session expired or invalid");
    }
    session->second.used_until = clock_.now() + lifetime_;
    return session->second.username;
}

std::optional<SignIns::Answer> SignIns::wrong_app(const Form& form) const {
    const auto app = apps_.find(field_of(form, "client_id"));
    if (app == apps_.end()) {
        return no("invalid_client_id", "client identifier invalid");
    }
    if (app->second.client_secret != field_of(form, "client_secret")) {
        return no("invalid_client", "invalid client credentials");
    }
    return std::nullopt;
}

SignIns::Answer SignIns::by_client_credentials(const Form& form) {
    if (auto wrong = wrong_app(form)) {
        return *wrong;
    }
    const std::string& user = apps_[field_of(form, "client_id")].run_as;
    return user.empty() ? Answer(no("invalid_grant", "no client credentials user enabled")) : user;
}

SignIns::Answer SignIns::by_password(const Form& form) {
    if (auto wrong = wrong_app(form)) {
        return *wrong;
    }
    const auto user = users_.find(field_of(form, "username"));
    const bool is_known =
        user != users_.end() && user->second.password == field_of(form, "password");
    return is_known ? Answer(user->first) : no("invalid_grant", "authentication failure");
}

SignIns::Answer SignIns::by_refresh_token(const Form& form) {
    if (auto wrong = wrong_app(form)) {
        return *wrong;
    }
    const auto token = refresh_tokens_.find(field_of(form, "refresh_token"));
    return token == refresh_tokens_.end()
               ? Answer(no("invalid_grant", "expired access/refresh token"))
               : token->second;
}

SignIns::Answer SignIns::by_jwt(const Form& form) {
    const std::string assertion = field_of(form, "assertion");
    for (const auto& [id, app] : apps_) {
        const auto claims = app.public_key.empty()
                                ? fail(ErrorKind::kUnauthenticated, "JwtInvalid", "no key")
                                : connector::verify_jwt(assertion, app.public_key);
        if (!claims || string_or(*claims, "iss") != id) {
            continue;
        }
        const Timestamp expires = Timestamp() + std::chrono::seconds(int_or(*claims, "exp", 0));
        if (expires <= clock_.now() || expires > clock_.now() + kAssertionMax) {
            return no("invalid_grant", "invalid assertion");
        }
        const std::string audience = string_or(*claims, "aud");
        if (audience != "https://login.salesforce.com" && audience != base_url_ &&
            audience != "https://test.salesforce.com") {
            return no("invalid_grant", "audience is invalid");
        }
        const auto user = users_.find(string_or(*claims, "sub"));
        return user == users_.end()
                   ? Answer(no("invalid_grant", "user hasn't approved this consumer"))
                   : user->first;
    }
    return no("invalid_grant", "invalid assertion");
}

SignIns::Answer SignIns::by_code(const Form& form) {
    if (auto wrong = wrong_app(form)) {
        return *wrong;
    }
    const auto it = codes_.find(field_of(form, "code"));
    if (it == codes_.end()) {
        return no("invalid_grant", "expired authorization code");
    }
    const Code code = it->second;
    codes_.erase(it);
    if (code.redirect_uri != field_of(form, "redirect_uri") ||
        code.client_id != field_of(form, "client_id")) {
        return no("invalid_grant", "redirect_uri must match configuration");
    }
    const bool is_proved = code.challenge.empty() ||
                           code.challenge == to_base64url(sha256(field_of(form, "code_verifier")));
    return is_proved ? Answer(code.username) : no("invalid_grant", "invalid code verifier");
}

SignIns::Answer SignIns::by_grant(const Form& form) {
    const std::string grant = field_of(form, "grant_type");
    if (grant == "client_credentials") {
        return by_client_credentials(form);
    }
    if (grant == "password") {
        return by_password(form);
    }
    if (grant == "refresh_token") {
        return by_refresh_token(form);
    }
    if (grant == "urn:ietf:params:oauth:grant-type:jwt-bearer") {
        return by_jwt(form);
    }
    if (grant == "authorization_code") {
        return by_code(form);
    }
    return no("unsupported_grant_type", "grant type not supported");
}

http::Response SignIns::token(const http::ServerRequest& request) {
    const Form form = http::parse_query(request.body);
    const Answer user = by_grant(form);
    if (!user) {
        return json_answer(
            400, {{"error", user.error().first}, {"error_description", user.error().second}}
        );
    }
    Json out = {
        {"access_token", open_session(*user)},
        {"instance_url", base_url_},
        {"id", base_url_ + "/id/" + kOrganization + "/" + users_[*user].id},
        {"token_type", "Bearer"},
        {"issued_at", std::to_string(to_micros(clock_.now()) / 1000)},
        {"signature", to_base64(random_bytes(32))},
        {"scope", "api id refresh_token"}};
    const std::string grant = field_of(form, "grant_type");
    if (grant == "authorization_code") {
        const std::string refresh = fresh_token("5Aep");
        refresh_tokens_[refresh] = *user;
        out["refresh_token"] = refresh;
    }
    return json_answer(200, out);
}

http::Response SignIns::authorize(const http::ServerRequest& request) {
    const std::string client_id = http::query_value(request.query, "client_id");
    const std::string redirect_uri = http::query_value(request.query, "redirect_uri");
    const std::string hint = http::query_value(request.query, "login_hint");
    if (!apps_.contains(client_id) || redirect_uri.empty() || users_.empty()) {
        return json_answer(
            400,
            {{"error", "invalid_client_id"}, {"error_description", "client identifier invalid"}}
        );
    }
    const std::string user = users_.contains(hint) ? hint : apps_[client_id].run_as;
    const std::string code = fresh_token("aPrx");
    codes_[code] = {
        user.empty() ? users_.begin()->first : user,
        client_id,
        redirect_uri,
        http::query_value(request.query, "code_challenge")};
    http::Response out;
    out.status = 302;
    out.headers.set(
        "Location",
        redirect_to(
            redirect_uri, {{"code", code}, {"state", http::query_value(request.query, "state")}}
        )
    );
    return out;
}

http::Response SignIns::revoke(const http::ServerRequest& request) {
    const std::string token = field_of(http::parse_query(request.body), "token");
    sessions_.erase(token);
    refresh_tokens_.erase(token);
    http::Response out;
    out.status = 200;
    return out;
}

}  // namespace tideway::connectors::salesforce::sandbox
