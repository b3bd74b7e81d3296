// Addresses of the Web API: path segments, keys in parentheses, references to rows.
// Thread: the sandbox's loop.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/dataverse/sandbox_database.h"
#include "connectors/dataverse/sandbox_error.h"

namespace tideway::connectors::dataverse::sandbox {

// "opportunities(msft_referralidentifier='a/b')" -> name and the text in parentheses.
struct Segment {
    std::string name;
    std::optional<std::string> key;
};

// Splits an encoded path at '/' outside quotes and parentheses, then decodes each part.
std::vector<Segment> split_path(std::string_view encoded);

// "a=1,b='x,y'" -> its pairs; a lone value has an empty name.
std::vector<std::pair<std::string, std::string>> split_arguments(std::string_view text);

// What a key in parentheses names: a guid, or an alternate key with its values.
struct RowKey {
    std::string id;
    const AlternateKey* alternate = nullptr;
    std::vector<Json> values;

    std::string text(const Table& table) const;
};

Outcome<RowKey> parse_row_key(const Table& table, std::string_view text);
const Row* find_row(const Database& database, const Table& table, const RowKey& key);
tl::unexpected<ServiceError> no_row_for(const Table& table, const RowKey& key);

// A row named by "/accounts(guid)", "accounts(key='v')", a whole URL or "$1" of a changeset; it
// must exist.
struct ReferenceReader {
    const Database& database;
    const std::map<std::string, std::string>& content_ids;  // "1" -> "/accounts(guid)"

    Outcome<Reference> read(std::string_view text) const;
};

}  // namespace tideway::connectors::dataverse::sandbox
