// The query options of one request, parsed against a table; and running them over the rows.
// Thread: the sandbox's loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/dataverse/sandbox_filter.h"
#include "engine/http/url.h"

namespace tideway::connectors::dataverse::sandbox {

struct Order {
    Operand by;
    bool descending = false;
};

struct Query;

struct Expand {
    std::string name;
    Table::Navigation navigation;            // one row
    const Collection* collection = nullptr;  // or many
    std::shared_ptr<Query> query;
};

struct Query {
    const Table* table = nullptr;
    bool selects = false;  // else all columns
    std::vector<const Column*> select;
    std::string select_text;
    Predicate filter;  // empty: all rows
    std::vector<Order> order;
    std::optional<std::size_t> top;
    bool count = false;
    std::vector<Expand> expand;
    std::string skip_token;   // decoded
    std::string delta_token;  // decoded
    bool plain = true;        // none of what change tracking refuses
};

Outcome<Query> parse_query(
    const FilterContext& context, const Table& table, const http::QueryFields& fields
);

// "@p1" aliases of a query string.
std::map<std::string, std::string> aliases_of(const http::QueryFields& fields);

// A row's place in the order of a query: what a paging cookie carries.
Json position_of(const Database& database, const Query& query, const Row& row);

// The rows that match, in order, strictly after `after` (a position, or null). The pointers live
// until the next change of the database.
std::vector<const Row*> run_query(const Database& database, const Query& query, const Json& after);

}  // namespace tideway::connectors::dataverse::sandbox
