--- Preflight: what has to be true before deals are synchronized. Only reads; `tideway doctor` runs it.
local preflight = require "co_sell.preflight"

return flow {
  title = "Preflight",
  trigger = trigger.manual { inputs = {} },

  run = function()
    return preflight.run()
  end,
}
