// A table as written in a flow against the JSON schema of what takes it: unknown and missing
// fields, literals of a wrong type or outside an enumeration. What only a run can know is left
// alone. Thread: any one.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/script/analysis/findings.h"
#include "engine/script/syntax/lua_syntax.h"

namespace tideway::script::analysis {

struct TableCheck {
    const std::string& file;
    Findings& findings;
    std::string what;                // "dataverse.create_row", for messages
    std::vector<std::string> extra;  // fields that are allowed besides the schema's
};

void check_table(const Expression& table, const Json& schema, const TableCheck& check);

// The literal keys, in order.
std::vector<std::string> literal_keys(const Expression& table);

// The value at a literal key, or null.
const Expression* field_value(const Expression& table, std::string_view key);

}  // namespace tideway::script::analysis
