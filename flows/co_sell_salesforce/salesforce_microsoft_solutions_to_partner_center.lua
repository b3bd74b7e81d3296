--- Salesforce Microsoft Solutions to Partner Center: the solutions of an opportunity were changed.
local change = require "lib.change"
local changed = require "lib.changed"

local fields = { changed.SOLUTIONS }

return flow {
  title = "Salesforce Microsoft Solutions to Partner Center",
  trigger = trigger.salesforce_change_event {
    title = "When the solutions are modified",
    object = "Opportunity",
    fields = fields,
    condition = change.is_update,
    one_at_a_time_by = change.record_of,
    coalesce_by = change.record_of,
  },

  run = function(event)
    return exclusive("One run per opportunity", event.id, function()
      return changed.synchronize(event)
    end)
  end,
}
