// OData $filter over the sandbox's rows: parsed once into closures, then asked per row.
// Thread: the sandbox's loop.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "connectors/dataverse/sandbox_database.h"
#include "connectors/dataverse/sandbox_error.h"
#include "connectors/dataverse/sandbox_schema.h"
#include "engine/base/clock.h"

namespace tideway::connectors::dataverse::sandbox {

// A value in an expression: null, or of one kind. Guids are text in lower case.
using Value = std::variant<std::monostate, bool, double, std::string, Timestamp>;

enum class Kind { kNull, kBoolean, kNumber, kText, kGuid, kTime };

// The rows in sight: the one tested, and those named by lambda variables.
struct Scope {
    const Database* database = nullptr;
    const Row* row = nullptr;
    std::map<std::string, const Row*> variables;
};

using Predicate = std::function<bool(const Scope&)>;

// A literal or a path to a column ("name", "_parentaccountid_value", "parentaccountid/name").
struct Operand {
    Kind kind = Kind::kNull;
    std::function<Value(const Scope&)> get;
};

struct FilterContext {
    const Schema* schema = nullptr;
    Timestamp now;
    std::string user_id;
    std::map<std::string, std::string> aliases;  // "@p1" -> "'text'"
};

// Null sorts first; texts compare without case, as the service's collation does.
int compare_values(const Value& a, const Value& b);

Value column_value(const Row& row, const Column& column);
Kind column_kind(const Column& column);

// A path relative to `table`; 400 names a segment that is not there.
Outcome<Operand> parse_path(const Schema& schema, const Table& table, std::string_view path);

// A literal as OData writes it; 400 when it is none.
Outcome<Operand> parse_literal(std::string_view text);

Outcome<Predicate> parse_filter(
    const FilterContext& context, const Table& table, std::string_view text
);

// Microsoft.Dynamics.CRM.<name>(PropertyName='..',PropertyValue=..,PropertyValues=[..]) with the
// arguments already split.
struct QueryFunction {
    std::string name;
    std::map<std::string, std::vector<std::string>> arguments;  // literals; one, or a list's items
};

Outcome<Predicate> make_query_function(
    const FilterContext& context, const Table& table, const QueryFunction& function
);

}  // namespace tideway::connectors::dataverse::sandbox
