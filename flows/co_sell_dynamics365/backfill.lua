--- Backfill: links opportunities and deals that were there before the synchronization; makes nothing.
local backfill = require "co_sell.backfill"

return flow {
  title = "Backfill - link existing opportunities and deals",
  trigger = trigger.manual { inputs = {} },

  run = function()
    return backfill.run()
  end,
}
