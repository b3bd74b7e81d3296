#include "connectors/salesforce/sandbox_rest.h"

#include <algorithm>
#include <charconv>

#include "connectors/salesforce/records.h"
#include "engine/http/url.h"

namespace tideway::connectors::salesforce::sandbox {
namespace {

constexpr std::size_t kCursorsMax = 10;  // of a user, as Salesforce has it
constexpr std::size_t kPageMin = 200;
constexpr std::size_t kPageMax = 2000;

Outcome<http::Response> no_resource() {
    return refuse(404, "NOT_FOUND", "The requested resource does not exist");
}

Outcome<http::Response> no_method(const ApiRequest& request) {
    return refuse(
        405,
        "METHOD_NOT_ALLOWED",
        "HTTP Method '" + request.method + "' not allowed. Allowed are HEAD,GET,POST,PATCH,DELETE"
    );
}

Outcome<Json> body_of(const ApiRequest& request) {
    auto body = parse_json(request.body, "the body");
    if (!body || !body->is_object()) {
        return refuse(400, "JSON_PARSER_ERROR", "The body is not a JSON object.");
    }
    return std::move(*body);
}

std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(at), text.size());
        if (end > 0) {
            out.emplace_back(text.substr(0, end));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::size_t page_size_of(const ApiRequest& request) {
    const std::string options(request.headers.get_or("Sforce-Query-Options", ""));
    const std::size_t at = options.find("batchSize=");
    std::size_t size = kPageMax;
    if (at != std::string::npos) {
        std::from_chars(options.data() + at + 10, options.data() + options.size(), size);
    }
    return std::clamp(size, kPageMin, kPageMax);
}

// An HTTP date in a header, as Retry-After may have one; far from `near` it is only known to be
// far.
std::optional<Timestamp> http_time(
    const http::Headers& headers, std::string_view name, Timestamp near
) {
    const auto text = headers.get(name);
    if (!text) {
        return std::nullopt;
    }
    const Timestamp start = near - std::chrono::hours(24 * 180);
    const auto since_start = http::retry_after({{"Retry-After", std::string(*text)}}, start);
    return since_start ? std::optional(start + *since_start) : std::nullopt;
}

http::Response nothing() {
    http::Response out;
    out.status = 204;
    return out;
}

Json saved(const std::string& id) {
    return {{"id", id}, {"success", true}, {"errors", Json::array()}};
}

// An object with one record: what the caller may do besides working with records.
constexpr std::string_view kOwnPermissions = "UserPermissionAccess";

http::Response own_permissions(const ApiRequest& request) {
    const auto may = [&request](const char* right) {
        return !request.caller.denied.contains(right);
    };
    const Json record = {
        {"attributes", {{"type", kOwnPermissions}}},
        {"PermissionsCustomizeApplication", may("Customize Application")},
        {"PermissionsManageProfilesPermissionsets", may("Manage Profiles and Permission Sets")}};
    return json_answer(200, {{"totalSize", 1}, {"done", true}, {"records", Json::array({record})}});
}

tl::unexpected<Refusal> passed(const Refusal& refusal) {
    return tl::unexpected<Refusal>(refusal);
}

}  // namespace

http::Response RestApi::handle(const ApiRequest& request) {
    Segments segments = split(request.path, '/');
    for (std::string& segment : segments) {
        segment = http::decode_component(segment);
    }
    auto answer = route(request, segments);
    if (answer) {
        return std::move(*answer);
    }
    if (answer.error().status == 300) {  // a list of addresses instead of errors
        Json urls = Json::array();
        for (const std::string& id : split(answer.error().message, ',')) {
            urls.push_back(request.root() + "/sobjects/" + segments[1] + "/" + id);
        }
        return json_answer(300, urls);
    }
    return answer_of(answer.error());
}

Outcome<http::Response> RestApi::route(const ApiRequest& request, const Segments& segments) {
    if (segments.empty()) {
        Json out = Json::object();
        for (const char* name : {"sobjects", "query", "queryAll", "composite", "limits"}) {
            out[name] = request.root() + "/" + name;
        }
        return json_answer(200, out);
    }
    const std::string& first = segments[0];
    if (first == "sobjects") {
        return route_object(request, segments);
    }
    if (first == "composite") {
        return request.method == "GET" ? no_method(request) : route_composite(request, segments);
    }
    if (first == "tooling") {
        return route_tooling(request, segments);
    }
    if (first != "query" && first != "queryAll") {
        return no_resource();
    }
    if (request.method != "GET") {
        return no_method(request);
    }
    return segments.size() > 1
               ? next_page(request, segments[1])
               : query(request, first == "query" ? Deleted::kHidden : Deleted::kShown);
}

Outcome<http::Response> RestApi::route_object(const ApiRequest& request, const Segments& segments) {
    if (segments.size() == 1) {
        Json list = Json::array();
        for (const Object& object : store_.schema().objects()) {
            if (request.caller.may("Read", object)) {
                list.push_back(describe(object, request.caller, Detail::kBrief, request.root()));
            }
        }
        return json_answer(
            200, {{"encoding", "UTF-8"}, {"maxBatchSize", 200}, {"sobjects", std::move(list)}}
        );
    }
    const Object* object = store_.schema().object(segments[1]);
    if (object == nullptr || !request.caller.may("Read", *object)) {
        return no_resource();
    }
    if (segments.size() == 2) {
        if (request.method != "POST") {
            return no_method(request);
        }
        const auto body = body_of(request);
        const auto id = body ? writer_.create(*object, *body, request.caller)
                             : Outcome<std::string>(passed(body.error()));
        return id ? Outcome<http::Response>(json_answer(201, saved(*id))) : passed(id.error());
    }
    if (segments.size() > 3) {
        return route_external(request, *object, segments);
    }
    if (segments[2] == "describe") {
        return json_answer(200, describe(*object, request.caller, Detail::kFull, request.root()));
    }
    if (segments[2] == "updated" || segments[2] == "deleted") {
        return feed(request, *object, segments[2]);
    }
    return route_record(request, *object, segments[2]);
}

Outcome<http::Response> RestApi::route_record(
    const ApiRequest& request, const Object& object, const std::string& id
) {
    if (!is_record_id(id) || !id.starts_with(object.prefix)) {
        return no_resource();
    }
    if (request.method == "DELETE") {
        const auto removed = writer_.remove(object, id, request.caller);
        return removed ? Outcome<http::Response>(nothing()) : passed(removed.error());
    }
    const Json* record = store_.find_record(object, id);
    if (record == nullptr || bool_or(*record, "IsDeleted", false)) {
        return record == nullptr ? no_resource()
                                 : refuse(404, "ENTITY_IS_DELETED", "entity is deleted");
    }
    if (const auto met = check_conditions(request, *record); !met) {
        return passed(met.error());
    }
    if (request.method == "GET") {
        return get_record(request, object, *record);
    }
    if (request.method != "PATCH") {
        return no_method(request);
    }
    const auto body = body_of(request);
    const auto updated = body ? writer_.update(object, id, *body, request.caller)
                              : Outcome<std::string>(passed(body.error()));
    return updated ? Outcome<http::Response>(nothing()) : passed(updated.error());
}

Outcome<http::Response> RestApi::route_external(
    const ApiRequest& request, const Object& object, const Segments& segments
) {
    const Field* field = object.field(segments[2]);
    if (segments.size() != 4 || field == nullptr ||
        (!field->is_external_id && field->name != "Id")) {
        return refuse(
            404,
            "NOT_FOUND",
            "Provided external ID field does not exist or is not accessible: " + segments[2]
        );
    }
    if (field->name == "Id") {
        return route_record(request, object, segments[3]);
    }
    if (request.method == "PATCH") {
        return upsert(request, object, *field, segments[3]);
    }
    const auto ids = writer_.find_external(object, *field, segments[3]);
    if (ids.empty()) {
        return no_resource();
    }
    if (ids.size() > 1) {
        std::string all;
        for (const std::string& id : ids) {
            all += (all.empty() ? "" : ",") + id;
        }
        return refuse(300, "MULTIPLE_CHOICES", all);
    }
    return route_record(request, object, ids.front());
}

Outcome<http::Response> RestApi::upsert(
    const ApiRequest& request, const Object& object, const Field& field, const std::string& value
) {
    const auto body = body_of(request);
    if (!body) {
        return passed(body.error());
    }
    const auto done = writer_.upsert(object, field, value, *body, request.caller);
    if (!done) {
        return passed(done.error());
    }
    // Before version 46 an update was answered with nothing.
    const bool is_old = request.version.size() < 5 || request.version < "v46.0";
    if (is_old && !done->is_created) {
        return nothing();
    }
    Json out = saved(done->id);
    out["created"] = done->is_created;
    return json_answer(done->is_created ? 201 : 200, out);
}

Outcome<http::Response> RestApi::get_record(
    const ApiRequest& request, const Object& object, const Json& record
) const {
    const auto fields = split(http::query_value(request.query, "fields"), ',');
    auto shown = shown_record(store_, object, record, fields, request.root());
    if (!shown) {
        return passed(shown.error());
    }
    (*shown)["Id"] = string_or(record, "Id");
    return json_answer(200, *shown);
}

Outcome<bool> RestApi::check_conditions(const ApiRequest& request, const Json& record) const {
    const auto modified = parse_utc(string_or(record, "LastModifiedDate"));
    if (!modified) {
        return true;
    }
    const auto unmodified_since = http_time(request.headers, "If-Unmodified-Since", *modified);
    if (unmodified_since && *modified > *unmodified_since) {
        return refuse(
            412,
            "PRECONDITION_FAILED",
            "The record was modified after " + request.headers.get_or("If-Unmodified-Since", "") +
                "."
        );
    }
    const auto modified_since = http_time(request.headers, "If-Modified-Since", *modified);
    if (modified_since && request.method == "GET" && *modified <= *modified_since) {
        return refuse(304, "NOT_MODIFIED", "");
    }
    return true;
}

Outcome<http::Response> RestApi::query(const ApiRequest& request, Deleted deleted) {
    const auto select = parse_soql(http::query_value(request.query, "q"), clock_.now());
    if (!select) {
        return passed(select.error());
    }
    if (select->object == kOwnPermissions) {
        return own_permissions(request);
    }
    const Object* object = store_.schema().object(select->object);
    if (object != nullptr && !request.caller.may("Read", *object)) {
        return refuse(
            400, "INVALID_TYPE", "sObject type '" + select->object + "' is not supported."
        );
    }
    auto found = run_query(store_, *select, deleted, request.root());
    if (!found) {
        return passed(found.error());
    }
    if (found->is_count) {
        return json_answer(
            200, {{"totalSize", found->total}, {"done", true}, {"records", Json::array()}}
        );
    }
    cursors_.push_back({next_cursor_++, page_size_of(request), std::move(found->records)});
    const std::size_t cursor = cursors_.back().id;
    http::Response first = page_of(request, cursor, 0);
    if (cursors_.back().records.size() <= cursors_.back().page_size) {
        cursors_.pop_back();
    } else if (cursors_.size() > kCursorsMax) {
        cursors_.pop_front();
    }
    return first;
}

http::Response RestApi::page_of(const ApiRequest& request, std::size_t cursor, std::size_t from) {
    const auto it =
        std::ranges::find_if(cursors_, [&](const Cursor& each) { return each.id == cursor; });
    const std::size_t total = it->records.size();
    const std::size_t end = std::min(from + it->page_size, total);
    Json records = Json::array();
    for (std::size_t i = from; i < end; ++i) {
        records.push_back(it->records[i]);
    }
    Json out = {{"totalSize", total}, {"done", end == total}, {"records", std::move(records)}};
    if (end < total) {
        out["nextRecordsUrl"] =
            request.root() + "/query/01gTw" + std::to_string(cursor) + "-" + std::to_string(end);
    }
    return json_answer(200, out);
}

Outcome<http::Response> RestApi::next_page(const ApiRequest& request, const std::string& locator) {
    constexpr std::string_view kPrefix = "01gTw";
    const std::size_t dash = locator.find('-');
    std::size_t cursor = 0;
    std::size_t from = 0;
    if (locator.starts_with(kPrefix) && dash != std::string::npos) {
        const char* text = locator.data();
        std::from_chars(text + kPrefix.size(), text + dash, cursor);
        std::from_chars(text + dash + 1, text + locator.size(), from);
    }
    const auto it =
        std::ranges::find_if(cursors_, [&](const Cursor& each) { return each.id == cursor; });
    if (it == cursors_.end() || from >= it->records.size()) {
        return refuse(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    }
    return page_of(request, cursor, from);
}

Outcome<http::Response> RestApi::feed(
    const ApiRequest& request, const Object& object, const std::string& which
) const {
    using std::chrono::floor;
    using std::chrono::minutes;
    const auto start = parse_utc(http::query_value(request.query, "start"));
    const auto end = parse_utc(http::query_value(request.query, "end"));
    const Timestamp now = clock_.now();
    const bool is_sound = start && end && *start >= now - std::chrono::hours(24 * 30) &&
                          floor<minutes>(*end) - floor<minutes>(*start) >= minutes(1);
    if (!is_sound) {
        return refuse(
            400,
            "INVALID_REPLICATION_DATE",
            "startDate must be at least one minute before endDate, and within the last 30 days"
        );
    }
    const Timestamp from = floor<minutes>(*start);
    const Timestamp until = floor<minutes>(*end);
    const bool wants_deleted = which == "deleted";
    Json found = Json::array();
    for (const auto& [id, record] : store_.records(object)) {
        const auto at = parse_utc(string_or(record, "SystemModstamp"));
        if (!at || *at < from || *at >= until ||
            bool_or(record, "IsDeleted", false) != wants_deleted) {
            continue;
        }
        found.push_back(
            wants_deleted ? Json{{"id", id}, {"deletedDate", wire_time(*at)}} : Json(id)
        );
    }
    Json out = {{"latestDateCovered", wire_time(std::min(until, Timestamp(floor<minutes>(now))))}};
    out[wants_deleted ? "deletedRecords" : "ids"] = std::move(found);
    if (wants_deleted) {
        out["earliestDateAvailable"] = wire_time(now - std::chrono::hours(24 * 30));
    }
    return json_answer(200, out);
}

}  // namespace tideway::connectors::salesforce::sandbox
