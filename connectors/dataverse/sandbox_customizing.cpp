// Requests that change definitions: EntityDefinitions, EntityDefinitions(...)/Attributes and /Keys,
// RelationshipDefinitions, PublishXml.
#include "connectors/dataverse/sandbox_web_api.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

// "LogicalName='opportunity'" -> "opportunity"
std::string logical_name(const std::string& key) {
    const std::size_t open = key.find('\'');
    const std::size_t close = key.rfind('\'');
    return open == std::string::npos || close <= open ? "" : key.substr(open + 1, close - open - 1);
}

}  // namespace

WebApi::Answer WebApi::on_definitions(const Call& call) {
    if (call.request.method != "GET") {
        return define(call);
    }
    auto body = describe_tables(database_.schema(), call.request.root, call.path, call.query);
    return body ? Answer(odata_response(200, *body, call.preferences))
                : tl::unexpected<ServiceError>(body.error());
}

// POST EntityDefinitions, or RelationshipDefinitions.
WebApi::Answer WebApi::define_whole(const Call& call) {
    const auto body = body_of(call);
    if (!body) {
        return tl::unexpected<ServiceError>(body.error());
    }
    const std::string& collection = call.path.front().name;
    TIDEWAY_DV_TRY(definitions_.create("", collection, *body, call.request.caller));
    http::Response out = odata_response(204, {}, Preferences());
    out.headers.add(
        "OData-EntityId",
        call.request.root + "/" + collection + "(SchemaName='" + string_or(*body, "SchemaName") +
            "')"
    );
    return out;
}

WebApi::Answer WebApi::define(const Call& call) {
    if (call.request.method == "POST" && call.path.size() == 1 && !call.path.front().key) {
        return define_whole(call);
    }
    const bool has_table = call.path.size() == 2 && call.path.front().key.has_value();
    const std::string collection = has_table ? call.path[1].name : std::string();
    if (call.request.method != "POST" || (collection != "Attributes" && collection != "Keys")) {
        return refuse(
            405,
            codes::kUnsupported,
            "The requested resource does not support http method '" + call.request.method + "'."
        );
    }
    const std::string table = logical_name(*call.path.front().key);
    if (database_.schema().by_name(table) == nullptr) {
        return refuse(
            404, codes::kRowNotFound, "Could not find an entity with name " + table + "."
        );
    }
    const auto body = body_of(call);
    if (!body) {
        return tl::unexpected<ServiceError>(body.error());
    }
    TIDEWAY_DV_TRY(definitions_.create(table, collection, *body, call.request.caller));
    http::Response out = odata_response(204, {}, Preferences());
    out.headers.add(
        "OData-EntityId",
        call.request.root + "/EntityDefinitions(LogicalName='" + table + "')/" + collection +
            "(LogicalName='" + string_or(*body, "SchemaName") + "')"
    );
    return out;
}

WebApi::Answer WebApi::publish(const Call& call) {
    const auto body = body_of(call);
    if (!body || string_or(*body, "ParameterXml").empty()) {
        return bad_payload("The parameter 'ParameterXml' is missing.");
    }
    TIDEWAY_DV_TRY(definitions_.publish(call.request.caller));
    return odata_response(204, {}, Preferences());
}

}  // namespace tideway::connectors::dataverse::sandbox
