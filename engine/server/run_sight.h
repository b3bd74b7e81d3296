// What a caller sees of runs. Thread: any.
#pragma once

#include "engine/model/run.h"
#include "engine/runtime/flow_catalog.h"
#include "engine/server/authentication.h"

namespace tideway::server {

// Whether a run is the caller's business: every run, but of kRunOnly only those that it started.
bool may_see(
    const model::RunRecord& run, const Caller& caller, const runtime::FlowCatalog& catalog
);

// The run as the API shows it; to kRunOnly no more than how it went.
Json view_for(
    const model::RunRecord& run, const Caller& caller, const runtime::FlowCatalog& catalog
);

}  // namespace tideway::server
