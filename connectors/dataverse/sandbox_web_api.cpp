#include "connectors/dataverse/sandbox_web_api.h"

#include "connectors/dataverse/sandbox_values.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

tl::unexpected<ServiceError> no_segment(const std::string& name) {
    return refuse(
        404, codes::kResourceNotFound, "Resource not found for the segment '" + name + "'."
    );
}

tl::unexpected<ServiceError> wrong_method(const ApiRequest& request) {
    return refuse(
        405,
        codes::kUnsupported,
        "The requested resource does not support http method '" + request.method + "'."
    );
}

std::string name_without_namespace(const std::string& name) {
    constexpr std::string_view kNamespace = "Microsoft.Dynamics.CRM.";
    return name.starts_with(kNamespace) ? name.substr(kNamespace.size()) : name;
}

std::string applied_preferences(const Preferences& preferences) {
    std::string out;
    const auto add = [&out](const std::string& text) { out += (out.empty() ? "" : ",") + text; };
    if (preferences.track_changes) {
        add("odata.track-changes");
    }
    if (preferences.page_size) {
        add("odata.maxpagesize=" + std::to_string(*preferences.page_size));
    }
    if (preferences.representation) {
        add("return=representation");
    }
    if (preferences.annotations.any()) {
        add("odata.include-annotations=\"" + preferences.annotations_text + "\"");
    }
    return out;
}

}  // namespace

http::Response odata_response(int status, const Json& body, const Preferences& preferences) {
    http::Response out;
    out.status = status;
    out.headers.add("OData-Version", "4.0");
    out.headers.add("Cache-Control", "no-cache");
    if (const std::string applied = applied_preferences(preferences); !applied.empty()) {
        out.headers.add("Preference-Applied", applied);
    }
    if (!body.is_null()) {
        out.headers.add("Content-Type", "application/json; odata.metadata=minimal");
        out.body = dump(body);
    }
    return out;
}

http::Response WebApi::error_response(const ServiceError& error, const ApiRequest& request) {
    const Preferences preferences = Preferences::of(request.headers);
    Json detail = {{"code", error.code}, {"message", error.message}};
    if (preferences.annotations.wants("Microsoft.PowerApps.CDS.HelpLink")) {
        detail["@Microsoft.PowerApps.CDS.HelpLink"] = "urn:dataverse:error:" + error.code;
    }
    if (preferences.annotations.wants("Microsoft.PowerApps.CDS.TraceText")) {
        detail["@Microsoft.PowerApps.CDS.TraceText"] = "";
    }
    http::Response out = odata_response(error.status, {{"error", detail}}, Preferences());
    for (const auto& [name, value] : error.headers) {
        out.headers.add(name, value);
    }
    return out;
}

http::Response WebApi::handle(const ApiRequest& request) {
    const Database::Savepoint start = database_.savepoint();
    Call call{
        request,
        split_path(request.path),
        http::parse_query(request.query),
        Preferences::of(request.headers),
        {}};
    call.context = {
        &database_.schema(), clock_.now(), request.caller.user_id, aliases_of(call.query)};
    Answer answer = dispatch(call);
    if (answer) {
        return std::move(*answer);
    }
    database_.rollback(start);
    return error_response(answer.error(), request);
}

WebApi::Answer WebApi::dispatch(const Call& call) {
    if (call.path.empty()) {
        Json sets = Json::array();
        for (const Table& table : database_.schema().tables()) {
            sets.push_back({{"name", table.set}, {"kind", "EntitySet"}, {"url", table.set}});
        }
        const Json body = {{"@odata.context", call.request.root + "/$metadata"}, {"value", sets}};
        return odata_response(200, body, call.preferences);
    }
    const Segment& first = call.path.front();
    const Table* table = database_.schema().by_set(first.name);
    if (table == nullptr) {
        return unbound(call);
    }
    if (!first.key) {
        return on_set(call, *table);
    }
    const auto key = parse_row_key(*table, *first.key);
    if (!key) {
        return tl::unexpected<ServiceError>(key.error());
    }
    return call.path.size() == 1 ? on_row(call, *table, *key) : below_row(call, *table, *key);
}

