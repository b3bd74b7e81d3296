#include "connectors/dataverse/sandbox_definitions.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "connectors/dataverse/sandbox_columns.h"
#include "connectors/dataverse/tables.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

constexpr std::array<std::string_view, 6> kCustomizing{
    "prvCreateAttribute",
    "prvCreateEntity",
    "prvCreateEntityKey",
    "prvCreateRelationship",
    "prvWriteCustomization",
    "prvPublishCustomization"};

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

// The text of a Microsoft.Dynamics.CRM.Label.
std::string text_of(const Json& holder, const char* name) {
    const Json* label = find(holder, name);
    const Json* all = label == nullptr ? nullptr : find(*label, "LocalizedLabels");
    return all == nullptr || all->empty() ? std::string() : string_or(all->front(), "Label");
}

std::vector<Choice> choices_of(const Json& body) {
    std::vector<Choice> out;
    const Json* set = find(body, "OptionSet");
    const Json* options = set == nullptr ? nullptr : find(*set, "Options");
    for (const Json& option : options == nullptr ? Json::array() : *options) {
        out.push_back({static_cast<int>(int_or(option, "Value", 0)), text_of(option, "Label")});
    }
    return out;
}

std::optional<ColumnType> type_of(const Json& body) {
    static constexpr std::array<std::pair<std::string_view, ColumnType>, 8> kTypes{{
        {"String", ColumnType::kText},
        {"Memo", ColumnType::kMemo},
        {"Integer", ColumnType::kInteger},
        {"Decimal", ColumnType::kDecimal},
        {"Money", ColumnType::kMoney},
        {"Boolean", ColumnType::kBoolean},
        {"Picklist", ColumnType::kChoice},
        {"DateTime", ColumnType::kDateTime},
    }};
    const std::string named = string_or(body, "@odata.type");
    for (const auto& [name, type] : kTypes) {
        if (named == "Microsoft.Dynamics.CRM." + std::string(name) + "AttributeMetadata") {
            const bool is_day =
                type == ColumnType::kDateTime && string_or(body, "Format") == "DateOnly";
            return is_day ? ColumnType::kDate : type;
        }
    }
    return std::nullopt;
}

// Customizers put their own prefix before a name.
bool has_prefix(const std::string& name) {
    const std::size_t underscore = name.find('_');
    return underscore != std::string::npos && underscore >= 2 && underscore + 1 < name.size();
}

Column column_of(const Json& body, ColumnType type) {
    Column out = column(lower(string_or(body, "SchemaName")), text_of(body, "DisplayName"), type);
    out.max_length = static_cast<std::size_t>(int_or(body, "MaxLength", 0));
    if (type == ColumnType::kBoolean) {
        return boolean(out.name, out.label, bool_or(body, "DefaultValue", false));
    }
    if (type == ColumnType::kChoice) {
        out.choices = choices_of(body);
    }
    return out;
}

Outcome<void> no_prefix(const std::string& name) {
    return refuse(
        400,
        codes::kInvalidName,
        "The schema name '" + name + "' needs the customization prefix of a publisher."
    );
}

Outcome<void> already_there(const std::string& column, const std::string& table) {
    return refuse(
        400,
        codes::kDuplicateColumn,
        "An attribute with the specified name " + column + " already exists for entity with name " +
            table + "."
    );
}

bool is_of_solution(const std::string& name) {
    return name.starts_with("msft_");
}

const char* privilege_for(const std::string& collection) {
    static constexpr std::array<std::pair<std::string_view, const char*>, 3> kPrivileges{{
        {"Keys", "prvCreateEntityKey"},
        {"EntityDefinitions", "prvCreateEntity"},
        {"RelationshipDefinitions", "prvCreateRelationship"},
    }};
    for (const auto& [each, privilege] : kPrivileges) {
        if (each == collection) {
            return privilege;
        }
    }
    return "prvCreateAttribute";
}

constexpr int kFirstCustomTypeCode = 10'001;

// Users own its rows, which can be switched off, as those of every custom table.
Table table_of(const Json& body, const Json& name, std::size_t number) {
    const std::string table = lower(string_or(body, "SchemaName"));
    Table out = begin_table(
        table,
        entity_set(table),
        text_of(body, "DisplayName"),
        kFirstCustomTypeCode + static_cast<int>(number)
    );
    out.privileged_as = string_or(body, "SchemaName");
    out.owned = true;
    out.change_tracking = true;
    out.primary_name = lower(string_or(name, "SchemaName"));
    append(
        out, {column_of(name, ColumnType::kText), state(active_states()), status(active_reasons())}
    );
    append_system_columns(out);
    return out;
}

}  // namespace

bool is_customizing(std::string_view privilege) {
    return std::ranges::find(kCustomizing, privilege) != kCustomizing.end();
}

Outcome<void> Definitions::check(const Caller& by, const char* privilege) const {
    if (callers_.may_customize(by, privilege)) {
        return {};
    }
    return refuse(
        403,
        codes::kMissingPrivilege,
        "Principal user (Id=" + by.user_id + ", type=8) is missing " + privilege + " privilege."
    );
}

Outcome<void> Definitions::create(
    const std::string& table, const std::string& collection, const Json& body, const Caller& by
) {
    TIDEWAY_DV_TRY(check(by, privilege_for(collection)));
    Made made{table, collection, body};
    TIDEWAY_DV_TRY(add(made));
    made_.push_back(std::move(made));
    is_changed_ = true;
    return {};
}

