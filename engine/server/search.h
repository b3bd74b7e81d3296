// What history is asked, as the API is told it: the fields of a query, or of a JSON object. The
// same words select runs for lists, counts and actions. Thread: any.
#pragma once

#include "engine/runtime/flow_catalog.h"
#include "engine/store/store.h"

namespace tideway::server {

// {"status":"Failed,Paused","tracked":["deal=A","stage=won"]}: a name that comes twice is a list.
Json fields_of_query(std::string_view query);

// Code "InvalidFilter", also for a field that does not exist.
Result<store::RunFilter> parse_run_filter(const Json& fields, const runtime::FlowCatalog& catalog);
Result<store::EventFilter> parse_event_filter(
    const Json& fields, const runtime::FlowCatalog& catalog
);
Result<store::GroupFilter> parse_group_filter(
    const Json& fields, const runtime::FlowCatalog& catalog
);

}  // namespace tideway::server
