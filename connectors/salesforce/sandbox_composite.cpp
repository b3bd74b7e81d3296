// Collections and composite requests of the sandbox's REST API.
#include <algorithm>
#include <map>

#include "connectors/salesforce/records.h"
#include "connectors/salesforce/sandbox_rest.h"
#include "engine/http/url.h"

namespace tideway::connectors::salesforce::sandbox {
namespace {

constexpr std::size_t kRecordsMax = 200;
constexpr std::size_t kRequestsMax = 25;

tl::unexpected<Refusal> passed(const Refusal& refusal) {
    return tl::unexpected<Refusal>(refusal);
}

// In collections an error says "statusCode", and its lists are always there.
Json result_of(const Outcome<std::string>& id) {
    if (id) {
        return {{"id", *id}, {"success", true}, {"errors", Json::array()}};
    }
    const Json error = {
        {"statusCode", id.error().code},
        {"message", id.error().message},
        {"fields", id.error().fields}};
    return {{"success", false}, {"errors", Json::array({error})}};
}

Json rolled_back(Json result) {
    if (!bool_or(result, "success", false)) {
        return result;
    }
    const Json error = {
        {"statusCode", "ALL_OR_NONE_OPERATION_ROLLED_BACK"},
        {"message",
         "Record rolled back because not all records were valid and the request was "
         "using AllOrNone header"},
        {"fields", Json::array()}};
    return {{"success", false}, {"errors", Json::array({error})}};
}

Json ids_as_records(const std::string& ids) {
    Json out = Json::array();
    std::string_view rest = ids;
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        out.push_back({{"id", std::string(rest.substr(0, comma))}});
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return out;
}

// What @{name.path} stands for in an earlier answer; nothing where it stands for none.
std::optional<std::string> referred(const Json& answers, std::string_view expression) {
    const std::size_t dot = std::min(expression.find('.'), expression.size());
    const Json* value = find(answers, std::string(expression.substr(0, dot)));
    std::string_view path = expression.substr(std::min(dot + 1, expression.size()));
    while (value != nullptr && !path.empty()) {
        const std::size_t end = std::min(path.find('.'), path.size());
        value = find(*value, std::string(path.substr(0, end)));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    if (value == nullptr || value->is_structured()) {
        return std::nullopt;
    }
    return value->is_string() ? value->get<std::string>() : dump(*value);
}

Outcome<std::string> with_references(const std::string& text, const Json& answers) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t open = text.find("@{", at);
        const std::size_t close = open == std::string::npos ? open : text.find('}', open);
        if (close == std::string::npos) {
            return out + text.substr(at);
        }
        const auto value = referred(answers, text.substr(open + 2, close - open - 2));
        if (!value) {
            return refuse(
                400,
                "PROCESSING_HALTED",
                "Invalid reference specified. No value for " + text.substr(open, close - open + 1)
            );
        }
        out += text.substr(at, open - at) + *value;
        at = close + 1;
    }
    return out;
}

// "/services/data/v62.0/sobjects/Account?fields=Name" as a request of the same caller.
ApiRequest inner_request(
    const ApiRequest& outer, const std::string& method, std::string url, const Json* body
) {
    ApiRequest inner = outer;
    inner.method = method;
    inner.body = body == nullptr ? "" : dump(*body);
    inner.headers = {};
    const std::string root = outer.root() + "/";
    const std::size_t start = url.find(root);
    url = start == std::string::npos ? url : url.substr(start + root.size());
    // Subrequests of a batch name the version without "/services/data".
    if (url.starts_with(outer.version + "/")) {
        url = url.substr(outer.version.size() + 1);
    }
    const std::size_t mark = std::min(url.find('?'), url.size());
    inner.path = url.substr(0, mark);
    inner.query = mark < url.size() ? url.substr(mark + 1) : "";
    return inner;
}

Json body_json(const http::Response& response) {
    return response.body.empty() ? Json() : parse_json(response.body, "an answer").value_or(Json());
}

}  // namespace

