#include "connectors/dataverse/sandbox_references.h"

#include <algorithm>

#include "connectors/dataverse/sandbox_filter.h"
#include "connectors/dataverse/sandbox_values.h"
#include "engine/http/url.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

Segment make_segment(std::string_view encoded) {
    const std::string text = http::decode_component(encoded);
    const std::size_t open = text.find('(');
    if (open == std::string::npos || text.back() != ')') {
        return {text, std::nullopt};
    }
    return {text.substr(0, open), text.substr(open + 1, text.size() - open - 2)};
}

// The value of one key column, written as an OData literal.
Outcome<Json> key_value(const Table& table, const Column& column, const std::string& literal) {
    if (column.type == ColumnType::kText) {
        const auto operand = parse_literal(literal);
        if (!operand || operand->kind != Kind::kText) {
            return bad_uri(
                "The key '" + column.name + "' of " + table.set + " takes a text in single quotes."
            );
        }
        return Json(std::get<std::string>(operand->get(Scope{})));
    }
    const auto json = parse_json(literal, "a key value");
    return json ? read_value(table, column, *json) : read_value(table, column, Json(literal));
}

}  // namespace

std::vector<Segment> split_path(std::string_view encoded) {
    std::vector<Segment> out;
    std::size_t start = 0;
    bool quoted = false;
    for (std::size_t i = 0; i <= encoded.size(); ++i) {
        const bool end = i == encoded.size();
        if (!end && (encoded[i] == '\'' || encoded.substr(i, 3) == "%27")) {
            quoted = !quoted;
        }
        if (end || (encoded[i] == '/' && !quoted)) {
            if (i > start) {
                out.push_back(make_segment(encoded.substr(start, i - start)));
            }
            start = i + 1;
        }
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> split_arguments(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> out;
    std::size_t start = 0;
    bool quoted = false;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const bool end = i == text.size();
        if (!end && text[i] == '\'') {
            quoted = !quoted;
        }
        if (!end && (quoted || text[i] != ',')) {
            continue;
        }
        const std::string part(text.substr(start, i - start));
        start = i + 1;
        const std::size_t equals = part.find('=');
        const std::size_t quote = part.find('\'');
        if (equals != std::string::npos && equals < quote) {
            out.emplace_back(part.substr(0, equals), part.substr(equals + 1));
        } else if (!part.empty()) {
            out.emplace_back("", part);
        }
    }
    return out;
}

std::string RowKey::text(const Table& table) const {
    if (alternate == nullptr) {
        return table.set + "(" + id + ")";
    }
    std::string out;
    for (std::size_t i = 0; i < values.size(); ++i) {
        out += (i == 0 ? "" : ",") + alternate->columns[i] + "=" + dump(values[i]);
    }
    return table.set + "(" + out + ")";
}

Outcome<RowKey> parse_row_key(const Table& table, std::string_view text) {
    auto arguments = split_arguments(text);
    const bool primary =
        arguments.size() == 1 && (arguments[0].first.empty() || arguments[0].first == table.key);
    if (primary) {
        const auto guid = read_guid(arguments[0].second);
        if (!guid) {
            return bad_uri(
                "Bad Request - Error in query syntax: '" + arguments[0].second +
                "' is not a key of " + table.set + "."
            );
        }
        return RowKey{*guid, nullptr, {}};
    }
    for (const AlternateKey& key : table.keys) {
        RowKey out{"", &key, {}};
        for (const std::string& name : key.columns) {
            const Column* column = table.column(name);
            const auto given = std::find_if(arguments.begin(), arguments.end(), [&](const auto& a) {
                return a.first == column->property();
            });
            if (given == arguments.end()) {
                break;
            }
            auto value = key_value(table, *column, given->second);
            if (!value) {
                return tl::unexpected<ServiceError>(value.error());
            }
            out.values.push_back(std::move(*value));
        }
        if (out.values.size() == arguments.size() && out.values.size() == key.columns.size()) {
            return out;
        }
    }
    return refuse(
        400,
        "0x80060888",
        "The key in " + table.set + "(" + std::string(text) + ") is not defined for " + table.name +
            "."
    );
}

const Row* find_row(const Database& database, const Table& table, const RowKey& key) {
    return key.alternate == nullptr ? database.find(table.name, key.id)
                                    : database.by_key(table, *key.alternate, key.values);
}

tl::unexpected<ServiceError> no_row_for(const Table& table, const RowKey& key) {
    if (key.alternate == nullptr) {
        return no_such_row(table.name, key.id);
    }
    return refuse(
        404,
        "0x80060891",
        "A record with the specified key values does not exist in " + table.name + " entity"
    );
}

Outcome<Reference> ReferenceReader::read(std::string_view text) const {
    std::string address(text);
    if (address.starts_with('$')) {
        const auto made = content_ids.find(address.substr(1));
        if (made == content_ids.end()) {
            return bad_payload("The Content-ID '" + address + "' names no earlier request.");
        }
        address = made->second;
    }
    const std::size_t data = address.find("/api/data/");
    if (data != std::string::npos) {
        const std::size_t after = address.find('/', data + 10);
        address = after == std::string::npos ? "" : address.substr(after);
    }
    const std::vector<Segment> path = split_path(address);
    const Table* table = path.size() == 1 ? database.schema().by_set(path[0].name) : nullptr;
    if (table == nullptr || !path[0].key) {
        return bad_payload(
            "'" + std::string(text) + "' does not name a row; expected '/accounts(<id>)'."
        );
    }
    auto key = parse_row_key(*table, *path[0].key);
    if (!key) {
        return tl::unexpected<ServiceError>(key.error());
    }
    const Row* row = find_row(database, *table, *key);
    if (row == nullptr) {
        return no_row_for(*table, *key);
    }
    return Reference{table->name, string_or(*row, table->key)};
}

}  // namespace tideway::connectors::dataverse::sandbox
