#include "engine/connector/identity/sign_in.h"

#include <algorithm>
#include <utility>

#include "engine/base/digest.h"
#include "engine/connector/template.h"
#include "engine/model/schema.h"

namespace tideway::connector {
namespace {

using std::chrono::seconds;

constexpr std::string_view kDeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr seconds kDeviceInterval{5};  // RFC 8628: where the provider says none, and per slow_down
constexpr seconds kDeviceIntervalMax{60};
constexpr seconds kDeviceLifetime{900};

tl::unexpected<Error> refuse(std::string code, std::string message, std::string remedy) {
    return fail(ErrorKind::kInvalidInput, std::move(code), std::move(message), std::move(remedy));
}

struct Prepared {
    OauthSetup setup;
    std::string resource;
};

Result<Prepared> prepare(const SignInInput& input, std::string_view grant) {
    const Json* grants = find(input.spec->oauth, "grants");
    if (grants == nullptr ||
        std::ranges::find(*grants, Json(std::string(grant))) == grants->end()) {
        return refuse(
            "GrantNotSupported",
            "Connector '" + input.spec->id + "' does not sign in by " + std::string(grant) + ".",
            grants == nullptr ? "" : "It signs in by: " + dump(*grants) + "."
        );
    }
    Prepared out;
    TIDEWAY_TRY_ASSIGN(out.setup, read_oauth(*input.spec, input.settings, input.secrets));
    TIDEWAY_TRY_ASSIGN(out.resource, resource_of(*input.spec, input.audience, input.settings));
    return out;
}

Error no_refresh_token() {
    Error error;
    error.kind = ErrorKind::kUnauthenticated;
    error.code = "NoRefreshToken";
    error.message =
        "The identity provider gave no refresh token, so the connection could not last.";
    error.remedy =
        "Allow the permission 'offline_access' to the app registration, then sign in again.";
    return error;
}

// Azure AD's refresh tokens end when they are not used; Salesforce's are its policy's business.
std::optional<Timestamp> refresh_end(const TokenAnswer& token, OauthStyle style, Timestamp now) {
    if (token.refresh_lifetime) {
        return now + *token.refresh_lifetime;
    }
    return style == OauthStyle::kPlain ? std::nullopt : std::optional(now + kRefreshTokenLifetime);
}

SignInTurn signed_in(
    const TokenAnswer& token, Secrets secrets, std::string grant, std::optional<Timestamp> end
) {
    if (!token.refresh_token.empty()) {
        secrets["refresh_token"] = token.refresh_token;
    }
    if (!secrets.contains("refresh_token")) {
        return no_refresh_token();
    }
    return SignedIn{std::move(secrets), std::move(grant), end};
}

// Requests go to the address in the settings: an account of another service is of no use there.
std::optional<Error> foreign_instance(const TokenAnswer& token, const std::string& resource) {
    const auto named = http::parse_url(token.instance_url);
    const auto expected = http::parse_url(resource);
    if (!named || !expected || (named->host == expected->host && named->port == expected->port)) {
        return std::nullopt;
    }
    Error error;
    error.kind = ErrorKind::kInvalidInput;
    error.code = "InstanceMismatch";
    error.message = "The account belongs to " + token.instance_url + ", and the settings name " +
                    resource + ".";
    error.remedy = "Set the service's address in the settings to " + token.instance_url + ".";
    return error;
}

bool needs_refresh_token(std::string_view grant) {
    return grant != "client_credentials" && grant != "jwt_bearer";
}

// One request to the token address, one answer.
class TokenSignIn final : public SignIn {
  public:
    TokenSignIn(http::Request request, Prepared prepared, Secrets secrets, std::string grant)
        : request_(std::move(request)),
          prepared_(std::move(prepared)),
          secrets_(std::move(secrets)),
          grant_(std::move(grant)) {}

    SignInTurn begin(Timestamp /*now*/) override { return Ask{std::move(request_), Duration(0)}; }

