--- Dynamics 365 Microsoft Solution to Partner Center: the solutions of an opportunity were changed.
local solutions_changed = require "lib.solutions_changed"

local watched = solutions_changed.watched

return flow {
  title = "Dynamics 365 Microsoft Solution to Partner Center",
  trigger = trigger.dataverse_row_changed {
    title = "When a row is added, modified or deleted",
    table = watched.table,
    message = watched.message,
    columns = watched.columns,
    filter = watched.filter,
    one_at_a_time_by = solutions_changed.turn,
    coalesce_by = solutions_changed.turn,
  },

  run = solutions_changed.synchronize,
}
