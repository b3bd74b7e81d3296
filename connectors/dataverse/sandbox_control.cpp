// The sandbox's control API (see sandbox.h).
#include <charconv>

#include "connectors/dataverse/sandbox_service.h"
#include "engine/http/router.h"
#include "engine/http/url.h"

namespace tideway::connectors::dataverse {
namespace {

using sandbox::ApiRequest;
using sandbox::WebApi;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::string_view kControl = "/sandbox/";
constexpr std::string_view kSeller = "as/";

http::Response ok(const Json& body) {
    return http::json_response(200, dump(body));
}

http::Response refused(ErrorKind kind, std::string code, std::string message) {
    Error error;
    error.kind = kind;
    error.code = std::move(code);
    error.message = std::move(message);
    return http::error_response(error);
}

http::Response bad_field(const std::string& message) {
    return refused(ErrorKind::kInvalidInput, "InvalidSandboxRequest", message);
}

std::int64_t in_ms(Duration duration) {
    return duration_cast<milliseconds>(duration).count();
}

template <typename List>
Json to_array(const List& list) {
    Json out = Json::array();
    for (const Json& each : list) {
        out.push_back(each);
    }
    return out;
}

}  // namespace

Json Sandbox::Service::overview() const {
    Json rows = Json::object();
    for (const sandbox::Table& table : schema_.tables()) {
        rows[table.name] = database_.rows(table.name).size();
    }
    return {
        {"service", "dataverse"},
        {"base_url", options.base_url},
        {"rows", rows},
        {"writes", writes_.size()},
        {"deliveries_pending", callbacks_.pending()},
        {"control",
         {"writes",
          "requests",
          "reset",
          "lag",
          "deliveries",
          "limits",
          "privileges",
          "solution",
          "expire_tokens",
          "rows/<table>",
          "as/<user>/<web api path>"}}};
}

http::Response Sandbox::Service::control(const http::ServerRequest& request) {
    if (request.path.size() <= kControl.size()) {
        return ok(overview());
    }
    const std::string what = request.path.substr(kControl.size());
    if (what.starts_with(kSeller)) {
        return seller_request(request);
    }
    if (what.starts_with("rows/")) {
        return control_rows(request.method, http::decode_component(what.substr(5)));
    }
    if (what == "writes" || what == "requests" || what == "deliveries") {
        return control_logs(request, what);
    }
    if (request.method == "GET" && what == "lag") {
        return ok(callbacks_.lag().to_json());
    }
    if (request.method == "GET" && what == "limits") {
        return ok(limits_now());
    }
    if (request.method != "POST" && request.method != "PUT") {
        return refused(
            ErrorKind::kNotFound, "NotFound", "The sandbox has no control '" + what + "' to read."
        );
    }
    const auto fields = parse_json(request.body.empty() ? "{}" : request.body, "The request body");
    if (!fields) {
        return http::error_response(fields.error());
    }
    return control_settings(what, *fields);
}

http::Response Sandbox::Service::control_logs(
    const http::ServerRequest& request, const std::string& what
) {
    if (request.method == "DELETE") {
        if (what == "writes") {
            writes_.clear();
        } else if (what == "requests") {
            requests_.clear();
        } else {
            callbacks_.clear();
        }
        return ok(Json::object());
    }
    if (what == "requests") {
        return ok({{"requests", to_array(requests_)}});
    }
    if (what == "deliveries") {
        return ok({{"deliveries", callbacks_.deliveries()}, {"pending", callbacks_.pending()}});
    }
    std::int64_t since = 0;
    const std::string text = http::query_value(request.query, "since", "0");
    std::from_chars(text.data(), text.data() + text.size(), since);
    const Json list = writes(since);
    return ok({{"count", list.size()}, {"writes", list}});
}

http::Response Sandbox::Service::control_settings(const std::string& what, const Json& fields) {
    if (what == "reset") {
        reset();
        return ok(overview());
    }
    if (what == "lag") {
        const auto changed = callbacks_.change_lag(fields);
        return changed ? ok(callbacks_.lag().to_json()) : bad_field(changed.error().message);
    }
    if (what == "limits") {
        return control_limits(fields);
    }
    if (what == "expire_tokens") {
        api_.expire_delta_tokens();
        return ok(Json::object());
    }
    if (what == "solution") {
        const Json* installed = find(fields, "installed");
        if (installed == nullptr || !installed->is_boolean()) {
            return bad_field("The solution takes {\"installed\": true or false}.");
        }
        reset();
        definitions_.set_solution(installed->get<bool>());
        return ok(overview());
    }
    if (what == "privileges") {
        const auto name = require_string(fields, "name", "A privilege setting");
        const Json* deny = find(fields, "deny");
        if (!name || deny == nullptr || !deny->is_array()) {
            return bad_field("Privileges take {\"name\": .., \"deny\": [..]}.");
        }
        std::set<std::string> privileges;
        for (const Json& each : *deny) {
            if (!each.is_string()) {
                return bad_field("A privilege is a text such as 'prvCreateOpportunity'.");
            }
            privileges.insert(each.get<std::string>());
        }
        callers_.deny(*name, std::move(privileges));
        return ok({{"name", *name}, {"deny", *deny}});
    }
    return refused(ErrorKind::kNotFound, "NotFound", "The sandbox has no control '" + what + "'.");
}

Json Sandbox::Service::limits_now() {
    const sandbox::ServiceProtection::Limits& now = protection_.limits();
    return {
        {"requests", now.requests},
        {"execution_ms", in_ms(now.execution)},
        {"concurrent", now.concurrent},
        {"window_ms", in_ms(now.window)},
        {"page_size", api_.settings().page_size},
        {"latency_ms", in_ms(options.latency)}};
}

// New numbers start with an empty window.
http::Response Sandbox::Service::control_limits(const Json& fields) {
    Json next = limits_now();
    if (!fields.is_object()) {
        return bad_field("Limits are a JSON object.");
    }
    for (const auto& [name, value] : fields.items()) {
        const bool zero_is_fine = name == "latency_ms" || name == "requests";
        if (!next.contains(name) || !value.is_number_integer() ||
            value.get<std::int64_t>() < (zero_is_fine ? 0 : 1) ||
            value.get<std::int64_t>() > 1'000'000'000) {
            return bad_field("The limit '" + name + "' is unknown or out of range.");
        }
        next[name] = value;
    }
    protection_.limits() = {
        int_or(next, "requests", 0),
        milliseconds(int_or(next, "execution_ms", 0)),
        static_cast<int>(int_or(next, "concurrent", 0)),
        milliseconds(int_or(next, "window_ms", 0))};
    protection_.clear();
    api_.settings().page_size = static_cast<std::size_t>(int_or(next, "page_size", 1));
    options.latency = milliseconds(int_or(next, "latency_ms", 0));
    return ok(limits_now());
}

http::Response Sandbox::Service::control_rows(const std::string& method, const std::string& name) {
    const sandbox::Table* table = schema_.by_name(name);
    if (table == nullptr) {
        return refused(
            ErrorKind::kNotFound,
            "NotFound",
            "The sandbox has no table '" + name + "'. It takes logical names, such as opportunity."
        );
    }
    Json rows = Json::array();
    for (const auto& [id, row] : database_.rows(name)) {
        rows.push_back(row);
    }
    if (method == "DELETE") {
        for (const Json& row : rows) {
            database_.erase(*table, string_or(row, table->key));
        }
        database_.commit();
    }
    return ok({{"count", rows.size()}, {"rows", rows}});
}

// /sandbox/as/<user>/<web api path>
http::Response Sandbox::Service::seller_request(const http::ServerRequest& request) {
    const std::string rest = request.path.substr(kControl.size() + kSeller.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    ApiRequest api;
    api.method = request.method;
    api.path = slash < rest.size() ? rest.substr(slash + 1) : "";
    api.query = request.query;
    api.headers = request.headers;
    api.body = request.body;
    return act_as(http::decode_component(rest.substr(0, slash)), std::move(api));
}

}  // namespace tideway::connectors::dataverse
