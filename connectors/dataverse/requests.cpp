#include "connectors/dataverse/requests.h"

#include <cctype>

#include "connectors/dataverse/tables.h"
#include "engine/connector/odata.h"

namespace tideway::connectors::dataverse {
namespace {

// "prvReadOpportunity" out of a service's sentence.
std::string privilege_in(const std::string& message) {
    const std::size_t at = message.find("prv");
    if (at == std::string::npos) {
        return {};
    }
    std::size_t end = at;
    while (end < message.size() &&
           (std::isalnum(static_cast<unsigned char>(message[end])) != 0 || message[end] == '_')) {
        ++end;
    }
    return message.substr(at, end - at);
}

std::string remedy_of_forbidden(const std::string& code, const std::string& message) {
    if (code == "0x80072560") {
        return "Whoever signs in is not a user of this environment yet. A person needs a licence "
               "and a security role, and becomes one by signing in to the environment once: open "
               "base_url in a browser as that person. An application is made one: in the Power "
               "Platform admin center open Environments, this environment, Settings, Users + "
               "permissions, Application users, New app user, choose the application of client_id "
               "and give it a security role.";
    }
    const std::string privilege = privilege_in(message);
    if (!privilege.empty()) {
        return "Give the connection's user a security role with the privilege " + privilege + ".";
    }
    return "Give the connection's user a security role that allows this: System Customizer or a "
           "role of your own with read, write and append on the tables of the flow and full "
           "rights on Callback Registration.";
}

std::string remedy_of_throttled(const std::string& code) {
    const std::string what = code == "0x80072322"   ? "6000 requests in 5 minutes"
                             : code == "0x80072321" ? "20 minutes of execution time in 5 minutes"
                             : code == "0x80072326" ? "52 requests at a time"
                                                    : "its service protection limits";
    return "Dataverse allows one user " + what +
           "; the call is repeated when the time that it named has passed.";
}

std::string remedy_of(const http::Response& response, const std::string& message) {
    const std::string code = service_code(response);
    switch (response.status) {
        case 401:
            return "Check tenant, client_id and secret of the connection, and that base_url is the "
                   "address of the environment itself.";
        case 403:
            return remedy_of_forbidden(code, message);
        case 404:
            return "Check the id and the table's logical name; a row that was deleted is not found "
                   "either.";
        case 412:
            return code == kDuplicateKey
                       ? "Another row has the same key. Find it with list_rows and update it."
                       : "Somebody changed the row after it was read. Read it again and work out "
                         "the changes from what it is now.";
        case 429:
            return remedy_of_throttled(code);
        default:
            return {};
    }
}

}  // namespace

Requests::Requests(const Json& settings, Timestamp now)
    : api_url_(connector::without_slash(string_or(settings, "base_url"))),
      now_(now) {
    const std::string version = string_or(settings, "api_version");
    api_url_ += "/api/data/" + (version.empty() ? "v9.2" : version);
}

std::string Requests::set_url(std::string_view table) const {
    return api_url_ + "/" + entity_set(table);
}

std::string Requests::row_url(std::string_view table, std::string_view id) const {
    return set_url(table) + "(" + std::string(id) + ")";
}

connector::Send Requests::make(std::string method, std::string url) const {
    connector::Send send;
    send.request.method = std::move(method);
    send.request.url = std::move(url);
    send.audience = "dataverse";
    send.request.headers.set("Accept", "application/json");
    send.request.headers.set("OData-MaxVersion", "4.0");
    send.request.headers.set("OData-Version", "4.0");
    send.request.headers.set("If-None-Match", "null");
    return send;
}

connector::Send Requests::get(std::string url, std::string prefer) const {
    connector::Send send = make("GET", std::move(url));
    if (!prefer.empty()) {
        send.request.headers.set("Prefer", std::move(prefer));
    }
    return send;
}

connector::Send Requests::write(
    std::string method, std::string url, const Json& body, Answer answer
) const {
    connector::Send send = make(std::move(method), std::move(url));
    send.is_effect = true;
    if (!body.is_null()) {
        send.request.body = dump(body);
        send.request.headers.set("Content-Type", "application/json; charset=utf-8");
    }
    if (answer == Answer::kRow) {
        send.request.headers.set("Prefer", "return=representation");
    }
    return send;
}

std::string service_code(const http::Response& response) {
    const auto body = parse_json(response.body, "the answer of Dataverse");
    const Json* error = body ? find(*body, "error") : nullptr;
    return error == nullptr ? std::string() : string_or(*error, "code");
}

connector::Failed answered(
    const http::Response& response, model::EffectClass effect, Timestamp now
) {
    connector::Failed failed;
    failed.error = connector::service_error(response, now);
    if (std::string remedy = remedy_of(response, failed.error.message); !remedy.empty()) {
        failed.error.remedy = std::move(remedy);
    }
    if (now == Timestamp{}) {  // a date in Retry-After means nothing without a clock
        failed.error.retry_after.reset();
    }
    failed.attempt_class = connector::classify(response.status, effect);
    if (failed.attempt_class == model::AttemptClass::kDone) {  // a redirect is not followed
        failed.attempt_class = model::AttemptClass::kNotDone;
    }
    return failed;
}

connector::Failed changed_meanwhile(std::string_view table, std::string_view id) {
    connector::Failed failed;
    failed.error.kind = ErrorKind::kConflict;
    failed.error.code = "PreconditionFailed";
    failed.error.http_status = 412;
    failed.error.message = "The row " + std::string(id) + " of " + std::string(table) +
                           " does not hold the written values and was changed by somebody else "
                           "after this step began.";
    failed.error.remedy =
        "Resubmit the run: it reads the row again and works out the changes from "
        "what it is now.";
    failed.attempt_class = model::AttemptClass::kNotDone;
    return failed;
}

bool is_success(const http::Response& response) {
    return response.status >= 200 && response.status < 300;
}

std::optional<Json> read_object(const http::Response& response) {
    auto body = parse_json(response.body, "the answer of Dataverse");
    if (!body || !body->is_object()) {
        return std::nullopt;
    }
    return std::move(*body);
}

std::optional<connector::Failed> bad_table(std::string_view table) {
    if (is_table_name(table)) {
        return std::nullopt;
    }
    return connector::refused(
        "InvalidTable",
        "\"" + std::string(table) + "\" is not a table's logical name.",
        "Write it in small letters and singular, such as \"opportunity\"."
    );
}

std::optional<connector::Failed> bad_id(std::string_view id) {
    if (is_row_id(id)) {
        return std::nullopt;
    }
    return connector::refused(
        "InvalidRowId",
        "\"" + std::string(id) + "\" is not the id of a row.",
        "Use the row's `id`: a GUID such as 6f0a8c1e-7d55-4d0f-9b7e-2f1f3c1c9e10."
    );
}

}  // namespace tideway::connectors::dataverse
