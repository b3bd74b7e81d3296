---@meta
-- Declaring a flow: its table, its trigger, and what it uses. Read by editors only; never run.

--- The table of a flow.
---@class FlowDefinition
---@field title string What people call the flow.
---@field description? string What it is for, in a sentence or two.
---@field trigger Trigger Made by `trigger.<kind> { ... }`.
---@field run fun(event: table): any What a run does with the event; what it returns is the run's output.
---@field retry? RetryPolicy For all steps of the flow that do not say otherwise.
---@field timeout? string How long a run may take, as an ISO 8601 duration: "PT1H".

--- How an attempt that was not done is repeated.
---@class RetryPolicy
---@field type? "default"|"none"|"fixed"|"exponential"
---@field count? integer Retries after the first attempt.
---@field interval? string ISO 8601 duration: "PT7S".
---@field minimum? string ISO 8601 duration.
---@field maximum? string ISO 8601 duration.

--- What starts runs. The functions get the event, cannot run steps, and have a small budget.
---@class Trigger
---@field title? string What the trigger is called in a run.
---@field connection? string Reference of the connection that delivers the events.
---@field condition? fun(event: table): boolean No run when it returns false.
---@field dedupe_by? fun(event: table): any Events with an equal key make one run.
---@field split_on? fun(event: table): table[] One run for each item.
---@field concurrency? Concurrency How many runs there are at a time; without it any number.
---@field one_at_a_time_by? fun(event: table): any Runs with an equal key follow each other in the order of their events, each when the one before has ended. With split_on it gets the item. No key: the run does not wait.
---@field coalesce_by? fun(event: table): any While a run waits for its turn, a newer event with an equal key takes the place of its event, which is recorded as coalesced. Needs concurrency or one_at_a_time_by: else no run waits.
---@field secure? Secure What history does not show: the events (any word), and with true or "outputs" also what runs respond and return.

---@class Concurrency
---@field runs? integer Under way at a time, 1 to 100; 25 when absent.
---@field waiting? integer That may wait for one of those to end, 0 to 100000; ten more than `runs` when absent.
---@field when_full? "refuse"|"skip" An event that finds as many waiting: its sender is told to come again (429, default), or it is recorded and starts nothing. A poll that is refused asks again.

---@class RecurrenceTrigger: Trigger
---@field frequency "Second"|"Minute"|"Hour"|"Day"|"Week"|"Month" Day, Week and Month follow the clock of the time zone; the others count elapsed time.
---@field interval? integer 1 when absent.
---@field start_time? string ISO 8601; without an offset a time of the time zone. What firings are counted from; when absent, from when the flow is turned on, and the first firing is then.
---@field time_zone? string "Europe/Berlin" or "W. Europe Standard Time"; UTC when absent.
---@field schedule? RecurrenceSchedule With Day, Week and Month.
---@field missing_hour? "shift"|"skip" A time that clocks skip when they go forward: later by as much (default), or not at all.
---@field doubled_hour? "first"|"last"|"both" A time that comes twice when clocks go back; "first" when absent.
---@field after_downtime? "skip"|"once"|"all" Firings that were due while the server was down: none (default), one for all of them, or each.

--- Numbers or lists of numbers. Hours and minutes that are absent are those of the first firing.
---@class RecurrenceSchedule
---@field minutes? integer|integer[] 0 to 59.
---@field hours? integer|integer[] 0 to 23.
---@field week_days? string|string[] "Monday"; only with Week. Weeks begin on Sunday.
---@field month_days? integer|integer[] 1 to 31, or from the end: -1 is the last day; only with Month.
---@field monthly_occurrences? MonthlyOccurrence|MonthlyOccurrence[] Week days by their place in the month, besides `month_days`; only with Month.

---@class MonthlyOccurrence
---@field day string "Monday"
---@field occurrence integer 1, the first in the month, to 5; or from the end: -1 is the last.

---@class RequestTrigger: Trigger
---@field method? "GET"|"POST"|"PUT"|"PATCH"|"DELETE" POST when absent; others are refused.
---@field relative_path? string What follows the address: "customer/{id}"; `event.path.id` is what stood there. Other addresses are refused.
---@field schema? table JSON schema of the body; what does not fit is refused.

---@class ManualTrigger: Trigger
---@field inputs? ManualInput[] What a person is asked for; the event has a field for each that was given. When absent, the event is any JSON.

---@class ManualInput
---@field name string The field of the event.
---@field type "text"|"number"|"yes_no"|"date"|"email"|"choice"|"choices"|"file" "choices" gives a list, "file" gives `{ name, content, content_type? }` with the content in base64, "date" gives "2026-02-03".
---@field title? string What people read; the name when absent.
---@field description? string
---@field required? boolean
---@field default? any What the event has when nothing is given; not of a file.
---@field choices? string[] With "choice" and "choices": what can be chosen.

---@class ChildTrigger: Trigger

--- Declares the flow; the file returns what it gives.
---@param definition FlowDefinition
---@return table flow
---
--- Errors: an unknown field; a missing title, trigger or run.
function flow(definition) end

--- A configured account of a service, by the reference that the pack uses for it. Its fields are the
--- operations of its connector.
---@param reference string A literal, as in pack.json.
---@return table connection
---
--- Errors: the pack has no such reference.
function connection(reference) end

--- The value of an environment variable of the pack; in a run it is read once and recorded.
---@param name string A literal.
---@return any value
---
--- Errors: the environment has no value for it.
function env(name) end

--- Runs a Lua file of the pack once per run and gives what it returns, or reads a JSON file of the
--- pack: `require "lib.mapping"` is lib/mapping.lua, `require "mapping"` is mapping.json.
---@param name string A literal.
---@return any module
---
--- Errors: the pack has no such file; files that require each other in a circle.
function require(name) end

--- What starts runs. Triggers of connectors are fields too: `trigger.dataverse_row_changed { ... }`.
trigger = {}

--- A person starts the run, with inputs.
---@param definition? ManualTrigger
---@return Trigger trigger
function trigger.manual(definition) end

--- A request to the flow's own signed address starts the run; `respond` answers it. The event is
--- `{ method, headers, queries, body?, relative_path?, path? }`.
---@param definition? RequestTrigger
---@return Trigger trigger
function trigger.http_request(definition) end

--- The clock starts the run. The event is `{ scheduledTime, localTime, timeZone, missed }`; `missed` counts the firings that
--- this one stands for.
---@param definition? RecurrenceTrigger
---@return Trigger trigger
function trigger.recurrence(definition) end

--- Another flow starts the run with `run_child_flow`.
---@param definition? ChildTrigger
---@return Trigger trigger
function trigger.child(definition) end

--- A notice starts the run: something that an administrator should know has begun, goes on, or has ended. The event is
--- `{ id, moment, kind, title, message, remedy, environment, flow, connection, run, opened, ended }`; `moment` is "opened",
--- "reminder" or "ended". Notices about flows with this trigger, and about what they call, start no flow.
---@param definition? Trigger
---@return Trigger trigger
function trigger.notice(definition) end
