#include "connectors/http/redirects.h"

#include <string>
#include <utility>

#include "connectors/http/web_request.h"
#include "engine/http/url.h"

namespace tideway::connectors::http {
namespace {

namespace web = ::tideway::http;

constexpr int kRedirectsMax = 5;

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void go_to(const std::string& url, web::Request& request) {
    if (!same_origin(url, request.url)) {
        request.headers = {{"Accept", request.headers.get_or("Accept", "*/*")}};
    }
    request.url = url;
}

tl::unexpected<Error> refuse(std::string code, std::string message) {
    return fail(
        ErrorKind::kInvalidInput, std::move(code), std::move(message), "Check the address."
    );
}

}  // namespace

Result<std::optional<web::Request>> Redirects::next(
    const web::Request& sent, const web::Response& response
) {
    if (!is_redirect(response.status)) {
        return std::optional<web::Request>();
    }
    const std::string target = resolve_location(sent.url, response.headers.get_or("Location", ""));
    if (target.empty()) {
        return std::optional<web::Request>();
    }
    if (++followed_ > kRedirectsMax) {
        return refuse(
            "TooManyRedirects",
            "The service redirected more than " + std::to_string(kRedirectsMax) + " times."
        );
    }
    const auto url = web::parse_url(target);
    if (!url || (url->scheme != "https" && url->scheme != "http")) {
        return refuse(
            "BadRedirect", "The service redirected to '" + target + "', which cannot be called."
        );
    }
    web::Request request = sent;
    go_to(target, request);
    return std::optional(std::move(request));
}

web::Request asked_at(const web::Request& asked, const std::string& location) {
    web::Request request = asked;
    request.method = "GET";
    request.body.clear();
    request.headers.remove("Content-Type");
    go_to(location, request);
    return request;
}

}  // namespace tideway::connectors::http
