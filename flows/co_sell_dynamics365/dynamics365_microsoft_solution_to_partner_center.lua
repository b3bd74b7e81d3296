--- Dynamics 365 Microsoft Solution to Partner Center: the solutions of an opportunity were changed.
local changed = require "lib.changed"
local map = require "co_sell.mapping"

return flow {
  title = "Dynamics 365 Microsoft Solution to Partner Center",
  trigger = trigger.dataverse_row_changed {
    title = "When a row is added, modified or deleted",
    table = "opportunity",
    message = "modified",
    columns = { changed.SOLUTIONS },
    filter = map.column.sync .. " eq true",
  },

  run = function(event)
    return exclusive("One run per opportunity", event.id, function()
      return changed.synchronize(event)
    end)
  end,
}
