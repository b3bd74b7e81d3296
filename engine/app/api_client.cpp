#include "engine/app/api_client.h"

#include <chrono>
#include <optional>
#include <utility>

#include "engine/server/production/production.h"

namespace tideway::app {

namespace {

constexpr std::chrono::seconds kMoment{2};

}  // namespace

BlockingHttp::BlockingHttp(const std::shared_ptr<Host>& host)
    : client_(host->make_client(loop_, {})) {}

BlockingHttp::~BlockingHttp() = default;

void BlockingHttp::run() {
    loop_.run_again();
}

Result<http::Response> BlockingHttp::send(
    http::Request request, const http::NetworkPolicy& policy
) {
    std::optional<http::Exchange> answer;
    client_->send(std::move(request), policy, [this, &answer](http::Exchange result) {
        answer = std::move(result);
        loop_.stop();
    });
    run();
    if (!*answer) {
        return fail(std::move(answer->error().error));
    }
    return std::move(**answer);
}

Result<Json> ApiClient::call(const std::string& method, const std::string& path, const Json& body) {
    auto answer = call_once(method, path, body);
    const bool is_asked = !answer && answer.error().code == "ConfirmationRequired";
    if (!is_asked || !address_.ask) {
        return answer;
    }
    TIDEWAY_TRY_ASSIGN(address_.confirmation, address_.ask(answer.error()));
    return call_once(method, path, body);
}

Result<Json> ApiClient::call_once(
    const std::string& method, const std::string& path, const Json& body
) {
    http::Request request;
    request.method = method;
    request.url = address_.url + "/api/v1" + path;
    request.timeout = timeout_;
    request.headers.set("Authorization", "Bearer " + address_.token);
    if (!address_.confirmation.empty()) {
        request.headers.set(server::kConfirmHeader, address_.confirmation);
    }
    if (!body.is_null()) {
        request.headers.set("Content-Type", "application/json");
        request.body = dump(body);
    }
    http::NetworkPolicy policy;
    policy.allow_private = true;
    policy.allow_plain_http = true;
    const auto slow = tell_slow_ ? http_.loop().after(kMoment, tell_slow_) : nullptr;
    auto response = http_.send(std::move(request), policy);
    if (!response) {
        Error error = std::move(response.error());
        error.remedy = "Is the server running? Start it with: tideway serve";
        return fail(std::move(error));
    }
    TIDEWAY_TRY_ASSIGN(
        Json json, parse_json(response->body.empty() ? "{}" : response->body, "The server's answer")
    );
    if (response->status < 400) {
        return json;
    }
    const Json* envelope = find(json, "error");
    Error error;
    error.http_status = response->status;
    error.code = envelope == nullptr ? "HttpError" : string_or(*envelope, "code");
    error.message = envelope == nullptr ? "The server answered " + std::to_string(response->status)
                                        : string_or(*envelope, "message");
    error.remedy = envelope == nullptr ? "" : string_or(*envelope, "remedy");
    if (const Json* details = envelope == nullptr ? nullptr : find(*envelope, "details")) {
        error.details = details->is_string() ? details->get<std::string>() : dump(*details);
    }
    return fail(std::move(error));
}

}  // namespace tideway::app
