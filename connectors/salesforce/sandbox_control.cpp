// The control API of the Salesforce sandbox: /sandbox/...
#include <algorithm>
#include <charconv>

#include "connectors/salesforce/sandbox_service.h"
#include "engine/http/url.h"

namespace tideway::connectors::salesforce {
namespace {

using sandbox::json_answer;

constexpr std::string_view kControl = "/sandbox/";
constexpr std::string_view kAs = "as/";
constexpr std::string_view kRecords = "records/";

http::Response bad_control(const std::string& message) {
    return json_answer(400, {{"error", {{"code", "BadControl"}, {"message", message}}}});
}

Json body_of(const http::ServerRequest& request) {
    const auto body = parse_json(request.body.empty() ? "{}" : request.body, "the body");
    return body && body->is_object() ? *body : Json();
}

Json listed(const std::deque<Json>& entries) {
    return {{"value", Json(entries)}};
}

}  // namespace

http::Response Sandbox::Service::control(const http::ServerRequest& request) {
    if (request.path.size() <= kControl.size()) {
        Json counts = Json::object();
        for (const sandbox::Object& object : schema_.objects()) {
            counts[object.name] = store_.records(object).size();
        }
        return json_answer(200, {{"service", "Salesforce"}, {"records", std::move(counts)}});
    }
    const std::string what = request.path.substr(kControl.size());
    if (what.starts_with(kAs)) {
        return act_as(request);
    }
    if (what.starts_with(kRecords)) {
        return control_records(what.substr(kRecords.size()));
    }
    const bool is_delete = request.method == "DELETE";
    if (what == "writes" || what == "requests") {
        std::deque<Json>& log = what == "writes" ? writes_ : requests_;
        if (is_delete) {
            log.clear();
        }
        std::int64_t since = 0;
        const std::string text = http::query_value(request.query, "since", "0");
        std::from_chars(text.data(), text.data() + text.size(), since);
        return json_answer(200, what == "writes" ? writes_since(since) : listed(log));
    }
    if (what == "events" && is_delete) {
        streaming_.forget();
        return json_answer(200, Json::object());
    }
    if (what == "limits") {
        return control_limits(request);
    }
    const Json body = body_of(request);
    if (body.is_null() || request.method != "POST") {
        return bad_control("Send a JSON object with POST.");
    }
    if (what == "reset") {
        reset();
        return json_answer(200, Json::object());
    }
    if (what == "co_sell") {
        reset();
        customizations_.set_co_sell(bool_or(body, "fields", true));
        return json_answer(200, Json::object());
    }
    if (what == "rights") {
        return control_rights(body);
    }
    if (what == "events") {
        return control_events(body);
    }
    return what == "sessions" ? control_sessions(body)
                              : bad_control("There is no /sandbox/" + what + ".");
}

Json Sandbox::Service::writes_since(std::int64_t seq) const {
    Json out = Json::array();
    for (const Json& write : writes_) {
        if (int_or(write, "seq", 0) > seq) {
            out.push_back(write);
        }
    }
    return {{"value", std::move(out)}};
}

http::Response Sandbox::Service::control_limits(const http::ServerRequest& request) {
    if (request.method == "POST") {
        const Json body = body_of(request);
        options.requests_per_day = int_or(body, "max", options.requests_per_day);
        used_ = int_or(body, "used", used_);
    }
    return json_answer(200, {{"max", options.requests_per_day}, {"used", used_}});
}

http::Response Sandbox::Service::control_rights(const Json& body) {
    std::set<std::string>& denied = denied_[string_or(body, "name")];
    denied.clear();
    const Json* deny = find(body, "deny");
    for (const Json& right : deny == nullptr ? Json::array() : *deny) {
        if (right.is_string()) {
            denied.insert(right.get<std::string>());
        }
    }
    return json_answer(200, {{"deny", denied}});
}

http::Response Sandbox::Service::control_events(const Json& body) {
    const std::int64_t gaps = std::clamp<std::int64_t>(int_or(body, "gaps", 0), 0, 1000);
    streaming_.leave_gaps(static_cast<int>(gaps));
    return json_answer(200, Json::object());
}

http::Response Sandbox::Service::control_sessions(const Json& body) {
    if (const std::int64_t seconds = int_or(body, "lifetime_s", 0); seconds > 0) {
        sign_ins_.set_session_lifetime(std::chrono::seconds(seconds));
    }
    const std::string end = string_or(body, "end");
    if (!end.empty()) {
        sign_ins_.end(
            end == "everything" ? sandbox::SignIns::End::kEverything
                                : sandbox::SignIns::End::kSessions
        );
    }
    return json_answer(200, Json::object());
}

http::Response Sandbox::Service::control_records(const std::string& name) const {
    const sandbox::Object* object = schema_.object(name);
    if (object == nullptr) {
        return bad_control("There is no object " + name + ".");
    }
    Json out = Json::array();
    for (const auto& [id, record] : store_.records(*object)) {
        out.push_back(record);
    }
    return json_answer(200, {{"value", std::move(out)}});
}

// /sandbox/as/<user name>/sobjects/...
http::Response Sandbox::Service::act_as(const http::ServerRequest& request) {
    const std::string rest = request.path.substr(kControl.size() + kAs.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    sandbox::ApiRequest api;
    api.version = "v62.0";
    api.method = request.method;
    api.path = slash < rest.size() ? rest.substr(slash + 1) : "";
    api.query = request.query;
    api.body = request.body;
    api.caller = caller_of(http::decode_component(rest.substr(0, slash)));
    if (api.caller.user_id.empty()) {
        return bad_control("There is no user " + rest.substr(0, slash) + ".");
    }
    return run(api);
}

}  // namespace tideway::connectors::salesforce
