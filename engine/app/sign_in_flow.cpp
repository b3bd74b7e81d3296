#include "engine/app/sign_in_flow.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <optional>
#include <utility>

#include "connectors/all_connectors.h"
#include "engine/http/server.h"
#include "engine/http/url.h"

namespace tideway::app {

using connector::SignedIn;
using connector::SignInInput;

namespace {

http::NetworkPolicy policy_of(const Json& settings) {
    http::NetworkPolicy policy;
    policy.allow_private = bool_or(settings, "allow_private_network", false);
    policy.allow_plain_http = bool_or(settings, "allow_plain_http", false);
    policy.ca_file = string_or(settings, "ca_file");
    return policy;
}

// How long a person may take in the browser; then the command ends and says so.
constexpr std::chrono::minutes kBrowserWait(10);

// The listener that the browser comes back to, for one answer. A browser asks for more than that
// (/favicon.ico at once, the same page again): only the first answer counts.
class RedirectListener {
  public:
    explicit RedirectListener(Loop& loop)
        : loop_(loop) {}

    // Port 0: any free one.
    Result<std::string> start(int port) {
        http::ServerOptions options;
        options.port = port;
        TIDEWAY_TRY_ASSIGN(
            server_,
            http::start_server(
                loop_,
                options,
                [this](
                    const http::ServerRequest& request,
                    const std::shared_ptr<http::Responder>& answer
                ) { answer->send(take(request)); }
            )
        );
        return "http://localhost:" + std::to_string(server_->port()) + "/";
    }

    // The query with which the browser came back.
    Result<std::string> wait(BlockingHttp& http) {
        timer_ = loop_.after(kBrowserWait, [this] { loop_.stop(); });
        http.run();
        if (query_) {
            return *query_;
        }
        return fail(
            ErrorKind::kUnauthenticated,
            "SignInTimedOut",
            "Nobody has signed in within " + std::to_string(kBrowserWait.count()) + " minutes.",
            "Start again, and open the address on this computer; on a computer without a browser "
            "use --grant device_code."
        );
    }

  private:
    http::Response take(const http::ServerRequest& request) {
        http::Response page;
        page.headers.set("Content-Type", "text/html; charset=utf-8");
        if (query_ || request.path != "/" || request.query.empty()) {
            page.status = 404;
            page.body = "<p>There is nothing here.</p>";
            return page;
        }
        query_ = request.query;
        // The answer leaves before the loop stops.
        timer_ = loop_.after(std::chrono::milliseconds(100), [this] { loop_.stop(); });
        page.status = 200;
        page.body = "<p>The answer has arrived. You can close this window.</p>";
        return page;
    }

