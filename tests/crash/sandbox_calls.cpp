#include "tests/crash/sandbox_calls.h"

namespace tideway::tests {

Result<Json> SandboxCalls::send(
    const std::string& method, const std::string& url, const Json& body
) {
    http::Request request;
    request.method = method;
    request.url = url;
    if (!body.is_null()) {
        request.headers.set("Content-Type", "application/json");
        request.body = dump(body);
    }
    http::NetworkPolicy policy;
    policy.allow_private = true;
    policy.allow_plain_http = true;
    TIDEWAY_TRY_ASSIGN(const http::Response response, http_.send(std::move(request), policy));
    if (response.status >= 400) {
        return fail(
            ErrorKind::kInvalidInput,
            "Refused",
            method + " " + url + " answered " + std::to_string(response.status) + ": " +
                response.body.substr(0, 500)
        );
    }
    if (response.body.empty()) {
        return Json{{"entity", response.headers.get_or("OData-EntityId", "")}};
    }
    return parse_json(response.body, "The answer");
}

}  // namespace tideway::tests
