// How the sandbox's columns and tables are written down (sandbox_tables.cpp,
// sandbox_system_tables.cpp). Thread: any.
#pragma once

#include <string>
#include <vector>

#include "connectors/dataverse/sandbox_schema.h"

namespace tideway::connectors::dataverse::sandbox {

// Columns: a type with its usual bounds, then what differs.
Column column(std::string name, std::string label, ColumnType type);
Column text(std::string name, std::string label, std::size_t length);
Column memo(std::string name, std::string label, std::size_t length);
Column needed(Column out, Required level = Required::kApplication);
Column read_only(Column out);
Column when_closed(Column out);
Column with_initial(Column out, Json value);
Column positive(Column out);
Column boolean(std::string name, std::string label, bool initial);
Column choice(std::string name, std::string label, std::vector<Choice> choices);
Column state(std::vector<Choice> states);
Column status(std::vector<Choice> reasons);
Column lookup(std::string name, std::string label, std::vector<LookupTarget> targets);
Column customer(std::string name, std::string label, const std::string& collection);
void append(Table& table, std::vector<Column> columns);
Table begin_table(std::string name, std::string set, std::string label, int type_code);
void append_system_columns(Table& table);
void append_currency(Table& table);
void append_money(Table& table, const std::string& name, const std::string& label);
void append_address(Table& table);
std::vector<Choice> active_states();
std::vector<Choice> active_reasons();

// The tables of sandbox_system_tables.cpp.
Table system_user();
Table currency();
Table callback_registration();
Table opportunity_close();
Table variable_definition();
Table variable_value();
Table connection_role();
Table connection();
Table system_form();
Table saved_query();

}  // namespace tideway::connectors::dataverse::sandbox
