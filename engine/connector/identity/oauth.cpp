#include "engine/connector/identity/oauth.h"

#include <charconv>

#include "engine/base/digest.h"
#include "engine/connector/identity/jwt.h"
#include "engine/connector/template.h"
#include "engine/model/schema.h"

namespace tideway::connector {
namespace {

constexpr std::chrono::seconds kTokenTimeout{30};
// Of an answer without expires_in: Salesforce's shortest session. A token that is refused earlier
// is renewed.
constexpr std::chrono::minutes kUnsaidLifetime{15};
constexpr std::chrono::minutes kAssertionLifetime{3};

tl::unexpected<Error> no_oauth(const model::ConnectorSpec& spec) {
    return fail(
        ErrorKind::kInvalidInput,
        "OauthNotSupported",
        "Connector '" + spec.id + "' does not sign in with OAuth."
    );
}

// Seconds as a number or, in v1 answers, as a text.
std::optional<Duration> seconds_at(const Json& object, std::string_view key) {
    const Json* value = find(object, key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (value->is_number()) {
        return std::chrono::seconds(value->get<std::int64_t>());
    }
    const std::string text = value->is_string() ? value->get<std::string>() : "";
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return std::chrono::seconds(seconds);
}

Error unreadable_answer(const std::string& why) {
    Error error;
    error.kind = ErrorKind::kUnavailable;
    error.code = "TokenAnswerUnreadable";
    error.message = "The identity provider's answer holds no token: " + why + ".";
    error.remedy = "Check the 'authority' setting, and any proxy on the way.";
    return error;
}

// An answer other than 200.
Error refusal(const http::Response& response, Timestamp now) {
    const auto json = parse_json(response.body, "it");
    const std::string word = json ? string_or(*json, "error") : std::string();
    Error error;
    if (response.status >= 500 || response.status == 429 || response.status == 408) {
        error = identity_error(
            "temporarily_unavailable", json ? string_or(*json, "error_description") : ""
        );
        error.code = "IdentityProviderUnavailable";
        error.kind = ErrorKind::kUnavailable;
        error.message = "The identity provider cannot answer now (HTTP " +
                        std::to_string(response.status) + ").";
        error.remedy = "It is tried again by itself.";
    } else if (!word.empty()) {
        error = identity_error(word, string_or(*json, "error_description"));
    } else {
        error.kind = ErrorKind::kUnauthenticated;
        error.code = "TokenRefused";
        error.message = "The token address does not answer like an identity provider (HTTP " +
                        std::to_string(response.status) + ").";
        error.remedy = "Check the 'authority' and 'tenant' settings.";
    }
    error.http_status = response.status;
    if (const auto wait = http::retry_after(response.headers, now)) {
        error.retry_after = std::chrono::ceil<std::chrono::milliseconds>(*wait);
    }
    return error;
}

}  // namespace

Result<OauthSetup> read_oauth(
    const model::ConnectorSpec& spec, const Json& settings, const Secrets& secrets
) {
    if (!spec.oauth.is_object()) {
        return no_oauth(spec);
    }
    const Json full = model::with_defaults(spec.settings_schema, settings);
    OauthSetup out;
    TIDEWAY_TRY_ASSIGN(out.token_url, fill_template(string_or(spec.oauth, "token_url"), full));
    TIDEWAY_TRY_ASSIGN(
        out.authorize_url, fill_template(string_or(spec.oauth, "authorize_url"), full)
    );
    TIDEWAY_TRY_ASSIGN(out.device_url, fill_template(string_or(spec.oauth, "device_url"), full));
    TIDEWAY_TRY_ASSIGN(out.client_id, fill_template("{client_id}", full));
    const std::string style = string_or(spec.oauth, "style");
    out.style = style == "v1"   ? OauthStyle::kResource
                : style == "v2" ? OauthStyle::kScope
                                : OauthStyle::kPlain;
    TIDEWAY_TRY_ASSIGN(
        const std::string proof, fill_template(string_or(spec.oauth, "client_proof"), full)
    );
    out.proof = proof == "header" ? ClientProof::kHeader : ClientProof::kForm;
    // Fields whose settings are not there are not sent.
    if (const Json* more = find(spec.oauth, "token_fields")) {
        for (const auto& [name, wanted] : more->items()) {
            if (auto value = fill_template(wanted.get_ref<const std::string&>(), full)) {
                out.token_fields.emplace_back(name, std::move(*value));
            }
        }
    }
    if (const auto it = secrets.find("client_secret"); it != secrets.end()) {
        out.client_secret = it->second;
    }
    return out;
}

Result<std::string> resource_of(
    const model::ConnectorSpec& spec, std::string_view audience, const Json& settings
) {
    const auto it =
        audience.empty() ? spec.audiences.begin() : spec.audiences.find(std::string(audience));
    if (it == spec.audiences.end()) {
        return fail(
            ErrorKind::kInvalidInput,
            "AudienceUnknown",
            "Connector '" + spec.id + "' has no audience '" + std::string(audience) + "'."
        );
    }
    const Json full = model::with_defaults(spec.settings_schema, settings);
    TIDEWAY_TRY_ASSIGN(std::string resource, fill_template(it->second, full));
    while (resource.ends_with('/')) {
        resource.pop_back();
    }
    return resource;
}

http::QueryFields audience_fields(
    const OauthSetup& setup, const std::string& resource, Offline offline
) {
    const bool refreshable = offline == Offline::kYes;
    http::QueryFields fields = setup.token_fields;
    switch (setup.style) {
        case OauthStyle::kPlain:
            break;
        case OauthStyle::kScope:
            fields.emplace_back(
                "scope", resource + (refreshable ? "/.default offline_access" : "/.default")
            );
            break;
        case OauthStyle::kResource:
            fields.emplace_back("resource", resource);
            if (refreshable) {
                fields.emplace_back("scope", "openid");
            }
            break;
    }
    return fields;
}

Result<http::QueryFields> assertion_fields(
    const model::ConnectorSpec& spec, const Json& settings, const Secrets& secrets, Timestamp now
) {
    const auto key = secrets.find("private_key");
    if (key == secrets.end() || key->second.empty()) {
        return fail(
            ErrorKind::kUnauthenticated,
            "PrivateKeyMissing",
            "There is no private key to sign in with.",
            "Enter 'private_key': the PEM text of the key whose certificate the app has."
        );
    }
    const Json full = model::with_defaults(spec.settings_schema, settings);
    TIDEWAY_TRY_ASSIGN(const std::string issuer, fill_template("{client_id}", full));
    TIDEWAY_TRY_ASSIGN(
        const std::string audience, fill_template(string_or(spec.oauth, "jwt_audience"), full)
    );
    TIDEWAY_TRY_ASSIGN(
        const std::string subject, fill_template(string_or(spec.oauth, "jwt_subject"), full)
    );
    const auto expires =
        std::chrono::floor<std::chrono::seconds>(now + kAssertionLifetime).time_since_epoch();
    const Json claims = {
        {"iss", issuer}, {"sub", subject}, {"aud", audience}, {"exp", expires.count()}};
    TIDEWAY_TRY_ASSIGN(std::string assertion, sign_jwt(claims, key->second));
    return http::QueryFields{
        {"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
        {"assertion", std::move(assertion)}};
}

http::Request token_request(const OauthSetup& setup, http::QueryFields fields) {
    http::Request request;
    if (setup.proof == ClientProof::kHeader) {
        const std::string proof = http::encode_component(setup.client_id) + ":" +
                                  http::encode_component(setup.client_secret.reveal());
        request.headers.set("Authorization", "Basic " + to_base64(proof));
    } else {
        fields.emplace_back("client_id", setup.client_id);
        if (!setup.client_secret.empty()) {
            fields.emplace_back("client_secret", std::string(setup.client_secret.reveal()));
        }
    }
    request.method = "POST";
    request.url = setup.token_url;
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.headers.set("Accept", "application/json");
    request.body = http::print_form(fields);
    request.timeout = kTokenTimeout;
    return request;
}

Result<TokenAnswer> read_token_answer(const http::Response& response, Timestamp now) {
    if (response.status != 200) {
        return fail(refusal(response, now));
    }
    const auto json = parse_json(response.body, "it");
    if (!json || !json->is_object()) {
        return fail(unreadable_answer("it is not a JSON object"));
    }
    TokenAnswer out;
    out.access_token = Secret(string_or(*json, "access_token"));
    out.refresh_token = Secret(string_or(*json, "refresh_token"));
    if (out.access_token.empty()) {
        return fail(unreadable_answer("there is no 'access_token'"));
    }
    if (out.access_token.reveal().find_first_of("\r\n\t ") != std::string_view::npos) {
        return fail(unreadable_answer("its 'access_token' cannot be put into a header"));
    }
    out.lifetime = seconds_at(*json, "expires_in").value_or(kUnsaidLifetime);
    out.instance_url = string_or(*json, "instance_url");
    out.refresh_lifetime = seconds_at(*json, "refresh_token_expires_in");
    return out;
}

}  // namespace tideway::connector
