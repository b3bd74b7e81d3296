--- Salesforce Opportunity to Partner Center: an opportunity was created or changed.
local change = require "lib.change"
local changed = require "lib.changed"
local map = require "co_sell.mapping"

local fields = list.difference(map.watched(), { changed.SOLUTIONS })

return flow {
  title = "Salesforce Opportunity to Partner Center",
  trigger = trigger.salesforce_change_event {
    title = "When a record is created or modified",
    object = "Opportunity",
    fields = fields,
    condition = change.is_there,
    one_at_a_time_by = change.record_of,
    coalesce_by = change.record_of,
  },

  run = function(event)
    return exclusive("One run per opportunity", event.id, function()
      return changed.synchronize(event)
    end)
  end,
}
