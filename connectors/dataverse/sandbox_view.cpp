#include "connectors/dataverse/sandbox_view.h"

#include <algorithm>

#include "connectors/dataverse/sandbox_values.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

bool matches(std::string_view pattern, std::string_view name) {
    if (pattern.ends_with('*')) {
        return name.starts_with(pattern.substr(0, pattern.size() - 1));
    }
    return pattern == name;
}

bool selected(const Query& query, const Column& column) {
    return std::find(query.select.begin(), query.select.end(), &column) != query.select.end();
}

bool selects_money(const Query& query) {
    return std::any_of(query.select.begin(), query.select.end(), [](const Column* column) {
        return column->type == ColumnType::kMoney;
    });
}

// A selected money value is accompanied by its currency, as the service does it.
bool shown(const Query& query, const Column& column) {
    if (column.access == Access::kWriteOnly) {
        return false;
    }
    return !query.selects || column.type == ColumnType::kKey || selected(query, column) ||
           (column.name == "transactioncurrencyid" && selects_money(query));
}

}  // namespace

Annotations::Annotations(std::string_view wanted) {
    std::size_t start = 0;
    while (start <= wanted.size() && !wanted.empty()) {
        const std::size_t comma = std::min(wanted.find(',', start), wanted.size());
        if (comma > start) {
            patterns_.emplace_back(wanted.substr(start, comma - start));
        }
        start = comma + 1;
    }
}

bool Annotations::wants(std::string_view name) const {
    bool wanted = false;
    for (const std::string& pattern : patterns_) {
        if (pattern.starts_with('-') && matches(std::string_view(pattern).substr(1), name)) {
            return false;
        }
        wanted = wanted || matches(pattern, name);
    }
    return wanted;
}

std::string etag_of(const Row& row) {
    return "W/\"" + std::to_string(int_or(row, "versionnumber", 0)) + "\"";
}

Json View::row(const Query& query, const Row& row) const {
    Json out = {{"@odata.etag", etag_of(row)}};
    for (const Column& column : query.table->columns) {
        if (shown(query, column)) {
            add_column(out, *query.table, column, row);
        }
    }
    for (const Expand& expand : query.expand) {
        add_expanded(out, expand, *query.table, row);
    }
    return out;
}

void View::add_column(Json& out, const Table& table, const Column& column, const Row& row) const {
    const std::string property = column.property();
    const Json* stored = tideway::find(row, column.name);
    const bool empty = stored == nullptr || stored->is_null();
    const Reference to = reference_of(row, column.name);
    if (column.type == ColumnType::kLookup) {
        out[property] = to.id.empty() ? Json() : Json(to.id);
    } else {
        out[property] = empty ? Json() : *stored;
    }
    if (empty || !annotations.any()) {
        return;
    }
    if (annotations.wants(kFormattedValue)) {
        if (const auto text = formatted_value(database, table, column, row)) {
            out[property + "@" + std::string(kFormattedValue)] = *text;
        }
    }
    if (column.type != ColumnType::kLookup) {
        return;
    }
    if (annotations.wants("Microsoft.Dynamics.CRM.lookuplogicalname")) {
        out[property + "@Microsoft.Dynamics.CRM.lookuplogicalname"] = to.table;
    }
    const LookupTarget* target = column.target(to.table);
    if (target != nullptr &&
        annotations.wants("Microsoft.Dynamics.CRM.associatednavigationproperty")) {
        out[property + "@Microsoft.Dynamics.CRM.associatednavigationproperty"] = target->navigation;
    }
}

void View::add_expanded(Json& out, const Expand& expand, const Table& table, const Row& row) const {
    if (expand.collection == nullptr) {
        const Reference to = reference_of(row, expand.navigation.column->name);
        const Row* target =
            to.table == expand.navigation.target->table ? database.find(to.table, to.id) : nullptr;
        out[expand.name] = target == nullptr ? Json() : this->row(*expand.query, *target);
        return;
    }
    const std::string id = string_or(row, table.key);
    Json rows = Json::array();
    for (const Row* child : run_query(database, *expand.query, nullptr)) {
        const Reference to = reference_of(*child, expand.collection->column);
        const bool full = expand.query->top && rows.size() >= *expand.query->top;
        if (!full && to.table == table.name && to.id == id) {
            rows.push_back(this->row(*expand.query, *child));
        }
    }
    out[expand.name] = std::move(rows);
    out[expand.name + "@odata.nextLink"] =
        root + "/" + table.set + "(" + id + ")/" + expand.name +
        (expand.query->select_text.empty() ? "" : "?$select=" + expand.query->select_text);
}

std::string View::context(const Query& query) const {
    return root + "/$metadata#" + query.table->set +
           (query.selects ? "(" + query.select_text + ")" : "");
}

}  // namespace tideway::connectors::dataverse::sandbox
