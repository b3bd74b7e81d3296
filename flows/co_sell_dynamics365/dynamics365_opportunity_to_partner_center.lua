--- Dynamics 365 Opportunity to Partner Center: an opportunity was added or changed.
local changed = require "lib.changed"
local map = require "co_sell.mapping"

return flow {
  title = "Dynamics 365 Opportunity to Partner Center",
  trigger = trigger.dataverse_row_changed {
    title = "When a row is added, modified or deleted",
    table = "opportunity",
    message = "added_or_modified",
    columns = list.difference(map.watched(), { changed.SOLUTIONS }),
    filter = map.column.sync .. " eq true",
  },

  run = function(event)
    return exclusive("One run per opportunity", event.id, function()
      return changed.synchronize(event)
    end)
  end,
}
