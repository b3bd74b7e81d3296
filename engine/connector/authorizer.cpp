#include "engine/connector/authorizer.h"

#include <algorithm>
#include <utility>

#include "engine/base/digest.h"

namespace tideway::connector {
namespace {

bool has_secret(const OpenConnection& connection, std::string_view name) {
    const auto it = connection.secrets.find(name);
    return it != connection.secrets.end() && !it->second.empty();
}

Result<std::string_view> secret_of(const OpenConnection& connection, std::string_view name) {
    if (!has_secret(connection, name)) {
        return fail(
            ErrorKind::kUnauthenticated,
            "ConnectionNotSignedIn",
            "Connection '" + connection.record.name + "' has no '" + std::string(name) + "'.",
            "Enter it in the connection."
        );
    }
    return connection.secrets.find(name)->second.reveal();
}

// Credentials with line breaks would add headers of their own.
Status check_header_text(const OpenConnection& connection, std::string_view text) {
    const bool bad = std::ranges::any_of(text, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (bad) {
        return fail(
            ErrorKind::kUnauthenticated,
            "ConnectionNotSignedIn",
            "The credentials of connection '" + connection.record.name +
                "' hold control characters.",
            "Enter them again, without line breaks."
        );
    }
    return {};
}

Status add_basic(const OpenConnection& connection, http::Request& request) {
    const std::string user = string_or(connection.settings, "username");
    TIDEWAY_TRY_ASSIGN(const std::string_view password, secret_of(connection, "password"));
    if (user.empty() || user.find(':') != std::string::npos) {
        return fail(
            ErrorKind::kUnauthenticated,
            "ConnectionNotSignedIn",
            "Connection '" + connection.record.name + "' needs a 'username' without a colon.",
            "Correct the setting 'username'."
        );
    }
    request.headers.set("Authorization", "Basic " + to_base64(user + ":" + std::string(password)));
    return {};
}

Status add_api_key(const OpenConnection& connection, http::Request& request) {
    TIDEWAY_TRY_ASSIGN(const std::string_view key, secret_of(connection, "api_key"));
    const std::string header = string_or(connection.settings, "api_key_header", "X-API-Key");
    TIDEWAY_TRY(check_header_text(connection, key));
    TIDEWAY_TRY(check_header_text(connection, header));
    request.headers.set(header, std::string(key));
    return {};
}

}  // namespace

AuthWay auth_way(const model::ConnectorSpec& spec, const OpenConnection& connection) {
    const auto way_of = [](std::string_view word) {
        return word == "none"      ? AuthWay::kNone
               : word == "basic"   ? AuthWay::kBasic
               : word == "api_key" ? AuthWay::kApiKey
                                   : AuthWay::kOauth2;
    };
    if (!connection.record.grant.empty()) {
        return way_of(connection.record.grant);
    }
    if (spec.auth.size() == 1) {
        return way_of(spec.auth[0]);
    }
    if (has_secret(connection, "api_key")) {
        return AuthWay::kApiKey;
    }
    if (has_secret(connection, "password")) {
        return AuthWay::kBasic;
    }
    const bool goes_without = !spec.auth.empty() && spec.auth.front() == "none";
    const bool signs_in =
        spec.oauth.is_object() && (!goes_without || has_secret(connection, "client_secret") ||
                                   has_secret(connection, "refresh_token"));
    return signs_in ? AuthWay::kOauth2 : AuthWay::kNone;
}

void Authorizer::authorize(
    const std::shared_ptr<const OpenConnection>& connection,
    const std::string& audience,
    http::Request request,
    Executor& back,
    std::function<void(Result<http::Request>)> done
) const {
    const model::ConnectorSpec* spec =
        connection == nullptr ? nullptr : registry_.spec(connection->record.connector);
    const AuthWay way =
        spec == nullptr || audience.empty() ? AuthWay::kNone : auth_way(*spec, *connection);
    if (way == AuthWay::kOauth2) {
        tokens_.get(
            connection->record.name,
            audience,
            back,
            [request = std::move(request), done = std::move(done)](Result<Secret> token) mutable {
                if (!token) {
                    done(fail(std::move(token.error())));
                    return;
                }
                request.headers.set("Authorization", "Bearer " + std::string(token->reveal()));
                done(std::move(request));
            }
        );
        return;
    }
    Status status;
    if (way == AuthWay::kBasic) {
        status = add_basic(*connection, request);
    } else if (way == AuthWay::kApiKey) {
        status = add_api_key(*connection, request);
    }
    Result<http::Request> result = std::move(request);
    if (!status) {
        result = fail(std::move(status.error()));
    }
    back.post([done = std::move(done), result = std::move(result)] { done(result); });
}

}  // namespace tideway::connector
