#include "engine/server/run_sight.h"

#include "engine/server/views.h"

namespace tideway::server {

bool may_see(
    const model::RunRecord& run, const Caller& caller, const runtime::FlowCatalog& catalog
) {
    if (!caller.is_run_only()) {
        return true;
    }
    const auto flow = catalog.flow(run.flow_id);
    return run.person == caller.name && flow &&
           caller.flows.contains(flow->row.pack + "/" + flow->row.name);
}

Json view_for(
    const model::RunRecord& run, const Caller& caller, const runtime::FlowCatalog& catalog
) {
    Json full = view(run, catalog);
    if (!caller.is_run_only()) {
        return full;
    }
    Json out = Json::object();
    const auto take = [&full, &out](std::initializer_list<const char*> keys) {
        for (const char* key : keys) {
            if (const Json* value = find(full, key)) {
                out[key] = *value;
            }
        }
    };
    take({"id", "flow", "flow_title", "status", "outcome", "code", "created", "started", "ended"});
    take({"duration_ms", "started_by"});
    if (caller.sees_contents) {
        take({"headline", "outcome_reason", "error", "output", "response", "secured"});
    }
    return out;
}

}  // namespace tideway::server
