// OAuth 2 as Azure AD, Salesforce and others speak it, as values: requests to its endpoints, their
// answers, and their errors in words. No I/O. Used by the token cache and by sign_in.h. Thread:
// any.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/secret.h"
#include "engine/http/message.h"
#include "engine/http/url.h"
#include "engine/model/connector_spec.h"

namespace tideway::connector {

using Secrets = std::map<std::string, Secret, std::less<>>;

enum class OauthStyle {
    kResource,  // v1: the audience is a `resource`; numbers come as texts
    kScope,     // v2: the audience is "{resource}/.default"
    kPlain,     // plain: a token is for the account's one service, which its answer names
};

// Where an app shows its id and secret to the token address.
enum class ClientProof {
    kForm,    // in the body
    kHeader,  // as user name and password (Basic)
};

// ConnectorSpec::oauth with a connection's settings filled in.
struct OauthSetup {
    std::string token_url;
    std::string authorize_url;  // empty where the spec has none
    std::string device_url;     // empty where the spec has none
    OauthStyle style = OauthStyle::kScope;
    http::QueryFields token_fields;  // what else says which token is wanted; none is empty
    ClientProof proof = ClientProof::kForm;
    std::string client_id;
    Secret client_secret;  // empty: a public client
};

// Fails when the connector has no oauth or a setting is missing.
Result<OauthSetup> read_oauth(
    const model::ConnectorSpec& spec, const Json& settings, const Secrets& secrets
);

// The service that a token is for: "https://contoso.crm.dynamics.com", without a slash at the end.
// An empty audience means the connector's first.
Result<std::string> resource_of(
    const model::ConnectorSpec& spec, std::string_view audience, const Json& settings
);

enum class Offline { kNo, kYes };  // kYes: also a refresh token

// The fields that name the audience: `resource` or `scope`, none in the plain style; and those of
// the spec's own.
http::QueryFields audience_fields(
    const OauthSetup& setup, const std::string& resource, Offline offline
);

// The grant of RFC 7523: a statement, signed with the secret `private_key`, that the app client_id
// acts for the spec's `jwt_subject` at its `jwt_audience`. Valid for three minutes.
Result<http::QueryFields> assertion_fields(
    const model::ConnectorSpec& spec, const Json& settings, const Secrets& secrets, Timestamp now
);

// POST token_url with `fields`, client_id, and client_secret if there is one.
http::Request token_request(const OauthSetup& setup, http::QueryFields fields);

struct TokenAnswer {
    Secret access_token;
    Secret refresh_token;                      // empty: none came
    Duration lifetime{0};                      // of the access token
    std::optional<Duration> refresh_lifetime;  // where the provider says it
    std::string instance_url;                  // the account's service, where the provider says it
};

// Errors: kUnauthenticated (a person must act: the text says what), kUnavailable (try later; also
// for a 200 that is no token answer). Codes: "AADSTS50126", "TokenRefused",
// "TokenAnswerUnreadable", "IdentityProviderUnavailable".
Result<TokenAnswer> read_token_answer(const http::Response& response, Timestamp now);

// An OAuth error ("invalid_grant", "AADSTS50126: ...") in words. `description` may be empty.
Error identity_error(std::string_view error, std::string_view description);

// How long a refresh token of Azure AD lives without being used.
constexpr Duration kRefreshTokenLifetime = std::chrono::hours(24 * 90);

}  // namespace tideway::connector
