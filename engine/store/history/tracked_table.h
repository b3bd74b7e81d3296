// Table `tracked`: by which values runs are found.
#pragma once

#include <vector>

#include "engine/model/run.h"
#include "engine/model/tracked_value.h"
#include "engine/store/sql_driver.h"

namespace tideway::store {

// Those that the run has already stay as they are. Inside a write transaction.
Status insert_tracked(
    SqlDriver& driver, model::RunId run_id, const std::vector<model::TrackedValue>& values
);

}  // namespace tideway::store