    SignInTurn on_response(const http::Response& response, Timestamp now) override {
        const auto token = read_token_answer(response, now);
        if (!token) {
            return token.error();
        }
        if (auto error = foreign_instance(*token, prepared_.resource)) {
            return std::move(*error);
        }
        if (!needs_refresh_token(grant_)) {
            return SignedIn{secrets_, grant_, std::nullopt};
        }
        const auto end = refresh_end(*token, prepared_.setup.style, now);
        return signed_in(*token, secrets_, grant_, end);
    }

  private:
    http::Request request_;
    Prepared prepared_;
    Secrets secrets_;
    std::string grant_;
};

SignInOrError exchange(
    const SignInInput& input, const Prepared& prepared, std::string grant, http::QueryFields fields
) {
    const Offline offline = needs_refresh_token(grant) ? Offline::kYes : Offline::kNo;
    std::ranges::move(
        audience_fields(prepared.setup, prepared.resource, offline), std::back_inserter(fields)
    );
    return std::make_unique<TokenSignIn>(
        token_request(prepared.setup, std::move(fields)), prepared, input.secrets, std::move(grant)
    );
}

// RFC 8628: ask for a code, show it, then ask until the person is done.
class DeviceSignIn final : public SignIn {
  public:
    DeviceSignIn(Prepared prepared, Secrets secrets, std::function<void(const DevicePrompt&)> show)
        : prepared_(std::move(prepared)),
          secrets_(std::move(secrets)),
          show_(std::move(show)) {}

    SignInTurn begin(Timestamp /*now*/) override {
        http::QueryFields fields =
            audience_fields(prepared_.setup, prepared_.resource, Offline::kYes);
        OauthSetup setup = prepared_.setup;
        setup.token_url = setup.device_url;
        setup.client_secret = Secret();
        return Ask{token_request(setup, std::move(fields)), Duration(0)};
    }

    SignInTurn on_response(const http::Response& response, Timestamp now) override {
        return device_code_.empty() ? read_code(response, now) : read_poll(response, now);
    }

    SignInTurn on_trouble(const Error& error, Timestamp now) override {
        if (device_code_.empty()) {
            return error;
        }
        interval_ = std::min<Duration>(interval_ * 2, kDeviceIntervalMax);
        return poll(now);
    }

  private:
    SignInTurn read_code(const http::Response& response, Timestamp now) {
        const auto json = parse_json(response.body, "The device code");
        if (response.status != 200 || !json) {
            auto refused = read_token_answer(response, now);
            return refused ? identity_error("server_error", "") : refused.error();
        }
        device_code_ = Secret(string_or(*json, "device_code"));
        DevicePrompt prompt;
        prompt.user_code = string_or(*json, "user_code");
        prompt.url = string_or(*json, "verification_uri", string_or(*json, "verification_url"));
        if (device_code_.empty() || prompt.user_code.empty() || prompt.url.empty()) {
            return identity_error("server_error", "The answer holds no device code.");
        }
        interval_ = seconds_or(*json, "interval", kDeviceInterval);
        expires_ = now + seconds_or(*json, "expires_in", kDeviceLifetime);
        prompt.message = string_or(
            *json, "message", "Open " + prompt.url + " and enter the code " + prompt.user_code + "."
        );
        prompt.expires = expires_;
        show_(prompt);
        return poll(now);
    }