Outcome<http::Response> RestApi::route_composite(
    const ApiRequest& request, const Segments& segments
) {
    if (segments.size() == 1) {
        return composite(request);
    }
    if (segments[1] == "batch") {
        return batch(request);
    }
    if (segments[1] != "sobjects") {
        return refuse(404, "NOT_FOUND", "The requested resource does not exist");
    }
    const Object* object = segments.size() > 2 ? store_.schema().object(segments[2]) : nullptr;
    if (segments.size() == 3 && request.method == "POST" && object != nullptr) {
        return read_collection(request, *object);
    }
    return write_collection(request, segments);
}

Outcome<http::Response> RestApi::write_collection(
    const ApiRequest& request, const Segments& segments
) {
    Json records;
    bool all_or_none = false;
    if (request.method == "DELETE") {
        records = ids_as_records(http::query_value(request.query, "ids"));
        all_or_none = http::query_value(request.query, "allOrNone") == "true";
    } else {
        const auto body = parse_json(request.body, "the body");
        const Json* list = body ? find(*body, "records") : nullptr;
        records = list == nullptr ? Json() : *list;
        all_or_none = body && bool_or(*body, "allOrNone", false);
    }
    if (!records.is_array() || records.empty() || records.size() > kRecordsMax) {
        return refuse(400, "EXCEEDED_MAX_SIZE_REQUEST", "A collection has 1 to 200 records.");
    }
    Store::Savepoint before = store_.savepoint();
    Json results = Json::array();
    bool all_good = true;
    for (const Json& record : records) {
        results.push_back(write_one(request, segments, record));
        all_good = all_good && bool_or(results.back(), "success", false);
    }
    if (all_or_none && !all_good) {
        store_.rollback(std::move(before));
        std::ranges::transform(results, results.begin(), rolled_back);
    }
    return json_answer(200, results);
}

Json RestApi::write_one(const ApiRequest& request, const Segments& segments, const Json& record) {
    const std::string id = string_or(record, "id", string_or(record, "Id"));
    const Json* attributes = find(record, "attributes");
    const std::string type = segments.size() > 2     ? segments[2]
                             : attributes != nullptr ? string_or(*attributes, "type")
                                                     : std::string();
    const Object* object = request.method == "DELETE" ? store_.schema().object_of_id(id)
                                                      : store_.schema().object(type);
    if (object == nullptr) {
        return result_of(
            refuse(400, "INVALID_TYPE", "sObject type '" + type + "' is not supported.")
        );
    }
    if (request.method == "DELETE") {
        return result_of(writer_.remove(*object, id, request.caller));
    }
    Json fields = record;
    fields.erase("id");
    fields.erase("Id");
    if (request.method == "POST") {
        return result_of(writer_.create(*object, fields, request.caller));
    }
    if (segments.size() < 4) {
        return result_of(writer_.update(*object, id, fields, request.caller));
    }
    const Field* field = object->field(segments[3]);
    const std::string value = field == nullptr ? "" : string_or(fields, field->name);
    if (field == nullptr || !field->is_external_id || value.empty()) {
        return result_of(
            refuse(400, "MISSING_ARGUMENT", segments[3] + " not specified", {segments[3]})
        );
    }
    fields.erase(field->name);
    const auto done = writer_.upsert(*object, *field, value, fields, request.caller);
    Json out = result_of(
        done ? Outcome<std::string>(done->id) : Outcome<std::string>(passed(done.error()))
    );
    if (done) {
        out["created"] = done->is_created;
    }
    return out;
}

