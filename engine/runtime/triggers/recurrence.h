// Where a recurrence stands and which of its firings are due; what is kept in the trigger's cursor.
// Pure. Thread: any.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/model/connector_spec.h"
#include "engine/model/flow.h"
#include "engine/model/schedule.h"

namespace tideway::runtime {

struct RecurrenceCursor {
    std::string rule;  // of which configuration; with another one it starts anew
    Timestamp anchor;
    Timestamp last;  // firings up to here are dealt with
};

// For a flow that is turned on, or gets another rule, now.
RecurrenceCursor begin_recurrence(const model::Schedule& schedule, std::string rule, Timestamp now);

// Nothing when there is none, or one of another rule.
std::optional<RecurrenceCursor> read_recurrence(const Payload& cursor, std::string_view rule);
Payload to_payload(const RecurrenceCursor& cursor);

struct Firing {
    Timestamp scheduled;
    std::int64_t missed = 0;  // earlier firings that this one stands for
};

struct DueFirings {
    std::vector<Firing> firings;  // what after_downtime leaves of what is due, in order
    Timestamp last;               // the last one that was due; the cursor's when none was
};

// A firing that is later than limits::kFiringGrace was missed.
DueFirings due_firings(
    const model::Schedule& schedule, const RecurrenceCursor& cursor, Timestamp now
);

std::optional<Timestamp> next_firing(
    const model::Schedule& schedule, const RecurrenceCursor& cursor
);

// When the trigger of a flow acts: trigger.recurrence by its own rule, a polling trigger (`polling`
// is its spec) by `recurrence` or the spec's interval, others never. Code "InvalidRecurrence".
Result<std::optional<model::Schedule>> declared_schedule(
    const model::FlowDeclaration& declared, const model::TriggerSpec* polling
);

// At whole seconds.
model::Schedule every(Duration interval);

// The next firings of a flow with this cursor; without one, as if it were turned on now.
std::vector<Timestamp> upcoming_firings(
    const model::Schedule& schedule,
    const std::optional<RecurrenceCursor>& cursor,
    Timestamp now,
    std::size_t count
);

// [{"at": UTC, "local": what clocks of the schedule's zone show}]
Json describe_firings(const model::Schedule& schedule, const std::vector<Timestamp>& firings);

// What a run gets: {"scheduledTime", "localTime", "timeZone", "missed"}.
Payload firing_event(const model::Schedule& schedule, const Firing& firing);

}  // namespace tideway::runtime
