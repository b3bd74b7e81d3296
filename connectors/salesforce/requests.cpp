#include "connectors/salesforce/requests.h"

#include <array>

#include "connectors/salesforce/records.h"
#include "engine/connector/odata.h"

namespace tideway::connectors::salesforce {
namespace {

struct Advice {
    std::string_view code;
    std::string_view remedy;
};

constexpr std::array kAdvice{
    Advice{
        "INVALID_SESSION_ID",
        "Check client_id and the secret or key of the connection, and that base_url is the "
        "organization's own address (https://<name>.my.salesforce.com)."},
    Advice{
        "API_DISABLED_FOR_ORG",
        "The edition of this organization has no API, or it is turned off: use Enterprise, "
        "Unlimited, Performance or Developer edition."},
    Advice{
        kRequestLimitExceeded,
        "The organization has used up its API requests of the last 24 hours. The step waits until "
        "some are given back; ask Salesforce for more if this repeats."},
    Advice{
        "UNABLE_TO_LOCK_ROW",
        "Somebody else is writing the record or its parent at this moment; the step is repeated."},
    Advice{
        "REQUIRED_FIELD_MISSING",
        "Give the fields that are named; describe_object tells which a create needs."},
    Advice{
        "INVALID_FIELD",
        "Check the field's API name (own fields end in __c), and that the connection's user may "
        "see the field."},
    Advice{
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "The field cannot be written by this user: take it out of the record, or give the user "
        "edit access to it."},
    Advice{
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Use one of the values of the picklist; describe_object lists them."},
    Advice{"STRING_TOO_LONG", "Shorten the text to the field's length."},
    Advice{
        "DUPLICATES_DETECTED",
        "A duplicate rule of the organization found a similar record: update that one, or let the "
        "rule allow the connection's user."},
    Advice{
        "DUPLICATE_VALUE",
        "Another record has the same value in a unique field: find it with query and update it."},
    Advice{
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "A validation rule of the organization refuses the record; its text is the message."},
    Advice{
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "Give the connection's user access to the record: its owner, role or sharing."},
    Advice{
        "INSUFFICIENT_ACCESS",
        "Give the connection's user the right to this object in its profile or a permission set."},
    Advice{
        "INVALID_TYPE", "Check the object's API name, and that the connection's user may read it."},
    Advice{"MALFORMED_ID", "Use a record id of 15 or 18 characters of this object."},
    Advice{
        "INVALID_CROSS_REFERENCE_KEY",
        "The record that the id or a lookup field names does not exist, or the user cannot see "
        "it."},
    Advice{
        kEntityIsDeleted,
        "The record was deleted; restore it from the recycle bin if it is needed."},
    Advice{
        "INVALID_QUERY_LOCATOR",
        "The pages of a query are kept for two days and ten queries of a user: run the query "
        "again."},
    Advice{
        "UNSUPPORTED_API_VERSION",
        "Set api_version of the connection to one that the organization lists."},
    Advice{"EXCEEDED_ID_LIMIT", "Too many records changed in this time: ask for a shorter one."},
};

std::string remedy_of(const http::Response& response, const std::string& code) {
    for (const Advice& advice : kAdvice) {
        if (advice.code == code) {
            return std::string(advice.remedy);
        }
    }
    switch (response.status) {
        case 300:
            return "Several records have this value in the field: merge them, or make the field "
                   "unique.";
        case 404:
            return "Check the id and the object's API name; a record that was deleted is not "
                   "found either.";
        case 412:
            return "Somebody changed the record after it was read. Read it again and work out the "
                   "changes from what it is now.";
        default:
            return {};
    }
}

// Which fields the service complains of: [{"fields":["StageName"]}].
std::string fields_named(const http::Response& response) {
    const auto list = parse_json(response.body, "the answer of Salesforce");
    const Json* fields =
        list && list->is_array() && !list->empty() ? find((*list)[0], "fields") : nullptr;
    std::string out;
    if (fields != nullptr && fields->is_array()) {
        for (const Json& field : *fields) {
            out += (out.empty() ? "" : ", ") + (field.is_string() ? field.get<std::string>() : "");
        }
    }
    return out;
}

// The kinds that Salesforce's statuses do not tell.
void put_kind(const std::string& code, connector::Failed& failed) {
    if (code == kRequestLimitExceeded) {
        failed.error.kind = ErrorKind::kThrottled;
        failed.error.http_status = 429;
        failed.error.code = http::status_code_name(429);
    } else if (code == "UNABLE_TO_LOCK_ROW") {
        failed.error.kind = ErrorKind::kUnavailable;
    } else if (code == "DUPLICATES_DETECTED" || code == "DUPLICATE_VALUE") {
        failed.error.kind = ErrorKind::kConflict;
    } else if (code == kEntityIsDeleted) {
        failed.error.kind = ErrorKind::kNotFound;
    } else if (failed.error.http_status == 300) {
        failed.error.kind = ErrorKind::kConflict;
        failed.error.code = "AmbiguousExternalId";
        failed.error.message = "Several records have this external id.";
    }
}

}  // namespace

Requests::Requests(const Json& settings, Timestamp now)
    : instance_url_(connector::without_slash(string_or(settings, "base_url"))),
      version_(string_or(settings, "api_version", "v62.0")),
      api_url_(instance_url_ + "/services/data/" + version_),
      client_name_(string_or(settings, "client_name", "Tideway")),
      now_(now) {}

std::string Requests::object_url(std::string_view object) const {
    return api_url_ + "/sobjects/" + std::string(object);
}

std::string Requests::record_url(std::string_view object, std::string_view id) const {
    return object_url(object) + "/" + std::string(id);
}

connector::Send Requests::make(std::string method, std::string url) const {
    connector::Send send;
    send.request.method = std::move(method);
    send.request.url = std::move(url);
    send.audience = "salesforce";
    send.request.headers.set("Accept", "application/json");
    return send;
}

connector::Send Requests::get(std::string url) const {
    return make("GET", std::move(url));
}

connector::Send Requests::write(std::string method, std::string url, const Json& body) const {
    connector::Send send = make(std::move(method), std::move(url));
    send.is_effect = true;
    send.request.headers.set("Sforce-Call-Options", "client=" + client_name_);
    if (!body.is_null()) {
        send.request.body = dump(body);
        send.request.headers.set("Content-Type", "application/json; charset=utf-8");
    }
    return send;
}

std::string service_code(const http::Response& response) {
    const auto list = parse_json(response.body, "the answer of Salesforce");
    const bool has_error = list && list->is_array() && !list->empty();
    return has_error ? string_or((*list)[0], "errorCode") : std::string();
}

bool is_over_limit(const http::Response& response) {
    return response.status == 403 && service_code(response) == kRequestLimitExceeded;
}

connector::Failed answered(
    const http::Response& response, model::EffectClass effect, Timestamp now
) {
    connector::Failed failed;
    failed.error = connector::service_error(response, now);
    const std::string code = service_code(response);
    if (const std::string fields = fields_named(response); !fields.empty()) {
        failed.error.message += " (" + fields + ")";
    }
    if (std::string remedy = remedy_of(response, code); !remedy.empty()) {
        failed.error.remedy = std::move(remedy);
    }
    if (now == Timestamp{}) {  // a date in Retry-After means nothing without a clock
        failed.error.retry_after.reset();
    }
    put_kind(code, failed);
    failed.attempt_class = connector::classify(response.status, effect);
    if (failed.attempt_class == model::AttemptClass::kDone) {  // 300, and redirects
        failed.attempt_class = model::AttemptClass::kNotDone;
    }
    return failed;
}

connector::Failed changed_meanwhile(std::string_view object, std::string_view id) {
    connector::Failed failed;
    failed.error.kind = ErrorKind::kConflict;
    failed.error.code = "PreconditionFailed";
    failed.error.http_status = 412;
    failed.error.message = "The " + std::string(object) + " " + std::string(id) +
                           " does not hold the written values and was changed by somebody else "
                           "after this step began.";
    failed.error.remedy =
        "Resubmit the run: it reads the record again and works out the changes from what it is "
        "now.";
    failed.attempt_class = model::AttemptClass::kNotDone;
    return failed;
}

bool is_success(const http::Response& response) {
    return response.status >= 200 && response.status < 300;
}

std::optional<Json> read_object(const http::Response& response) {
    auto body = parse_json(response.body, "the answer of Salesforce");
    if (!body || !body->is_object()) {
        return std::nullopt;
    }
    return std::move(*body);
}

std::optional<Json> read_list(const http::Response& response) {
    auto body = parse_json(response.body, "the answer of Salesforce");
    if (!body || !body->is_array()) {
        return std::nullopt;
    }
    return std::move(*body);
}

std::optional<connector::Failed> bad_object(std::string_view object) {
    if (is_name(object)) {
        return std::nullopt;
    }
    return connector::refused(
        "InvalidObject",
        "\"" + std::string(object) + "\" is not an object's API name.",
        "Write it as the object manager shows it, such as \"Opportunity\" or \"Deal__c\"."
    );
}

std::optional<connector::Failed> bad_field(std::string_view field) {
    if (is_name(field)) {
        return std::nullopt;
    }
    return connector::refused(
        "InvalidField",
        "\"" + std::string(field) + "\" is not a field's API name.",
        "Write it as the object manager shows it, such as \"Referral_Identifier__c\"."
    );
}

std::optional<connector::Failed> bad_id(std::string_view id) {
    if (is_record_id(id)) {
        return std::nullopt;
    }
    return connector::refused(
        "InvalidRecordId",
        "\"" + std::string(id) + "\" is not the id of a record.",
        "Use the record's `id`: 15 or 18 letters and digits such as 006A000000kLmNoIAK."
    );
}

}  // namespace tideway::connectors::salesforce
