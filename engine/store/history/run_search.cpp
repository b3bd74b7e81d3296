#include "engine/store/history/run_search.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/store/sql_rows.h"

namespace tideway::store {
namespace {

std::string numbered(std::string_view name, std::size_t number) {
    return std::string(name) + std::to_string(number);
}

template <typename Value>
std::string one_of(const std::vector<Value>& values) {
    std::string out = " AND status IN (";
    for (std::size_t at = 0; at < values.size(); ++at) {
        out += (at == 0 ? "$" : ", $") + numbered("status", at);
    }
    return out + ")";
}

std::string status_condition(const std::vector<model::Status>& statuses) {
    std::string out = one_of(statuses);
    // Names the condition of the partial index.
    if (std::ranges::find(statuses, model::Status::kSucceeded) == statuses.end()) {
        out += " AND status <> 'Succeeded'";
    }
    return out;
}

// The first tracked value leads: its runs stand together, in the order of ids.
std::string source(const RunFilter& filter) {
    return filter.tracked.empty() ? "run" : "tracked AS found CROSS JOIN run ON id = found.run_id";
}

std::string order(const RunFilter& filter) {
    return filter.tracked.empty() ? "id" : "found.run_id";
}

std::string tracked_condition(std::size_t number) {
    const std::string is_it =
        "name = $" + numbered("name", number) + " AND value = $" + numbered("value", number);
    return number == 0
               ? " AND " + is_it
               : " AND EXISTS (SELECT 1 FROM tracked WHERE " + is_it + " AND run_id = run.id)";
}

// An error that is one of the large payloads is not looked into.
constexpr const char* kCodeCondition =
    " AND CASE WHEN substr(error, 1, 1) = '{' THEN json_extract(error, '$.code') END = $code";

constexpr const char* kTextCondition =
    " AND (instr(lower(outcome_reason), $text) > 0"
    " OR instr(lower(failed_step), $text) > 0"
    " OR instr(lower(CASE WHEN substr(error, 1, 1) = '{'"
    " THEN json_extract(error, '$.message') END), $text) > 0"
    " OR EXISTS (SELECT 1 FROM tracked"
    " WHERE run_id = run.id AND instr(lower(value), $text) > 0))";

std::string conditions(const RunFilter& filter) {
    std::string out = "id >= $first AND id < $end";
    const auto add = [&out](bool is_asked, const char* condition) {
        if (is_asked) {
            out += condition;
        }
    };
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
    for (std::size_t at = 0; at < filter.tracked.size(); ++at) {
        out += tracked_condition(at);
    }
    add(!filter.error_code.empty(), kCodeCondition);
    add(!filter.text.empty(), kTextCondition);
    return out;
}

// Small letters of ASCII, as SQLite's lower() makes them.
std::string lowered(std::string text) {
    std::ranges::transform(text, text.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return text;
}

}  // namespace

int page_size(int limit) {
    return std::clamp(limit, 1, static_cast<int>(limits::kPageSizeMax));
}

bool reads_rows(const RunFilter& filter) {
    return filter.created_from || filter.created_to || !filter.outcome.empty() ||
           !filter.error_code.empty() || !filter.text.empty();
}

// Only ids are sorted and cut off, then the rows are read: they can be large.
std::string page_sql(const RunFilter& filter) {
    return std::string("SELECT ") + kRunColumns + " FROM run WHERE id IN (SELECT id FROM " +
           source(filter) + " WHERE " + conditions(filter) + " ORDER BY " + order(filter) +
           " DESC LIMIT $limit) ORDER BY id DESC";
}

std::string count_sql(const RunFilter& filter) {
    return "SELECT count(*) FROM " + source(filter) + " WHERE " + conditions(filter);
}

FilterParameters::FilterParameters(const RunFilter& filter)
    : filter_(filter),
      text_(lowered(filter.text)) {}

void FilterParameters::set(SqlQuery& query) const {
    const auto set_if = [&query](bool is_asked, const char* name, const auto& value) {
        if (is_asked) {
            query.set(name, value);
        }
    };
    set_if(filter_.flow_id.has_value(), "flow", filter_.flow_id.value_or(0));
    set_if(filter_.created_from.has_value(), "created_from", filter_.created_from);
    set_if(filter_.created_to.has_value(), "created_to", filter_.created_to);
    set_if(!filter_.outcome.empty(), "outcome", filter_.outcome);
    set_if(!filter_.fingerprint.empty(), "fingerprint", filter_.fingerprint);
    set_if(!filter_.record_id.empty(), "record", filter_.record_id);
    set_if(!filter_.person.empty(), "person", filter_.person);
    set_if(!filter_.error_code.empty(), "code", filter_.error_code);
    set_if(!text_.empty(), "text", text_);
    if (filter_.root_uid) {
        query.set("root", *filter_.root_uid);
    }
    if (filter_.parent_uid) {
        query.set("parent", *filter_.parent_uid);
    }
    for (std::size_t at = 0; at < filter_.statuses.size(); ++at) {
        query.set(numbered("status", at), model::to_string(filter_.statuses[at]));
    }
    for (std::size_t at = 0; at < filter_.tracked.size(); ++at) {
        query.set(numbered("name", at), filter_.tracked[at].name);
        query.set(numbered("value", at), filter_.tracked[at].value);
    }
}

// ------------------------------------------------------------------ events

bool reads_rows(const EventFilter& filter) {
    return filter.received_from || filter.received_to || !filter.statuses.empty();
}

std::string page_sql(const EventFilter& filter) {
    std::string out = std::string("SELECT ") + kEventColumns +
                      ", (SELECT uid FROM run WHERE run.id = event.run_id)"
                      " FROM event WHERE id >= $first AND id < $end";
    out += filter.flow_id ? " AND flow_id = $flow" : "";
    out += filter.received_from ? " AND received >= $received_from" : "";
    out += filter.received_to ? " AND received < $received_to" : "";
    out += filter.statuses.empty() ? "" : one_of(filter.statuses);
    return out + " ORDER BY id DESC LIMIT $limit";
}

void set_parameters(SqlQuery& query, const EventFilter& filter) {
    if (filter.flow_id) {
        query.set("flow", *filter.flow_id);
    }
    if (filter.received_from) {
        query.set("received_from", filter.received_from);
    }
    if (filter.received_to) {
        query.set("received_to", filter.received_to);
    }
    for (std::size_t at = 0; at < filter.statuses.size(); ++at) {
        query.set(numbered("status", at), model::to_string(filter.statuses[at]));
    }
}

}  // namespace tideway::store