WebApi::Answer WebApi::unbound(const Call& call) {
    const std::string name = name_without_namespace(call.path.front().name);
    const std::string& method = call.request.method;
    if (name == "$metadata") {
        http::Response out = odata_response(200, {}, Preferences());
        out.headers.set("Content-Type", "application/xml");
        out.body = metadata_document(database_.schema());
        return out;
    }
    if (name == "EntityDefinitions") {
        return on_definitions(call);
    }
    if (name == "RelationshipDefinitions") {
        return define(call);
    }
    if (name == "PublishXml") {
        return method == "POST" ? publish(call) : Answer(wrong_method(call.request));
    }
    const bool closes = name == "WinOpportunity" || name == "LoseOpportunity";
    const bool asks = name == "WhoAmI" || name == "RetrieveVersion";
    if ((closes && method != "POST") || (asks && method != "GET")) {
        return wrong_method(call.request);
    }
    if (closes) {
        return close_opportunity(call, name == "WinOpportunity" ? 1 : 2);
    }
    const std::string context = call.request.root + "/$metadata#Microsoft.Dynamics.CRM." + name;
    if (name == "WhoAmI") {
        const Json body = {
            {"@odata.context", context + "Response"},
            {"BusinessUnitId", std::string(kBusinessUnit)},
            {"UserId", call.request.caller.user_id},
            {"OrganizationId", std::string(kOrganization)}};
        return odata_response(200, body, call.preferences);
    }
    if (name == "RetrieveVersion") {
        const Json body = {{"@odata.context", context + "Response"}, {"Version", "9.2.25000.0"}};
        return odata_response(200, body, call.preferences);
    }
    return no_segment(call.path.front().name);
}

WebApi::Answer WebApi::on_set(const Call& call, const Table& table) {
    const std::string& method = call.request.method;
    if (call.path.size() == 2 && call.path[1].name == "$count" && method == "GET") {
        return count(call, table);
    }
    if (call.path.size() > 1) {
        return no_segment(call.path[1].name);
    }
    if (method == "GET") {
        return list(call, table, nullptr, nullptr);
    }
    return method == "POST" ? create(call, table) : wrong_method(call.request);
}

WebApi::Answer WebApi::on_row(const Call& call, const Table& table, const RowKey& key) {
    const std::string& method = call.request.method;
    if (method == "GET") {
        return read(call, table, key);
    }
    if (method == "PATCH") {
        return update(call, table, key);
    }
    return method == "DELETE" ? remove(call, table, key) : wrong_method(call.request);
}

WebApi::Answer WebApi::below_row(const Call& call, const Table& table, const RowKey& key) {
    const Row* row = find_row(database_, table, key);
    if (row == nullptr) {
        return no_row_for(table, key);
    }
    const Segment& second = call.path[1];
    const std::string action = name_without_namespace(second.name);
    if (action == "QualifyLead" && table.name == "lead") {
        return call.request.method == "POST" ? qualify_lead(call, *row)
                                             : Answer(wrong_method(call.request));
    }
    const bool is_about_rights =
        action == "RetrieveUserPrivileges" || action == "RetrieveUserSetOfPrivilegesByNames";
    if (is_about_rights && table.name == "systemuser") {
        return call.request.method == "GET" ? user_privileges(call, *row, second)
                                            : Answer(wrong_method(call.request));
    }
    // A lookup's navigation property often has the lookup's own name: it comes first.
    if (const auto navigation = table.navigation(second.name)) {
        return one_reference(call, table, *row, *navigation);
    }
    if (const Collection* collection = table.collection(second.name); collection != nullptr) {
        return member_reference(call, table, *row, *collection);
    }
    const Column* column = table.by_property(second.name);
    if (column == nullptr || column->access == Access::kWriteOnly) {
        return no_segment(second.name);
    }
    return one_column(call, table, *row, *column);
}

Outcome<Json> WebApi::body_of(const Call& call) const {
    auto body =
        parse_json(call.request.body.empty() ? "{}" : call.request.body, "The request body");
    if (!body) {
        return bad_payload(body.error().message);
    }
    if (!body->is_object()) {
        return bad_payload("The request body must be a JSON object.");
    }
    return std::move(*body);
}

Save WebApi::save_of(const Call& call, const Table& table, const Json& body) const {
    const bool detect =
        call.request.headers.get_or("MSCRM.SuppressDuplicateDetection", "true") == "false";
    return {
        table,
        body,
        call.request.caller,
        call.request.content_ids,
        SaveOrigin::kRequest,
        detect ? DuplicateDetection::kOn : DuplicateDetection::kOff};
}

