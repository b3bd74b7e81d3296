#include "connectors/dataverse/sandbox_database.h"

#include <algorithm>
#include <cctype>

namespace tideway::connectors::dataverse::sandbox {
namespace {

std::string folded(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

std::string key_text(const Table& table, const AlternateKey& key, const std::vector<Json>& values) {
    std::string out = table.name + '\n' + key.name;
    for (const Json& value : values) {
        out += '\n' + (value.is_string() ? folded(value.get<std::string>()) : dump(value));
    }
    return out;
}

// The key's values in a row; empty when one of them is null, which then is not unique.
std::vector<Json> key_values(const AlternateKey& key, const Row& row) {
    std::vector<Json> out;
    for (const std::string& name : key.columns) {
        const Json* value = tideway::find(row, name);
        if (value == nullptr || value->is_null()) {
            return {};
        }
        out.push_back(*value);
    }
    return out;
}

}  // namespace

Reference reference_of(const Row& row, std::string_view column) {
    const Json* value = tideway::find(row, column);
    if (value == nullptr || !value->is_object()) {
        return {};
    }
    return {string_or(*value, "table"), string_or(*value, "id")};
}

Json make_reference(std::string_view table, std::string_view id) {
    return {{"table", std::string(table)}, {"id", std::string(id)}};
}

const Row* Database::find(std::string_view table, std::string_view id) const {
    const auto rows = rows_.find(table);
    if (rows == rows_.end()) {
        return nullptr;
    }
    const auto row = rows->second.find(std::string(id));
    return row == rows->second.end() ? nullptr : &row->second;
}

const std::map<std::string, Row>& Database::rows(std::string_view table) const {
    static const std::map<std::string, Row> kNone;
    const auto rows = rows_.find(table);
    return rows == rows_.end() ? kNone : rows->second;
}

const Row* Database::by_key(
    const Table& table, const AlternateKey& key, const std::vector<Json>& values
) const {
    const auto id = keys_.find(key_text(table, key, values));
    return id == keys_.end() ? nullptr : find(table.name, id->second);
}

Outcome<void> Database::check_keys(const Table& table, const Row& row, std::string_view id) const {
    for (const AlternateKey& key : table.keys) {
        const std::vector<Json> values = key_values(key, row);
        if (values.empty()) {
            continue;
        }
        const auto other = keys_.find(key_text(table, key, values));
        if (other != keys_.end() && other->second != id) {
            return refuse(
                412,
                codes::kDuplicateKey,
                "A record that has the attribute values " + key.label +
                    " already exists. The entity key " + key.label +
                    " requires that this set of attributes contains unique values."
            );
        }
    }
    return {};
}

void Database::index(const Table& table, const Row& row) {
    for (const AlternateKey& key : table.keys) {
        const std::vector<Json> values = key_values(key, row);
        if (!values.empty()) {
            keys_[key_text(table, key, values)] = string_or(row, table.key);
        }
    }
}

void Database::unindex(const Table& table, const Row& row) {
    for (const AlternateKey& key : table.keys) {
        const std::vector<Json> values = key_values(key, row);
        if (!values.empty()) {
            keys_.erase(key_text(table, key, values));
        }
    }
}

void Database::remember(const Table& table, const std::string& id) {
    const Row* before = find(table.name, id);
    undo_.push_back({&table, id, before == nullptr ? std::nullopt : std::optional<Row>(*before)});
}

Outcome<void> Database::insert(const Table& table, Row row) {
    const std::string id = string_or(row, table.key);
    if (find(table.name, id) != nullptr) {
        return refuse(
            412,
            codes::kDuplicateKey,
            "A record with matching key values already exists: " + table.name + " with Id = " + id +
                "."
        );
    }
    TIDEWAY_DV_TRY(check_keys(table, row, id));
    remember(table, id);
    row["versionnumber"] = ++version_;
    index(table, row);
    rows_[table.name][id] = std::move(row);
    return {};
}

Outcome<void> Database::replace(const Table& table, Row row) {
    const std::string id = string_or(row, table.key);
    TIDEWAY_DV_TRY(check_keys(table, row, id));
    remember(table, id);
    row["versionnumber"] = ++version_;
    Row& stored = rows_[table.name][id];
    unindex(table, stored);
    index(table, row);
    stored = std::move(row);
    return {};
}

void Database::erase(const Table& table, const std::string& id) {
    const Row* row = find(table.name, id);
    if (row == nullptr) {
        return;
    }
    remember(table, id);
    unindex(table, *row);
    rows_[table.name].erase(id);
    deleted_[table.name].push_back({++version_, id});
}

std::vector<std::string> Database::deleted_since(std::string_view table, std::int64_t version)
    const {
    std::vector<std::string> out;
    const auto tombstones = deleted_.find(table);
    if (tombstones == deleted_.end()) {
        return out;
    }
    for (const Tombstone& each : tombstones->second) {
        const bool seen = std::find(out.begin(), out.end(), each.id) != out.end();
        if (each.version > version && !seen && find(table, each.id) == nullptr) {
            out.push_back(each.id);
        }
    }
    return out;
}

void Database::rollback(const Savepoint& to) {
    while (undo_.size() > to.undo) {
        const Undo& last = undo_.back();
        std::map<std::string, Row>& rows = rows_[last.table->name];
        const auto now = rows.find(last.id);
        if (now != rows.end()) {
            unindex(*last.table, now->second);
            rows.erase(now);
        } else {
            deleted_[last.table->name].pop_back();
        }
        if (last.before) {
            index(*last.table, *last.before);
            rows[last.id] = *last.before;
        }
        undo_.pop_back();
    }
    changes_.resize(std::min(changes_.size(), to.changes));
}

std::vector<RowChange> Database::commit() {
    undo_.clear();
    return std::exchange(changes_, {});
}

Json Database::save() const {
    Json rows = Json::object();
    for (const auto& [table, of_table] : rows_) {
        for (const auto& [id, row] : of_table) {
            rows[table].push_back(row);
        }
    }
    Json deleted = Json::object();
    for (const auto& [table, tombstones] : deleted_) {
        for (const Tombstone& each : tombstones) {
            deleted[table].push_back({{"id", each.id}, {"version", each.version}});
        }
    }
    return {{"version", version_}, {"rows", rows}, {"deleted", deleted}};
}

Status Database::load(const Json& state) {
    const Json* rows = tideway::find(state, "rows");
    if (rows == nullptr || !rows->is_object()) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidSandboxState",
            "The sandbox's saved state has no object 'rows'.",
            "Delete the file to start from seed data."
        );
    }
    clear();
    for (const auto& [name, list] : rows->items()) {
        const Table* table = schema_.by_name(name);
        if (table == nullptr || !list.is_array()) {
            continue;
        }
        for (const Json& row : list) {
            index(*table, row);
            rows_[name][string_or(row, table->key)] = row;
        }
    }
    if (const Json* deleted = tideway::find(state, "deleted"); deleted != nullptr) {
        for (const auto& [name, list] : deleted->items()) {
            for (const Json& each : list) {
                deleted_[name].push_back({int_or(each, "version", 0), string_or(each, "id")});
            }
        }
    }
    version_ = int_or(state, "version", version_);
    return {};
}

void Database::clear() {
    rows_.clear();
    keys_.clear();
    deleted_.clear();
    undo_.clear();
    changes_.clear();
}

}  // namespace tideway::connectors::dataverse::sandbox
