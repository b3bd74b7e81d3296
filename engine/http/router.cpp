#include "engine/http/router.h"

#include <algorithm>
#include <set>

#include "engine/base/json.h"
#include "engine/http/url.h"

namespace tideway::http {
namespace {

using Segments = std::vector<std::string_view>;

// "/a/b" -> {"a", "b"}; "/" -> {""}.
Segments split(std::string_view path) {
    Segments segments;
    if (path.starts_with('/')) {
        path.remove_prefix(1);
    }
    for (;;) {
        const std::size_t slash = path.find('/');
        segments.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) {
            return segments;
        }
        path.remove_prefix(slash + 1);
    }
}

bool is_param(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool is_rest(std::string_view segment) {
    return is_param(segment) && segment.ends_with("*}");
}

std::string_view param_name(std::string_view segment) {
    return segment.substr(1, segment.size() - (is_rest(segment) ? 3 : 2));
}

bool has_rest(const std::vector<std::string>& pattern) {
    return !pattern.empty() && is_rest(pattern.back());
}

bool same_segment(std::string_view encoded, std::string_view literal) {
    return encoded == literal ||
           (encoded.find('%') != std::string_view::npos && decode_component(encoded) == literal);
}

// The number of literal segments if the path fits, else -1. An empty segment is no parameter.
int match(const std::vector<std::string>& pattern, const Segments& path) {
    const bool rest = has_rest(pattern);
    if (rest ? path.size() < pattern.size() : path.size() != pattern.size()) {
        return -1;
    }
    int literals = 0;
    const std::size_t fixed = pattern.size() - (rest ? 1 : 0);
    for (std::size_t i = 0; i < fixed; ++i) {
        if (is_param(pattern[i])) {
            if (path[i].empty()) {
                return -1;
            }
        } else if (same_segment(path[i], pattern[i])) {
            ++literals;
        } else {
            return -1;
        }
    }
    return literals;
}

void fill_params(
    const std::vector<std::string>& pattern, const Segments& path, ServerRequest& request
) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (!is_param(pattern[i])) {
            continue;
        }
        std::string value = decode_component(path[i]);
        if (is_rest(pattern[i])) {
            for (std::size_t k = i + 1; k < path.size(); ++k) {
                value += '/';
                value += decode_component(path[k]);
            }
        }
        request.params[std::string(param_name(pattern[i]))] = std::move(value);
    }
}

Error not_found(const ServerRequest& request) {
    Error error;
    error.kind = ErrorKind::kNotFound;
    error.code = "NotFound";
    error.message = "There is nothing at '" + request.path + "'.";
    return error;
}

Response method_not_allowed(const ServerRequest& request, const std::set<std::string>& methods) {
    std::string allow;
    for (const std::string& method : methods) {
        allow += (allow.empty() ? "" : ", ") + method;
    }
    Error error;
    error.kind = ErrorKind::kInvalidInput;
    error.code = "MethodNotAllowed";
    error.message = "'" + request.path + "' does not take " + request.method + ".";
    error.remedy = "Use " + allow + ".";
    Response response = error_response(error);
    response.status = 405;
    response.headers.set("Allow", allow);
    return response;
}

}  // namespace

void Router::add(std::string method, std::string pattern, Handler handler) {
    Route route{.method = std::move(method), .segments = {}, .handler = std::move(handler)};
    for (const std::string_view segment : split(pattern)) {
        route.segments.emplace_back(segment);
    }
    routes_.push_back(std::move(route));
}

void Router::handle(ServerRequest request, std::shared_ptr<Responder> responder) const {
    const Segments path = split(request.path);
    const Route* best = nullptr;
    int best_rank = -1;
    std::set<std::string> methods;
    for (const Route& route : routes_) {
        const int literals = match(route.segments, path);
        if (literals < 0) {
            continue;
        }
        // HEAD is GET without the body, which the server leaves out; a route of its own goes first.
        const bool exact = route.method == request.method;
        const bool as_get = route.method == "GET" && request.method == "HEAD";
        methods.insert(route.method);
        const int rank = 4 * literals + (has_rest(route.segments) ? 0 : 2) + (exact ? 1 : 0);
        if ((exact || as_get) && rank > best_rank) {
            best = &route;
            best_rank = rank;
        }
    }
    if (best != nullptr) {
        fill_params(best->segments, path, request);
        best->handler(std::move(request), std::move(responder));
        return;
    }
    if (methods.empty()) {
        responder->send(error_response(not_found(request)));
        return;
    }
    if (methods.contains("GET")) {
        methods.insert("HEAD");
    }
    responder->send(method_not_allowed(request, methods));
}

Response json_response(int status, std::string body) {
    return Response{
        .status = status,
        .headers = {{"Content-Type", "application/json; charset=utf-8"}},
        .body = std::move(body),
    };
}

Response error_response(const Error& error) {
    Json inner = Json::object();
    inner["code"] = error.code;
    inner["message"] = error.message;
    if (!error.remedy.empty()) {
        inner["remedy"] = error.remedy;
    }
    if (!error.details.empty()) {
        // Details are JSON by contract; what is not must not break the answer.
        auto details = parse_json(error.details, "error details");
        inner["details"] = details ? *std::move(details) : Json(error.details);
    }
    Json body = Json::object();
    body["error"] = std::move(inner);
    Response response = json_response(http_status_of(error.kind), dump(body));
    if (error.retry_after) {
        const auto wait = std::chrono::ceil<std::chrono::seconds>(*error.retry_after);
        response.headers.set("Retry-After", std::to_string(std::max<long long>(0, wait.count())));
    }
    return response;
}

}  // namespace tideway::http