bool Definitions::take_change() {
    return std::exchange(is_changed_, false);
}

Outcome<void> Definitions::publish(const Caller& by) const {
    return check(by, "prvPublishCustomization");
}

Outcome<void> Definitions::add(const Made& made) {
    if (made.collection == "EntityDefinitions") {
        return add_table(made);
    }
    if (made.collection == "RelationshipDefinitions") {
        return add_lookup(made);
    }
    return made.collection == "Keys" ? add_key(made) : add_column(made);
}

Outcome<void> Definitions::add_table(const Made& made) {
    const std::string name = lower(string_or(made.body, "SchemaName"));
    const Json* columns = find(made.body, "Attributes");
    const bool is_named = columns != nullptr && columns->is_array() && columns->size() == 1 &&
                          bool_or(columns->front(), "IsPrimaryName", false);
    if (!is_named || text_of(made.body, "DisplayName").empty() ||
        text_of(made.body, "DisplayCollectionName").empty()) {
        return bad_payload("A table needs its labels and the attribute that is its primary name.");
    }
    for (const std::string& each : {name, lower(string_or(columns->front(), "SchemaName"))}) {
        if (!has_prefix(each)) {
            return no_prefix(each);
        }
    }
    if (schema_.by_name(name) != nullptr) {
        return refuse(
            400,
            codes::kDuplicateTable,
            "An entity with the specified name " + name + " already exists."
        );
    }
    schema_.add_table(table_of(made.body, columns->front(), made_.size()));
    return {};
}

Outcome<void> Definitions::add_lookup(const Made& made) {
    const std::string child = string_or(made.body, "ReferencingEntity");
    const std::string parent = string_or(made.body, "ReferencedEntity");
    for (const std::string& each : {child, parent}) {
        if (schema_.by_name(each) == nullptr) {
            return refuse(
                404, codes::kRowNotFound, "Could not find an entity with name " + each + "."
            );
        }
    }
    const Json body = made.body.value("Lookup", Json::object());
    const std::string schema_name = string_or(body, "SchemaName");
    const std::string name = lower(schema_name);
    const std::string relationship = string_or(made.body, "SchemaName");
    for (const std::string& each : {name, relationship}) {
        if (!has_prefix(each)) {
            return no_prefix(each);
        }
    }
    if (schema_.by_name(child)->column(name) != nullptr) {
        return already_there(name, child);
    }
    // The property is named as the column's schema, letter by letter.
    schema_.add_column(
        child, lookup(name, text_of(body, "DisplayName"), {{parent, schema_name, relationship}})
    );
    return {};
}

Outcome<void> Definitions::add_column(const Made& made) {
    const auto type = type_of(made.body);
    const std::string name = lower(string_or(made.body, "SchemaName"));
    if (!type || text_of(made.body, "DisplayName").empty()) {
        return bad_payload("A column needs a known @odata.type and a DisplayName.");
    }
    if (!has_prefix(name)) {
        return no_prefix(name);
    }
    const bool is_text = *type == ColumnType::kText || *type == ColumnType::kMemo;
    if (is_text && int_or(made.body, "MaxLength", 0) < 1) {
        return bad_payload("MaxLength is missing.");
    }
    if (schema_.by_name(made.table)->column(name) != nullptr) {
        return already_there(name, made.table);
    }
    schema_.add_column(made.table, column_of(made.body, *type));
    return {};
}

Outcome<void> Definitions::add_key(const Made& made) {
    const Table& table = *schema_.by_name(made.table);
    const std::string name = lower(string_or(made.body, "SchemaName"));
    AlternateKey key{name, text_of(made.body, "DisplayName"), {}};
    for (const Json& column : made.body.value("KeyAttributes", Json::array())) {
        key.columns.push_back(column.get<std::string>());
        if (table.column(key.columns.back()) == nullptr) {
            return refuse(
                400,
                codes::kInvalidArgument,
                "The key attribute '" + key.columns.back() + "' is not an attribute of " +
                    made.table + "."
            );
        }
    }
    const bool is_taken = std::ranges::any_of(table.keys, [&](const AlternateKey& each) {
        return each.name == name || each.columns == key.columns;
    });
    if (is_taken || key.columns.empty()) {
        return refuse(
            400,
            codes::kInvalidArgument,
            "The key " + name +
                " has no attributes, or a key with this name or these attributes "
                "already exists on " +
                made.table + "."
        );
    }
    schema_.add_key(made.table, std::move(key));
    return {};
}

void Definitions::set_solution(bool is_installed) {
    made_.clear();
    schema_ = sales_schema();
    has_solution_ = is_installed;
    if (!is_installed) {
        schema_.remove(is_of_solution);
    }
}

void Definitions::clear() {
    set_solution(true);
}

Json Definitions::save() const {
    Json made = Json::array();
    for (const Made& each : made_) {
        made.push_back({{"table", each.table}, {"collection", each.collection}, {"body", each.body}}
        );
    }
    return {{"solution", has_solution_}, {"made", made}};
}

void Definitions::load(const Json& saved) {
    set_solution(bool_or(saved, "solution", true));
    for (const Json& each : saved.value("made", Json::array())) {
        Made made{
            string_or(each, "table"),
            string_or(each, "collection"),
            each.value("body", Json::object())};
        const bool has_table = made.table.empty() || schema_.by_name(made.table) != nullptr;
        if (has_table && add(made)) {
            made_.push_back(std::move(made));
        }
    }
}

}  // namespace tideway::connectors::dataverse::sandbox
