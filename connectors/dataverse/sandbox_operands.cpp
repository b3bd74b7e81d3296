// Values, literals and column paths of OData expressions.
#include <algorithm>
#include <cctype>
#include <charconv>

#include "connectors/dataverse/sandbox_filter.h"
#include "connectors/dataverse/sandbox_values.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

int compare_text(std::string_view a, std::string_view b) {
    const std::size_t shared = std::min(a.size(), b.size());
    for (std::size_t i = 0; i < shared; ++i) {
        const int x = std::tolower(static_cast<unsigned char>(a[i]));
        const int y = std::tolower(static_cast<unsigned char>(b[i]));
        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return a.size() == b.size() ? 0 : (a.size() < b.size() ? -1 : 1);
}

Operand constant(Kind kind, Value value) {
    return {kind, [value](const Scope&) { return value; }};
}

std::optional<double> read_double(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::string unquote(std::string_view quoted) {
    std::string out;
    for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
        out += quoted[i];
        if (quoted[i] == '\'') {
            ++i;  // a doubled quote stands for one
        }
    }
    return out;
}

tl::unexpected<ServiceError> no_property(const Table& table, std::string_view name) {
    return bad_uri(
        "Could not find a property named '" + std::string(name) +
        "' on type 'Microsoft.Dynamics.CRM." + table.name + "'."
    );
}

}  // namespace

int compare_values(const Value& a, const Value& b) {
    if (a.index() != b.index()) {
        return a.index() < b.index() ? -1 : 1;
    }
    if (const auto* text = std::get_if<std::string>(&a)) {
        return compare_text(*text, std::get<std::string>(b));
    }
    return a == b ? 0 : (a < b ? -1 : 1);
}

Kind column_kind(const Column& column) {
    switch (column.type) {
        case ColumnType::kKey:
        case ColumnType::kGuid:
        case ColumnType::kLookup:
            return Kind::kGuid;
        case ColumnType::kText:
        case ColumnType::kMemo:
            return Kind::kText;
        case ColumnType::kBoolean:
            return Kind::kBoolean;
        case ColumnType::kDate:
        case ColumnType::kDateTime:
            return Kind::kTime;
        case ColumnType::kInteger:
        case ColumnType::kBigInt:
        case ColumnType::kDecimal:
        case ColumnType::kDouble:
        case ColumnType::kMoney:
        case ColumnType::kChoice:
        case ColumnType::kState:
        case ColumnType::kStatus:
            break;
    }
    return Kind::kNumber;
}

Value column_value(const Row& row, const Column& column) {
    const Json* value = tideway::find(row, column.name);
    if (value == nullptr || value->is_null()) {
        return {};
    }
    switch (column_kind(column)) {
        case Kind::kBoolean:
            return value->get<bool>();
        case Kind::kNumber:
            return value->get<double>();
        case Kind::kTime: {
            const auto at = parse_utc(value->get<std::string>());
            return at ? Value(*at) : Value();
        }
        case Kind::kGuid:
        case Kind::kText:
        case Kind::kNull:
            break;
    }
    if (column.type == ColumnType::kLookup) {
        return reference_of(row, column.name).id;
    }
    return value->get<std::string>();
}

Outcome<Operand> parse_literal(std::string_view text) {
    if (text == "null") {
        return constant(Kind::kNull, {});
    }
    if (text == "true" || text == "false") {
        return constant(Kind::kBoolean, text == "true");
    }
    if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') {
        return constant(Kind::kText, unquote(text));
    }
    if (const auto guid = read_guid(text)) {
        return constant(Kind::kGuid, *guid);
    }
    if (const auto number = read_double(text)) {
        return constant(Kind::kNumber, *number);
    }
    if (const auto at = parse_utc(text)) {
        return constant(Kind::kTime, *at);
    }
    return bad_uri("The literal '" + std::string(text) + "' is not valid in a query expression.");
}

Outcome<Operand> parse_path(const Schema& schema, const Table& table, std::string_view path) {
    std::vector<Table::Navigation> steps;
    const Table* at = &table;
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/')) {
        const auto step = at->navigation(path.substr(0, slash));
        if (!step) {
            return no_property(*at, path.substr(0, slash));
        }
        steps.push_back(*step);
        at = schema.by_name(step->target->table);
        path = path.substr(slash + 1);
    }
    const Column* column = at == nullptr ? nullptr : at->by_property(path);
    if (column == nullptr || column->access == Access::kWriteOnly) {
        return no_property(at == nullptr ? table : *at, path);
    }
    return Operand{column_kind(*column), [steps, column](const Scope& scope) -> Value {
                       const Row* row = scope.row;
                       for (const Table::Navigation& step : steps) {
                           const Reference to = reference_of(*row, step.column->name);
                           row = to.table == step.target->table
                                     ? scope.database->find(to.table, to.id)
                                     : nullptr;
                           if (row == nullptr) {
                               return {};
                           }
                       }
                       return column_value(*row, *column);
                   }};
}

}  // namespace tideway::connectors::dataverse::sandbox