    Loop& loop_;
    std::unique_ptr<http::Server> server_;
    std::unique_ptr<Timer> timer_;
    std::optional<std::string> query_;
};

Result<SignedIn> drive(
    BlockingHttp& http,
    std::unique_ptr<connector::SignIn> machine,
    const http::NetworkPolicy& policy,
    const Clock& clock
) {
    std::optional<Result<SignedIn>> out;
    const auto handle = connector::run_sign_in(
        std::move(machine),
        http.client(),
        policy,
        http.loop(),
        clock,
        [&out, &http](Result<SignedIn> result) {
            out = std::move(result);
            http.loop().stop();
        }
    );
    http.run();
    return std::move(*out);
}

// In a sandbox nobody has to click: the sign-in page answers with the redirect at once.
Result<std::string> play_browser(
    BlockingHttp& http, const std::string& url, const http::NetworkPolicy& policy
) {
    http::Request request;
    request.url = url;
    TIDEWAY_TRY_ASSIGN(const http::Response page, http.send(std::move(request), policy));
    const std::string location = page.headers.get_or("Location", "");
    const auto query = location.find('?');
    if (query == std::string::npos) {
        return fail(
            ErrorKind::kUnauthenticated,
            "SignInRefused",
            "The sandbox's sign-in page answered " + std::to_string(page.status) +
                " instead of signing in."
        );
    }
    return location.substr(query + 1);
}

// How connections of this connector may be made, the usual way first.
std::vector<std::string> ways_in(const model::ConnectorSpec& spec) {
    std::vector<std::string> out;
    if (const Json* grants = find(spec.oauth, "grants")) {
        out = grants->get<std::vector<std::string>>();
    }
    std::ranges::copy_if(spec.auth, std::back_inserter(out), [](const std::string& way) {
        return way != "oauth2";
    });
    return out;
}

Status check_grant(const model::ConnectorSpec& spec, const std::string& grant) {
    const std::vector<std::string> ways = ways_in(spec);
    if (std::ranges::find(ways, grant) != ways.end()) {
        return {};
    }
    std::string known;
    for (const std::string& way : ways) {
        known += (known.empty() ? "" : ", ") + way;
    }
    return fail(
        ErrorKind::kInvalidInput,
        "GrantNotSupported",
        "The connector '" + spec.id + "' does not sign in by '" + grant + "'.",
        "Use --grant with one of " + known + "."
    );
}

Result<SignedIn> sign_in_in_browser(
    BlockingHttp& http,
    const SignInInput& input,
    const http::NetworkPolicy& policy,
    const Clock& clock
) {
    const bool is_sandbox = bool_or(input.settings, "is_sandbox", false);
    // A service that compares the whole redirect address knows it with its port.
    const auto port = is_sandbox ? 0 : int_or(input.spec->oauth, "redirect_port", 0);
    RedirectListener listener(http.loop());
    TIDEWAY_TRY_ASSIGN(const std::string redirect_uri, listener.start(static_cast<int>(port)));
    TIDEWAY_TRY_ASSIGN(
        const auto authorization, connector::start_authorization(input, redirect_uri)
    );
    std::string query;
    if (is_sandbox) {
        TIDEWAY_TRY_ASSIGN(query, play_browser(http, authorization.url, policy));
    } else {
        std::cerr << "Open this address in a browser on this computer and sign in:\n\n  "
                  << authorization.url << "\n\nWaiting ...\n";
        TIDEWAY_TRY_ASSIGN(query, listener.wait(http));
    }
    TIDEWAY_TRY_ASSIGN(
        const std::string code, connector::read_redirect(query, authorization.state)
    );
    TIDEWAY_TRY_ASSIGN(
        auto machine,
        connector::sign_in_with_code(input, redirect_uri, code, authorization.verifier)
    );
    return drive(http, std::move(machine), policy, clock);
}

}  // namespace

Result<model::ConnectorSpec> built_in_spec(const std::string& id) {
    for (const embedded::File& file : embedded::connector_specs()) {
        if (file.name == id + "/connector.json") {
            return model::parse_connector_spec(file.bytes);
        }
    }
    std::string known;
    for (const connectors::Entry& entry : connectors::entries()) {
        known += known.empty() ? "" : ", ";
        known += entry.id;
    }
    return fail(
        ErrorKind::kNotFound,
        "ConnectorNotFound",
        "There is no connector '" + id + "'.",
        "Use one of " + known + "."
    );
}

Result<SignedIn> sign_in(
    const model::ConnectorSpec& spec, const ConnectionPlan& plan, const Clock& clock
) {
    BlockingHttp http;
    return sign_in(spec, plan, clock, http);
}

Result<SignedIn> sign_in(
    const model::ConnectorSpec& spec,
    const ConnectionPlan& plan,
    const Clock& clock,
    BlockingHttp& http
) {
    TIDEWAY_TRY(check_grant(spec, plan.grant));
    if (plan.grant == "none" || plan.grant == "basic" || plan.grant == "api_key") {
        return SignedIn{plan.secrets, plan.grant, std::nullopt};
    }
    SignInInput input;
    input.spec = &spec;
    input.settings = plan.settings;
    input.secrets = plan.secrets;
    const http::NetworkPolicy policy = policy_of(plan.settings);
    if (plan.grant == "authorization_code") {
        return sign_in_in_browser(http, input, policy, clock);
    }
    const auto show = [](const connector::DevicePrompt& prompt) {
        std::cerr << prompt.message << "\n";
    };
    auto machine = plan.grant == "device_code" ? connector::sign_in_with_device_code(input, show)
                   : plan.grant == "refresh_token" ? connector::sign_in_with_refresh_token(input)
                   : plan.grant == "jwt_bearer"    ? connector::sign_in_with_key(input, clock.now())
                                                   : connector::sign_in_as_app(input);
    if (!machine) {
        return fail(std::move(machine.error()));
    }
    return drive(http, std::move(*machine), policy, clock);
}

Result<Json> put_connection(
    ApiClient& client,
    const model::ConnectorSpec& spec,
    const ConnectionPlan& plan,
    const SignedIn& signed_in
) {
    Json body = {
        {"connector", spec.id},
        {"settings", plan.settings},
        {"grant", signed_in.grant},
        {"secrets", Json::object()},
    };
    for (const auto& [name, secret] : signed_in.secrets) {
        body["secrets"][name] = std::string(secret.reveal());
    }
    if (signed_in.refresh_expires) {
        body["refresh_token_expires"] = format_utc(*signed_in.refresh_expires);
    }
    if (plan.secret_expires) {
        body["client_secret_expires"] = format_utc(*plan.secret_expires);
    }
    const std::string path = "/connections/" + http::encode_component(plan.name);
    TIDEWAY_TRY(client.call("PUT", path, body));
    return client.post(path + "/test");
}

}  // namespace tideway::app
