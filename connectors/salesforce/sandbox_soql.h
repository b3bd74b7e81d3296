// The part of SOQL that co-sell flows use, read into a tree: SELECT of fields, parents' fields,
// FIELDS(ALL|STANDARD|CUSTOM) or COUNT(); WHERE with AND, OR, NOT, comparisons, LIKE, IN; ORDER BY;
// LIMIT; OFFSET. Pure; thread: any.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/salesforce/sandbox_refusal.h"
#include "engine/base/clock.h"

namespace tideway::connectors::salesforce::sandbox {

enum class Comparison {
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kLike,
    kIn,
    kNotIn
};

struct Literal {
    enum class Kind { kNull, kText, kNumber, kBoolean, kDate, kDateTime };
    Kind kind = Kind::kNull;
    std::string text;
    double number = 0;
    bool truth = false;
    Timestamp time;  // of dates and times
};

struct Condition {
    enum class Kind { kAnd, kOr, kNot, kComparison };
    Kind kind = Kind::kComparison;
    std::vector<Condition> parts;  // of and, or, not
    std::string field;
    Comparison comparison = Comparison::kEqual;
    std::vector<Literal> values;  // several of IN
};

struct Order {
    std::string field;
    bool is_descending = false;
    bool nulls_last = false;
};

struct Select {
    bool is_count = false;            // SELECT COUNT()
    std::vector<std::string> fields;  // paths
    std::vector<std::string> groups;  // of FIELDS(): ALL, STANDARD, CUSTOM
    std::string object;
    std::optional<Condition> where;
    std::vector<Order> order;
    std::optional<std::size_t> limit;
    std::size_t offset = 0;
};

// MALFORMED_QUERY names the place.
Outcome<Select> parse_soql(std::string_view text, Timestamp now);

}  // namespace tideway::connectors::salesforce::sandbox