WebApi::Answer WebApi::create(const Call& call, const Table& table) {
    const auto body = body_of(call);
    if (!body) {
        return tl::unexpected<ServiceError>(body.error());
    }
    const auto id = writer_.create(save_of(call, table, *body));
    if (!id) {
        return tl::unexpected<ServiceError>(id.error());
    }
    return written(call, table, *id, call.preferences.representation ? 201 : 204);
}

// 204 with the row's address, or the row itself when the request prefers it.
WebApi::Answer WebApi::written(
    const Call& call, const Table& table, const std::string& id, int status
) {
    const std::string address = call.request.root + "/" + table.set + "(" + id + ")";
    Json body;
    if (call.preferences.representation) {
        auto query = parse_query(call.context, table, call.query);
        if (!query) {
            return tl::unexpected<ServiceError>(query.error());
        }
        const View view{database_, call.preferences.annotations, call.request.root};
        body = view.row(*query, *database_.find(table.name, id));
        body["@odata.context"] = view.context(*query) + "/$entity";
    }
    http::Response out = odata_response(status, body, call.preferences);
    out.headers.add("OData-EntityId", address);
    out.headers.add("Location", address);
    return out;
}

WebApi::Answer WebApi::read(const Call& call, const Table& table, const RowKey& key) {
    TIDEWAY_DV_TRY(callers_.check(call.request.caller, Privilege::kRead, table));
    auto query = parse_query(call.context, table, call.query);
    if (!query) {
        return tl::unexpected<ServiceError>(query.error());
    }
    const Row* row = find_row(database_, table, key);
    if (row == nullptr) {
        return no_row_for(table, key);
    }
    const std::string etag = etag_of(*row);
    const bool conditional = query->expand.empty() && !call.preferences.annotations.any();
    if (conditional && call.request.headers.get_or("If-None-Match", "") == etag) {
        http::Response out = odata_response(304, {}, Preferences());
        out.headers.add("ETag", etag);
        return out;
    }
    const View view{database_, call.preferences.annotations, call.request.root};
    Json body = view.row(*query, *row);
    body["@odata.context"] = view.context(*query) + "/$entity";
    http::Response out = odata_response(200, body, call.preferences);
    out.headers.add("ETag", etag);
    return out;
}

Outcome<void> WebApi::check_version(const Call& call, const Row& row) const {
    const std::string wanted = call.request.headers.get_or("If-Match", "*");
    if (wanted == "*" || wanted == etag_of(row)) {
        return {};
    }
    return refuse(
        412,
        codes::kVersionMismatch,
        "The version of the existing record doesn't match the RowVersion property provided."
    );
}

WebApi::Answer WebApi::update(const Call& call, const Table& table, const RowKey& key) {
    const auto body = body_of(call);
    if (!body) {
        return tl::unexpected<ServiceError>(body.error());
    }
    const Row* row = find_row(database_, table, key);
    const bool update_only = call.request.headers.get("If-Match").has_value();
    const bool create_only = call.request.headers.get_or("If-None-Match", "") == "*";
    if (row == nullptr && update_only) {
        return no_row_for(table, key);
    }
    if (row != nullptr && create_only) {
        return refuse(
            412,
            codes::kDuplicateKey,
            "A record with matching key values already exists: " + key.text(table) + "."
        );
    }
    if (row == nullptr) {
        const auto id = writer_.create(save_of(call, table, *body), &key);
        if (!id) {
            return tl::unexpected<ServiceError>(id.error());
        }
        return written(call, table, *id, call.preferences.representation ? 201 : 204);
    }
    TIDEWAY_DV_TRY(check_version(call, *row));
    const std::string id = string_or(*row, table.key);
    TIDEWAY_DV_TRY(writer_.update(save_of(call, table, *body), id));
    return written(call, table, id, call.preferences.representation ? 200 : 204);
}

WebApi::Answer WebApi::remove(const Call& call, const Table& table, const RowKey& key) {
    const Row* row = find_row(database_, table, key);
    if (row == nullptr) {
        return no_row_for(table, key);
    }
    TIDEWAY_DV_TRY(check_version(call, *row));
    const std::string id = string_or(*row, table.key);
    TIDEWAY_DV_TRY(writer_.remove(table, id, call.request.caller));
    return odata_response(204, {}, Preferences());
}

