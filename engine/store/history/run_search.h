// Searches of runs and events as SQL.
#pragma once

#include <string>

#include "engine/store/history/id_range.h"
#include "engine/store/sql_query.h"
#include "engine/store/store.h"

namespace tideway::store {

// Some of what is asked has to be read from the rows themselves: each page has its window of ids.
bool reads_rows(const RunFilter& filter);
bool reads_rows(const EventFilter& filter);

// With the parameters $first, $end (ids) and those that set_parameters() sets.
std::string page_sql(const RunFilter& filter);  // ... also $limit
std::string count_sql(const RunFilter& filter);
std::string page_sql(const EventFilter& filter);  // ... also $limit; kEventColumns, uid of the run

// Sets the parameters of those texts but ids and limit. The filter must outlive the query.
class FilterParameters {
  public:
    explicit FilterParameters(const RunFilter& filter);

    void set(SqlQuery& query) const;

  private:
    const RunFilter& filter_;
    std::string text_;  // as it is looked for
};

void set_parameters(SqlQuery& query, const EventFilter& filter);

// Between 1 and limits::kPageSizeMax.
int page_size(int limit);

}  // namespace tideway::store
