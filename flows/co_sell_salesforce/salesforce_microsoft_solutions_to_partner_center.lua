--- Salesforce Microsoft Solutions to Partner Center: the solutions of an opportunity were changed.
local change = require "lib.change"
local solutions_changed = require "lib.solutions_changed"

local watched = solutions_changed.watched

return flow {
  title = "Salesforce Microsoft Solutions to Partner Center",
  trigger = trigger.salesforce_change_event {
    title = "When the solutions are modified",
    object = watched.object,
    fields = watched.fields,
    condition = watched.condition,
    one_at_a_time_by = change.record_of,
    coalesce_by = change.record_of,
  },

  run = solutions_changed.synchronize,
}
