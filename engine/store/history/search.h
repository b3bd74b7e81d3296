// What history can be asked, and what comes back; part of store.h. A page ends where `next_before`
// says: the next one begins with it as `before_id`. New runs and events have larger ids, so pages
// never move.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/limits.h"
#include "engine/model/run.h"
#include "engine/model/tracked_value.h"

namespace tideway::store {

// Which runs: for lists, counts, cancelling and resubmitting alike. All that is set must be true.
struct RunFilter {
    std::optional<model::FlowId> flow_id{};
    std::vector<model::Status> statuses{};  // empty: all
    std::optional<Timestamp> created_from{};
    std::optional<Timestamp> created_to{};  // not included
    std::string outcome{};
    std::string fingerprint{};
    std::string error_code{};  // of the first failing step
    std::string record_id{};   // of an effect (ledger)
    std::string person{};      // who started it by hand
    std::vector<model::TrackedValue> tracked{};
    // Part of the path of the failing step, the message of the error, the outcome's reason or a
    // tracked value; capitals of ASCII letters do not matter.
    std::string text{};
    std::optional<Uid> root_uid{};
    std::optional<Uid> parent_uid{};
    model::RunId before_id = 0;  // runs with a smaller id, newest first; 0: all
    int limit = 50;              // at most limits::kPageSizeMax
    // What no index finds (time, outcome, code, text) is looked for in this many ids; the page may
    // be short then, or empty, and says where to go on.
    std::int64_t ids_searched_max = limits::kIdsSearchedMax;
};

struct RunPage {
    std::vector<model::RunRecord> runs;
    model::RunId next_before = 0;  // 0: there are no more
};

struct RunCount {
    std::int64_t count = 0;
    model::RunId next_before = 0;  // 0: all are counted
};

struct EventFilter {
    std::optional<model::FlowId> flow_id{};
    std::vector<model::EventStatus> statuses{};  // empty: all
    std::optional<Timestamp> received_from{};
    std::optional<Timestamp> received_to{};  // not included
    model::EventId before_id = 0;
    int limit = 50;
    std::int64_t ids_searched_max = limits::kIdsSearchedMax;
};

struct FoundEvent {
    model::EventRecord event;
    Uid run_uid;  // of event.run_id, while it is kept
};

struct EventPage {
    std::vector<FoundEvent> events;
    model::EventId next_before = 0;
};

struct GroupFilter {
    std::optional<model::FlowId> flow_id{};
    std::optional<Timestamp> created_from{};
    std::optional<Timestamp> created_to{};
    model::RunId before_id = 0;  // groups whose last run has a smaller id
    int limit = 50;
};

// Failures with one fingerprint.
struct RunGroup {
    std::int64_t count = 0;
    Timestamp first_seen;
    model::RunRecord last;  // the newest of them
};

struct RunGroupPage {
    std::vector<RunGroup> groups;  // newest first
    model::RunId next_before = 0;
};

// How many days ended runs are kept; absent: the default of limits.h.
struct Retention {
    std::optional<int> environment_days{};
    std::optional<int> ledger_days{};
    std::map<model::FlowId, int> flow_days{};
};

struct HistorySize {
    struct Flow {
        model::FlowId flow_id = 0;
        std::int64_t runs = 0;
        Timestamp oldest;
    };

    std::int64_t bytes = 0;       // of the file
    std::int64_t free_bytes = 0;  // of it: to be used again, or given back
    std::int64_t ledger_rows = 0;
    std::vector<Flow> flows;  // those that have runs
};

}  // namespace tideway::store
