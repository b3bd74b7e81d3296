#include "connectors/dataverse/sandbox_schema.h"

#include <algorithm>

namespace tideway::connectors::dataverse::sandbox {
namespace {

template <typename List, typename Matches>
auto first_of(const List& list, Matches matches) -> const typename List::value_type* {
    const auto found = std::find_if(list.begin(), list.end(), matches);
    return found == list.end() ? nullptr : &*found;
}

}  // namespace

std::string Column::property() const {
    return type == ColumnType::kLookup ? "_" + name + "_value" : name;
}

const LookupTarget* Column::target(std::string_view table) const {
    return first_of(targets, [table](const LookupTarget& t) { return t.table == table; });
}

const Column* Table::column(std::string_view column_name) const {
    return first_of(columns, [column_name](const Column& c) { return c.name == column_name; });
}

const Column* Table::by_property(std::string_view property) const {
    return first_of(columns, [property](const Column& c) { return c.property() == property; });
}

std::optional<Table::Navigation> Table::navigation(std::string_view property) const {
    for (const Column& column : columns) {
        for (const LookupTarget& target : column.targets) {
            if (target.navigation == property) {
                return Navigation{&column, &target};
            }
        }
    }
    return std::nullopt;
}

const Collection* Table::collection(std::string_view property) const {
    return first_of(collections, [property](const Collection& c) { return c.name == property; });
}

Schema::Schema(std::vector<Table> tables)
    : tables_(std::move(tables)) {
    for (const Table& child : tables_) {
        for (const Column& column : child.columns) {
            link(child.name, column);
        }
    }
}

// Puts the rows of `child` into a collection of each table that the column points to.
void Schema::link(std::string_view child, const Column& column) {
    for (const LookupTarget& target : column.targets) {
        const auto parent = std::ranges::find(tables_, target.table, &Table::name);
        if (!target.collection.empty() && parent != tables_.end()) {
            parent->collections.push_back({target.collection, std::string(child), column.name});
        }
    }
}

const Table* Schema::by_set(std::string_view set) const {
    return first_of(tables_, [set](const Table& t) { return t.set == set; });
}

const Table* Schema::by_name(std::string_view name) const {
    return first_of(tables_, [name](const Table& t) { return t.name == name; });
}

Table& Schema::named(std::string_view table) {
    return *std::ranges::find(tables_, table, &Table::name);
}

void Schema::add_table(Table table) {
    tables_.push_back(std::move(table));
    for (const Column& column : tables_.back().columns) {
        link(tables_.back().name, column);
    }
}

void Schema::add_column(std::string_view table, Column column) {
    link(table, column);
    named(table).columns.push_back(std::move(column));
}

void Schema::add_key(std::string_view table, AlternateKey key) {
    named(table).keys.push_back(std::move(key));
}

void Schema::remove(bool (*is_wanted)(const std::string& name)) {
    std::erase_if(tables_, [&](const Table& each) { return is_wanted(each.name); });
    for (Table& table : tables_) {
        std::erase_if(table.collections, [&](const Collection& each) {
            return is_wanted(each.table);
        });
        std::erase_if(table.columns, [&](const Column& each) { return is_wanted(each.name); });
        std::erase_if(table.keys, [&](const AlternateKey& each) {
            return std::ranges::any_of(each.columns, is_wanted);
        });
    }
}

std::string_view edm_type(ColumnType type) {
    switch (type) {
        case ColumnType::kKey:
        case ColumnType::kGuid:
        case ColumnType::kLookup:
            return "Edm.Guid";
        case ColumnType::kText:
        case ColumnType::kMemo:
            return "Edm.String";
        case ColumnType::kInteger:
        case ColumnType::kChoice:
        case ColumnType::kState:
        case ColumnType::kStatus:
            return "Edm.Int32";
        case ColumnType::kBigInt:
            return "Edm.Int64";
        case ColumnType::kDecimal:
        case ColumnType::kMoney:
            return "Edm.Decimal";
        case ColumnType::kDouble:
            return "Edm.Double";
        case ColumnType::kBoolean:
            return "Edm.Boolean";
        case ColumnType::kDate:
            return "Edm.Date";
        case ColumnType::kDateTime:
            return "Edm.DateTimeOffset";
    }
    return "Edm.String";
}

std::string_view attribute_type(ColumnType type) {
    switch (type) {
        case ColumnType::kKey:
        case ColumnType::kGuid:
            return "Uniqueidentifier";
        case ColumnType::kLookup:
            return "Lookup";
        case ColumnType::kText:
            return "String";
        case ColumnType::kMemo:
            return "Memo";
        case ColumnType::kInteger:
            return "Integer";
        case ColumnType::kChoice:
            return "Picklist";
        case ColumnType::kState:
            return "State";
        case ColumnType::kStatus:
            return "Status";
        case ColumnType::kBigInt:
            return "BigInt";
        case ColumnType::kDecimal:
            return "Decimal";
        case ColumnType::kMoney:
            return "Money";
        case ColumnType::kDouble:
            return "Double";
        case ColumnType::kBoolean:
            return "Boolean";
        case ColumnType::kDate:
        case ColumnType::kDateTime:
            return "DateTime";
    }
    return "String";
}

}  // namespace tideway::connectors::dataverse::sandbox
