// EntityDefinitions and $metadata: what clients read to learn set names, columns and choices.
#include <algorithm>
#include <cinttypes>

#include "connectors/dataverse/sandbox_web_api.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

Json label(const std::string& text) {
    const Json localized = {{"Label", text}, {"LanguageCode", 1033}};
    return {{"LocalizedLabels", Json::array({localized})}, {"UserLocalizedLabel", localized}};
}

std::string value_of(const http::QueryFields& query, std::string_view name) {
    for (const auto& [field, value] : query) {
        if (field == name) {
            return value;
        }
    }
    return {};
}

// "LogicalName='opportunity'" -> "opportunity"
std::string logical_name(const std::string& key) {
    const std::size_t open = key.find('\'');
    const std::size_t close = key.rfind('\'');
    return open == std::string::npos || close <= open ? "" : key.substr(open + 1, close - open - 1);
}

// Keeps the selected properties, MetadataId and @odata annotations.
Json selected(Json definition, const std::string& select) {
    if (select.empty()) {
        return definition;
    }
    Json out = Json::object();
    const std::string wanted = "," + select + ",";
    for (const auto& [name, value] : definition.items()) {
        if (name == "MetadataId" || name.starts_with("@") || name == "OptionSet" ||
            wanted.find("," + name + ",") != std::string::npos) {
            out[name] = value;
        }
    }
    return out;
}

std::string metadata_id(std::string_view of) {
    std::uint64_t hash = 14695981039346656037U;
    for (const char c : of) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
    char text[40];
    std::snprintf(
        text,
        sizeof text,
        "%08x-%04x-4000-8000-%012" PRIx64 "",
        static_cast<unsigned>(hash >> 32U),
        static_cast<unsigned>(hash & 0xFFFFU),
        hash & std::uint64_t{0xFFFFFFFFFFFF}
    );
    return text;
}

Json table_definition(const Table& table) {
    return {
        {"MetadataId", metadata_id(table.name)},
        {"LogicalName", table.name},
        {"SchemaName", table.name},
        {"EntitySetName", table.set},
        {"LogicalCollectionName", table.set},
        {"CollectionSchemaName", table.set},
        {"PrimaryIdAttribute", table.key},
        {"PrimaryNameAttribute", table.primary_name},
        {"ObjectTypeCode", table.type_code},
        {"ChangeTrackingEnabled", table.change_tracking},
        {"OwnershipType", table.owned ? "UserOwned" : "OrganizationOwned"},
        {"Privileges", privileges_of(table)},
        {"DisplayName", label(table.label)}};
}

const char* required_level(const Column& column) {
    switch (column.required) {
        case Required::kNo:
            return "None";
        case Required::kApplication:
            return "ApplicationRequired";
        case Required::kSystem:
            return "SystemRequired";
    }
    return "None";
}

Json option_set(const Column& column) {
    Json options = Json::array();
    for (const Choice& choice : column.choices) {
        Json option = {{"Value", choice.value}, {"Label", label(choice.label)}};
        if (choice.state >= 0) {
            option["State"] = choice.state;
        }
        options.push_back(std::move(option));
    }
    if (column.type == ColumnType::kBoolean) {
        return {{"FalseOption", options[0]}, {"TrueOption", options[1]}};
    }
    return {{"Name", column.name}, {"IsGlobal", false}, {"Options", options}};
}

Json column_definition(const Table& table, const Column& column) {
    const std::string type(attribute_type(column.type));
    Json out = {
        {"@odata.type",
         "#Microsoft.Dynamics.CRM." +
             (type == "Uniqueidentifier" ? std::string("UniqueIdentifier") : type) +
             "AttributeMetadata"},
        {"MetadataId", metadata_id(table.name + "." + column.name)},
        {"EntityLogicalName", table.name},
        {"LogicalName", column.name},
        {"SchemaName", column.name},
        {"AttributeType", type},
        {"IsPrimaryId", column.type == ColumnType::kKey},
        {"IsPrimaryName", column.name == table.primary_name},
        {"IsCustomAttribute", column.name.starts_with("msft_")},
        {"IsValidForCreate", column.access != Access::kRead},
        {"IsValidForUpdate", column.access != Access::kRead && column.type != ColumnType::kKey},
        {"IsValidForRead", column.access != Access::kWriteOnly},
        {"RequiredLevel", {{"Value", required_level(column)}}},
        {"DisplayName", label(column.label)}};
    if (column.max_length > 0) {
        out["MaxLength"] = column.max_length;
    }
    if (column.type == ColumnType::kDate || column.type == ColumnType::kDateTime) {
        out["Format"] = column.type == ColumnType::kDate ? "DateOnly" : "DateAndTime";
    }
    if (!column.targets.empty()) {
        out["Targets"] = Json::array();
        for (const LookupTarget& target : column.targets) {
            out["Targets"].push_back(target.table);
        }
    }
    if (!column.choices.empty()) {
        out["OptionSet"] = option_set(column);
    }
    return out;
}

Json key_definition(const Table& table, const AlternateKey& key) {
    return {
        {"MetadataId", metadata_id(table.name + "/" + key.name)},
        {"LogicalName", key.name},
        {"EntityLogicalName", table.name},
        {"KeyAttributes", key.columns},
        {"EntityKeyIndexStatus", "Active"},
        {"DisplayName", label(key.label)}};
}

// ".../Microsoft.Dynamics.CRM.StatusAttributeMetadata" keeps the columns of that type.
bool of_type(const Json& definition, const std::string& cast) {
    return cast.empty() || string_or(definition, "@odata.type") == "#" + cast;
}