Outcome<http::Response> RestApi::read_collection(const ApiRequest& request, const Object& object)
    const {
    const auto body = parse_json(request.body, "the body");
    const Json* ids = body ? find(*body, "ids") : nullptr;
    const Json* names = body ? find(*body, "fields") : nullptr;
    if (ids == nullptr || names == nullptr || !ids->is_array() || !names->is_array()) {
        return refuse(400, "JSON_PARSER_ERROR", "The body needs ids and fields.");
    }
    std::vector<std::string> fields;
    for (const Json& name : *names) {
        fields.push_back(name.is_string() ? name.get<std::string>() : "");
    }
    Json out = Json::array();
    for (const Json& id : *ids) {
        const Json* record =
            id.is_string() ? store_.find_record(object, id.get<std::string>()) : nullptr;
        if (record == nullptr || bool_or(*record, "IsDeleted", false)) {
            out.push_back(nullptr);
            continue;
        }
        auto shown = shown_record(store_, object, *record, fields, request.root());
        if (!shown) {
            return passed(shown.error());
        }
        out.push_back(std::move(*shown));
    }
    return json_answer(200, out);
}

Outcome<http::Response> RestApi::composite(const ApiRequest& request) {
    const auto body = parse_json(request.body, "the body");
    const Json* list = body ? find(*body, "compositeRequest") : nullptr;
    if (list == nullptr || !list->is_array() || list->empty() || list->size() > kRequestsMax) {
        return refuse(
            400,
            "JSON_PARSER_ERROR",
            "A composite request has 1 to 25 requests in compositeRequest."
        );
    }
    const bool all_or_none = bool_or(*body, "allOrNone", false);
    Store::Savepoint before = store_.savepoint();
    Json answers = Json::object();
    Json out = Json::array();
    bool failed = false;
    for (const Json& each : *list) {
        const std::string name = string_or(each, "referenceId");
        const Json* inner_body = find(each, "body");
        const auto url = with_references(string_or(each, "url"), answers);
        const auto text = with_references(inner_body == nullptr ? "" : dump(*inner_body), answers);
        http::Response answer;
        if (!url || !text || (failed && all_or_none)) {
            answer = answer_of(
                {400,
                 "PROCESSING_HALTED",
                 "The transaction was rolled back since "
                 "another operation in the same "
                 "transaction failed."}
            );
        } else {
            ApiRequest inner = inner_request(request, string_or(each, "method"), *url, nullptr);
            inner.body = *text;
            answer = handle(inner);
        }
        failed = failed || answer.status >= 300;
        answers[name] = body_json(answer);
        out.push_back(
            {{"body", answers[name]},
             {"httpHeaders", Json::object()},
             {"httpStatusCode", answer.status},
             {"referenceId", name}}
        );
    }
    if (failed && all_or_none) {
        store_.rollback(std::move(before));
        for (Json& each : out) {
            if (int_or(each, "httpStatusCode", 0) < 300) {
                each["httpStatusCode"] = 400;
                each["body"] = Json::array(
                    {{{"errorCode", "PROCESSING_HALTED"},
                      {"message",
                       "The transaction was rolled back since "
                       "another operation in the same "
                       "transaction failed."}}}
                );
            }
        }
    }
    return json_answer(200, {{"compositeResponse", std::move(out)}});
}

Outcome<http::Response> RestApi::batch(const ApiRequest& request) {
    const auto body = parse_json(request.body, "the body");
    const Json* list = body ? find(*body, "batchRequests") : nullptr;
    if (list == nullptr || !list->is_array() || list->empty() || list->size() > kRequestsMax) {
        return refuse(400, "JSON_PARSER_ERROR", "A batch has 1 to 25 requests in batchRequests.");
    }
    Json out = Json::array();
    bool has_errors = false;
    for (const Json& each : *list) {
        const http::Response answer = handle(inner_request(
            request, string_or(each, "method"), string_or(each, "url"), find(each, "richInput")
        ));
        has_errors = has_errors || answer.status >= 300;
        out.push_back({{"statusCode", answer.status}, {"result", body_json(answer)}});
    }
    return json_answer(200, {{"hasErrors", has_errors}, {"results", std::move(out)}});
}

}  // namespace tideway::connectors::salesforce::sandbox