    // Numbers come as texts from v1 addresses.
    static Duration seconds_or(const Json& json, std::string_view key, seconds fallback) {
        const std::string text = string_or(json, key);
        const bool digits = !text.empty() && text.size() < 8 &&
                            text.find_first_not_of("0123456789") == std::string::npos;
        const std::int64_t value = digits ? std::stoll(text) : int_or(json, key, fallback.count());
        return seconds(std::clamp<std::int64_t>(value, 1, 86'400));
    }

    SignInTurn poll(Timestamp now) {
        if (now + interval_ >= expires_) {
            return identity_error("expired_token", "");
        }
        const std::string code(device_code_.reveal());
        http::QueryFields fields{{"grant_type", std::string(kDeviceGrant)}, {"device_code", code}};
        if (prepared_.setup.style == OauthStyle::kResource) {
            fields = {
                {"grant_type", "device_code"}, {"code", code}, {"resource", prepared_.resource}};
        }
        return Ask{token_request(prepared_.setup, std::move(fields)), interval_};
    }

    SignInTurn read_poll(const http::Response& response, Timestamp now) {
        auto token = read_token_answer(response, now);
        if (token) {
            const auto end = refresh_end(*token, prepared_.setup.style, now);
            return signed_in(*token, secrets_, "device_code", end);
        }
        const auto json = parse_json(response.body, "it");
        const std::string word = json ? string_or(*json, "error") : std::string();
        if (word == "authorization_pending") {
            return poll(now);
        }
        if (word == "slow_down") {
            interval_ += kDeviceInterval;
            return poll(now);
        }
        if (token.error().kind == ErrorKind::kUnavailable) {
            return on_trouble(token.error(), now);
        }
        return token.error();
    }

    Prepared prepared_;
    Secrets secrets_;
    std::function<void(const DevicePrompt&)> show_;
    Secret device_code_;
    Duration interval_ = kDeviceInterval;
    Timestamp expires_;
};

// Drives a SignIn; ends quietly when its owner lets go of it.
class SignInRun final : public std::enable_shared_from_this<SignInRun> {
  public:
    SignInRun(
        std::unique_ptr<SignIn> sign_in,
        http::Client& client,
        http::NetworkPolicy policy,
        Executor& loop,
        const Clock& clock,
        std::function<void(Result<SignedIn>)> done
    )
        : sign_in_(std::move(sign_in)),
          client_(client),
          policy_(std::move(policy)),
          loop_(loop),
          clock_(clock),
          done_(std::move(done)) {
        policy_.allowed_hosts.clear();
    }

    void start() {
        loop_.post([weak = weak_from_this()] {
            if (const auto self = weak.lock()) {
                self->take(self->sign_in_->begin(self->clock_.now()));
            }
        });
    }

  private:
    void take(SignInTurn turn) {
        if (auto* ask = std::get_if<Ask>(&turn)) {
            wait_and_send(std::move(*ask));
            return;
        }
        const auto done = std::exchange(done_, nullptr);
        if (auto* error = std::get_if<Error>(&turn)) {
            done(fail(std::move(*error)));
        } else {
            done(std::get<SignedIn>(std::move(turn)));
        }
    }

    void wait_and_send(Ask ask) {
        if (ask.wait <= Duration(0)) {
            send(std::move(ask.request));
            return;
        }
        timer_ = loop_.after(ask.wait, [weak = weak_from_this(), request = std::move(ask.request)] {
            if (const auto self = weak.lock()) {
                self->send(request);
            }
        });
    }

    void send(http::Request request) {
        client_.send(
            std::move(request),
            policy_,
            [weak = weak_from_this()](const http::Exchange& answer) {
                const auto self = weak.lock();
                if (self == nullptr) {
                    return;
                }
                const Timestamp now = self->clock_.now();
                self->take(
                    answer ? self->sign_in_->on_response(*answer, now)
                           : self->sign_in_->on_trouble(answer.error().error, now)
                );
            }
        );
    }

    std::unique_ptr<SignIn> sign_in_;
    http::Client& client_;
    http::NetworkPolicy policy_;
    Executor& loop_;
    const Clock& clock_;
    std::function<void(Result<SignedIn>)> done_;
    std::unique_ptr<Timer> timer_;
};

}  // namespace

SignInOrError sign_in_as_app(const SignInInput& input) {
    TIDEWAY_TRY_ASSIGN(const Prepared prepared, prepare(input, "client_credentials"));
    if (prepared.setup.client_secret.empty()) {
        return refuse("SecretMissing", "There is no client secret.", "Enter 'client_secret'.");
    }
    return exchange(input, prepared, "client_credentials", {{"grant_type", "client_credentials"}});
}

SignInOrError sign_in_with_refresh_token(const SignInInput& input) {
    TIDEWAY_TRY_ASSIGN(const Prepared prepared, prepare(input, "refresh_token"));
    const auto token = input.secrets.find("refresh_token");
    if (token == input.secrets.end() || token->second.empty()) {
        return refuse("SecretMissing", "There is no refresh token.", "Enter 'refresh_token'.");
    }
    return exchange(
        input,
        prepared,
        "refresh_token",
        {{"grant_type", "refresh_token"}, {"refresh_token", std::string(token->second.reveal())}}
    );
}

SignInOrError sign_in_with_key(const SignInInput& input, Timestamp now) {
    TIDEWAY_TRY_ASSIGN(const Prepared prepared, prepare(input, "jwt_bearer"));
    TIDEWAY_TRY_ASSIGN(
        http::QueryFields fields, assertion_fields(*input.spec, input.settings, input.secrets, now)
    );
    return exchange(input, prepared, "jwt_bearer", std::move(fields));
}

Result<Authorization> start_authorization(
    const SignInInput& input, const std::string& redirect_uri
) {
    TIDEWAY_TRY_ASSIGN(const Prepared prepared, prepare(input, "authorization_code"));
    Authorization out;
    out.state = to_base64url(random_bytes(24));
    const std::string verifier = to_base64url(random_bytes(48));
    http::QueryFields fields{
        {"client_id", prepared.setup.client_id},
        {"response_type", "code"},
        {"response_mode", "query"},
        {"redirect_uri", redirect_uri},
        {"state", out.state},
        {"code_challenge", to_base64url(sha256(verifier))},
        {"code_challenge_method", "S256"},
    };
    std::ranges::move(
        audience_fields(prepared.setup, prepared.resource, Offline::kYes),
        std::back_inserter(fields)
    );
    const std::string& url = prepared.setup.authorize_url;
    out.url = url + (url.find('?') == std::string::npos ? "?" : "&") + http::print_query(fields);
    out.verifier = Secret(verifier);
    return out;
}

Result<std::string> read_redirect(std::string_view query, std::string_view state) {
    if (state.empty() || !equal_constant_time(http::query_value(query, "state"), state)) {
        return refuse(
            "SignInStateMismatch",
            "The browser came back from a sign-in that was not started here.",
            "Start the sign-in again."
        );
    }
    const std::string error = http::query_value(query, "error");
    if (!error.empty()) {
        return fail(identity_error(error, http::query_value(query, "error_description")));
    }
    std::string code = http::query_value(query, "code");
    if (code.empty()) {
        return fail(identity_error("server_error", "The redirect holds no code."));
    }
    return code;
}

SignInOrError sign_in_with_code(
    const SignInInput& input,
    const std::string& redirect_uri,
    const std::string& code,
    const Secret& verifier
) {
    TIDEWAY_TRY_ASSIGN(const Prepared prepared, prepare(input, "authorization_code"));
    return exchange(
        input,
        prepared,
        "authorization_code",
        {{"grant_type", "authorization_code"},
         {"code", code},
         {"redirect_uri", redirect_uri},
         {"code_verifier", std::string(verifier.reveal())}}
    );
}

SignInOrError sign_in_with_device_code(
    const SignInInput& input, std::function<void(const DevicePrompt&)> show
) {
    TIDEWAY_TRY_ASSIGN(Prepared prepared, prepare(input, "device_code"));
    return std::make_unique<DeviceSignIn>(std::move(prepared), input.secrets, std::move(show));
}

std::shared_ptr<void> run_sign_in(
    std::unique_ptr<SignIn> sign_in,
    http::Client& client,
    const http::NetworkPolicy& policy,
    Executor& loop,
    const Clock& clock,
    std::function<void(Result<SignedIn>)> done
) {
    auto run = std::make_shared<SignInRun>(
        std::move(sign_in), client, policy, loop, clock, std::move(done)
    );
    run->start();
    return run;
}

std::string register_text(const model::ConnectorSpec& spec, const Json& settings) {
    const Json full = model::with_defaults(spec.settings_schema, settings);
    std::string out;
    int number = 0;
    for (const std::string& step : spec.register_steps) {
        out += std::to_string(++number) + ". " + describe_template(step, full) + "\n";
    }
    return out;
}

}  // namespace tideway::connector
