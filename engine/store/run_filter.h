// A RunFilter as a WHERE clause.
#pragma once

#include <string>

#include "engine/store/sql_query.h"
#include "engine/store/store.h"

namespace tideway::store {

// "SELECT <columns> FROM run WHERE ... ORDER BY id DESC LIMIT $limit"
std::string runs_sql(const RunFilter& filter);

// Sets the parameters of that text. The filter must outlive the query.
void set_runs_parameters(SqlQuery& query, const RunFilter& filter);

// Between 1 and limits::kPageSizeMax.
int page_size(int limit);

}  // namespace tideway::store
