#include "connectors/dataverse/sandbox_definitions.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "connectors/dataverse/sandbox_columns.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

constexpr std::array<std::string_view, 5> kCustomizing{
    "prvCreateAttribute",
    "prvCreateEntity",
    "prvCreateEntityKey",
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

bool is_of_solution(const std::string& name) {
    return name.starts_with("msft_");
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
    TIDEWAY_DV_TRY(check(by, collection == "Keys" ? "prvCreateEntityKey" : "prvCreateAttribute"));
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
    return made.collection == "Keys" ? add_key(made) : add_column(made);
}

Outcome<void> Definitions::add_column(const Made& made) {
    const auto type = type_of(made.body);
    const std::string name = lower(string_or(made.body, "SchemaName"));
    if (!type || text_of(made.body, "DisplayName").empty()) {
        return bad_payload("A column needs a known @odata.type and a DisplayName.");
    }
    if (!has_prefix(name)) {
        return refuse(
            400,
            codes::kInvalidName,
            "The schema name '" + name + "' needs the customization prefix of a publisher."
        );
    }
    const bool is_text = *type == ColumnType::kText || *type == ColumnType::kMemo;
    if (is_text && int_or(made.body, "MaxLength", 0) < 1) {
        return bad_payload("MaxLength is missing.");
    }
    if (schema_.by_name(made.table)->column(name) != nullptr) {
        return refuse(
            400,
            codes::kDuplicateColumn,
            "An attribute with the specified name " + name +
                " already exists for entity with name " + made.table + "."
        );
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
        schema_.remove_columns(is_of_solution);
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
        if (schema_.by_name(made.table) != nullptr && add(made)) {
            made_.push_back(std::move(made));
        }
    }
}

}  // namespace tideway::connectors::dataverse::sandbox