Outcome<Json> describe_columns(
    const Table& table,
    const std::string& root,
    const std::vector<Segment>& path,
    const http::QueryFields& query
) {
    const std::string cast = path.size() > 2 ? path[2].name : "";
    const std::string select = value_of(query, "$select");
    const std::string context =
        root + "/$metadata#EntityDefinitions('" + table.name + "')/Attributes";
    Json all = Json::array();
    for (const Column& column : table.columns) {
        Json definition = column_definition(table, column);
        if (!of_type(definition, cast)) {
            continue;
        }
        if (path[1].key && logical_name(*path[1].key) == column.name) {
            definition["@odata.context"] = context + "/$entity";
            return selected(std::move(definition), select);
        }
        all.push_back(selected(std::move(definition), select));
    }
    if (path[1].key) {
        return refuse(
            404,
            codes::kRowNotFound,
            "Could not find an attribute with " + *path[1].key + " on entity '" + table.name + "'."
        );
    }
    return Json{{"@odata.context", context}, {"value", all}};
}

Outcome<Json> describe_keys(
    const Table& table, const std::string& root, const std::vector<Segment>& path
) {
    Json keys = Json::array();
    for (const AlternateKey& key : table.keys) {
        if (path[1].key && logical_name(*path[1].key) == key.name) {
            return key_definition(table, key);
        }
        keys.push_back(key_definition(table, key));
    }
    if (path[1].key) {
        return refuse(
            404,
            codes::kRowNotFound,
            "Could not find an entity key with " + *path[1].key + " on entity '" + table.name + "'."
        );
    }
    return Json{
        {"@odata.context", root + "/$metadata#EntityDefinitions('" + table.name + "')/Keys"},
        {"value", keys}};
}

Outcome<Json> describe_one(
    const Table& table,
    const std::string& root,
    const std::vector<Segment>& path,
    const http::QueryFields& query
) {
    if (path.size() == 1) {
        Json out = selected(table_definition(table), value_of(query, "$select"));
        out["@odata.context"] = root + "/$metadata#EntityDefinitions/$entity";
        if (value_of(query, "$expand").starts_with("Attributes")) {
            out["Attributes"] = Json::array();
            for (const Column& column : table.columns) {
                out["Attributes"].push_back(column_definition(table, column));
            }
        }
        return out;
    }
    if (path[1].name == "Attributes") {
        return describe_columns(table, root, path, query);
    }
    if (path[1].name == "Keys") {
        return describe_keys(table, root, path);
    }
    return refuse(
        404, codes::kResourceNotFound, "Resource not found for the segment '" + path[1].name + "'."
    );
}

std::string property_xml(const Column& column) {
    return "        <Property Name=\"" + column.property() + "\" Type=\"" +
           std::string(edm_type(column.type)) + "\"" +
           (column.type == ColumnType::kKey ? " Nullable=\"false\"" : "") + " />\n";
}

std::string navigation_xml(const Table& table) {
    std::string out;
    for (const Column& column : table.columns) {
        for (const LookupTarget& target : column.targets) {
            out += "        <NavigationProperty Name=\"" + target.navigation + "\" Type=\"mscrm." +
                   target.table + "\" Nullable=\"true\" />\n";
        }
    }
    for (const Collection& collection : table.collections) {
        out += "        <NavigationProperty Name=\"" + collection.name +
               "\" Type=\"Collection(mscrm." + collection.table + ")\" />\n";
    }
    return out;
}

}  // namespace

Outcome<Json> describe_tables(
    const Schema& schema,
    const std::string& root,
    const std::vector<Segment>& path,
    const http::QueryFields& query
) {
    if (path.front().key) {
        const std::string wanted = logical_name(*path.front().key);
        const Table* table = schema.by_name(wanted);
        if (table == nullptr) {
            return refuse(
                404, codes::kRowNotFound, "Could not find an entity with name " + wanted + "."
            );
        }
        return describe_one(*table, root, path, query);
    }
    // Only the filter that clients use: LogicalName eq 'x', any number of them joined with or.
    const std::string filter = value_of(query, "$filter");
    Json all = Json::array();
    for (const Table& table : schema.tables()) {
        if (filter.empty() || filter.find("'" + table.name + "'") != std::string::npos) {
            all.push_back(selected(table_definition(table), value_of(query, "$select")));
        }
    }
    return Json{{"@odata.context", root + "/$metadata#EntityDefinitions"}, {"value", all}};
}

std::string metadata_document(const Schema& schema) {
    std::string types;
    std::string sets;
    for (const Table& table : schema.tables()) {
        types += "      <EntityType Name=\"" + table.name +
                 "\">\n        <Key><PropertyRef Name=\"" + table.key + "\" /></Key>\n";
        for (const Column& column : table.columns) {
            if (column.access != Access::kWriteOnly) {
                types += property_xml(column);
            }
        }
        types += navigation_xml(table) + "      </EntityType>\n";
        sets += "        <EntitySet Name=\"" + table.set + "\" EntityType=\"mscrm." + table.name +
                "\" />\n";
    }
    return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
           "<edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\n"
           "  <edmx:DataServices>\n"
           "    <Schema Namespace=\"Microsoft.Dynamics.CRM\" Alias=\"mscrm\""
           " xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">\n" +
           types + "      <EntityContainer Name=\"System\">\n" + sets +
           "      </EntityContainer>\n    </Schema>\n  </edmx:DataServices>\n</edmx:Edmx>\n";
}

}  // namespace tideway::connectors::dataverse::sandbox