WebApi::Answer WebApi::one_column(
    const Call& call, const Table& table, const Row& row, const Column& column
) {
    const std::string id = string_or(row, table.key);
    const std::string& method = call.request.method;
    if (method == "GET") {
        TIDEWAY_DV_TRY(callers_.check(call.request.caller, Privilege::kRead, table));
        const Json* stored = tideway::find(row, column.name);
        if (stored == nullptr || stored->is_null()) {
            return odata_response(204, {}, Preferences());
        }
        const Json value =
            column.type == ColumnType::kLookup ? Json(reference_of(row, column.name).id) : *stored;
        if (call.path.size() == 3 && call.path[2].name == "$value") {
            http::Response out = odata_response(200, {}, Preferences());
            out.headers.set("Content-Type", "text/plain");
            out.body = value.is_string() ? value.get<std::string>() : dump(value);
            return out;
        }
        const std::string context =
            call.request.root + "/$metadata#" + table.set + "(" + id + ")/" + column.property();
        const Json body = {{"@odata.context", context}, {"value", value}};
        return odata_response(200, body, call.preferences);
    }
    if (method != "PUT" && method != "DELETE") {
        return wrong_method(call.request);
    }
    Json value;
    if (method == "PUT") {
        const auto body = body_of(call);
        if (!body || !body->contains("value")) {
            return bad_payload("The body must be {\"value\": ...}.");
        }
        value = (*body)["value"];
    }
    TIDEWAY_DV_TRY(check_version(call, row));
    TIDEWAY_DV_TRY(writer_.update(save_of(call, table, {{column.name, value}}), id));
    return odata_response(204, {}, Preferences());
}

WebApi::Answer WebApi::one_reference(
    const Call& call, const Table& table, const Row& row, const Table::Navigation& navigation
) {
    const std::string id = string_or(row, table.key);
    const std::string& method = call.request.method;
    const bool reference = call.path.size() == 3 && call.path[2].name == "$ref";
    if (method == "GET") {
        const Reference to = reference_of(row, navigation.column->name);
        const Table& target = *database_.schema().by_name(navigation.target->table);
        if (to.id.empty() || to.table != target.name) {
            return odata_response(204, {}, Preferences());
        }
        if (!reference) {
            return read(call, target, RowKey{to.id, nullptr, {}});
        }
        const Json body = {
            {"@odata.context", call.request.root + "/$metadata#$ref"},
            {"@odata.id", call.request.root + "/" + target.set + "(" + to.id + ")"}};
        return odata_response(200, body, call.preferences);
    }
    if (!reference || (method != "PUT" && method != "DELETE")) {
        return wrong_method(call.request);
    }
    Json address;
    if (method == "PUT") {
        const auto body = body_of(call);
        if (!body || !body->contains("@odata.id")) {
            return bad_payload("The body must be {\"@odata.id\": \"<address of a row>\"}.");
        }
        address = (*body)["@odata.id"];
    }
    const Json change = {{navigation.target->navigation + "@odata.bind", address}};
    TIDEWAY_DV_TRY(writer_.update(save_of(call, table, change), id));
    return odata_response(204, {}, Preferences());
}

// /accounts(g)/contact_customer_accounts: the rows in it, and $ref to put one in or take one out.
WebApi::Answer WebApi::member_reference(
    const Call& call, const Table& table, const Row& row, const Collection& collection
) {
    const std::string& method = call.request.method;
    const Table& child = *database_.schema().by_name(collection.table);
    if (method == "GET" && call.path.size() == 2) {
        return list(call, child, &collection, &row);
    }
    if (call.path.back().name != "$ref" || (method != "POST" && method != "DELETE")) {
        return wrong_method(call.request);
    }
    std::string address;
    if (call.path[1].key) {
        address = "/" + child.set + "(" + *call.path[1].key + ")";
    } else if (method == "DELETE") {
        for (const auto& [name, value] : call.query) {
            address = name == "$id" ? value : address;
        }
    } else if (const auto body = body_of(call)) {
        address = string_or(*body, "@odata.id");
    }
    const auto member = ReferenceReader{database_, call.request.content_ids}.read(address);
    if (!member) {
        return tl::unexpected<ServiceError>(member.error());
    }
    const LookupTarget* target = child.column(collection.column)->target(table.name);
    const std::string parent = "/" + table.set + "(" + string_or(row, table.key) + ")";
    const Json change = {
        {target->navigation + "@odata.bind", method == "POST" ? Json(parent) : Json()}};
    if (member->table != child.name) {
        return bad_payload("'" + address + "' is not a row of " + child.name + ".");
    }
    TIDEWAY_DV_TRY(writer_.update(save_of(call, child, change), member->id));
    return odata_response(204, {}, Preferences());
}

}  // namespace tideway::connectors::dataverse::sandbox
