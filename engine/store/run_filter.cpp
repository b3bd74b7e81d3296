#include "engine/store/run_filter.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/store/sql_rows.h"

namespace tideway::store {
namespace {

std::string status_condition(const std::vector<model::Status>& statuses) {
    std::string out = " AND status IN (";
    for (std::size_t at = 0; at < statuses.size(); ++at) {
        out += (at == 0 ? "$status" : ", $status") + std::to_string(at);
    }
    out += ")";
    // Names the condition of the partial index.
    if (std::ranges::find(statuses, model::Status::kSucceeded) == statuses.end()) {
        out += " AND status <> 'Succeeded'";
    }
    return out;
}

}  // namespace

int page_size(int limit) {
    return std::clamp(limit, 1, static_cast<int>(limits::kPageSizeMax));
}

std::string runs_sql(const RunFilter& filter) {
    std::string out = std::string("SELECT ") + kRunColumns + " FROM run WHERE 1 = 1";
    const auto add = [&out](bool is_asked, const char* condition) {
        if (is_asked) {
            out += condition;
        }
    };
    add(filter.before_id > 0, " AND id < $before");
    add(filter.flow_id.has_value(), " AND flow_id = $flow");
    add(filter.created_from.has_value(), " AND created >= $created_from");
    add(filter.created_to.has_value(), " AND created < $created_to");
    add(!filter.outcome.empty(), " AND outcome = $outcome");
    add(!filter.fingerprint.empty(), " AND fingerprint = $fingerprint AND fingerprint <> ''");
    add(!filter.record_id.empty(),
        " AND id IN (SELECT run_id FROM effect WHERE record_id = $record AND record_id <> '')");
    add(!filter.person.empty(), " AND person = $person AND person <> ''");
    add(filter.root_uid.has_value(),
        " AND (uid = $root OR (root_uid = $root AND root_uid <> uid))");
    add(filter.parent_uid.has_value(), " AND parent_uid = $parent AND parent_uid IS NOT NULL");
    if (!filter.statuses.empty()) {
        out += status_condition(filter.statuses);
    }
    return out + " ORDER BY id DESC LIMIT $limit";
}

void set_runs_parameters(SqlQuery& query, const RunFilter& filter) {
    const auto set_if = [&query](bool is_asked, const char* name, const auto& value) {
        if (is_asked) {
            query.set(name, value);
        }
    };
    set_if(filter.before_id > 0, "before", filter.before_id);
    set_if(filter.flow_id.has_value(), "flow", filter.flow_id.value_or(0));
    set_if(filter.created_from.has_value(), "created_from", filter.created_from);
    set_if(filter.created_to.has_value(), "created_to", filter.created_to);
    set_if(!filter.outcome.empty(), "outcome", filter.outcome);
    set_if(!filter.fingerprint.empty(), "fingerprint", filter.fingerprint);
    set_if(!filter.record_id.empty(), "record", filter.record_id);
    set_if(!filter.person.empty(), "person", filter.person);
    if (filter.root_uid) {
        query.set("root", *filter.root_uid);
    }
    if (filter.parent_uid) {
        query.set("parent", *filter.parent_uid);
    }
    for (std::size_t at = 0; at < filter.statuses.size(); ++at) {
        query.set("status" + std::to_string(at), model::to_string(filter.statuses[at]));
    }
    query.set("limit", page_size(filter.limit));
}

}  // namespace tideway::store
