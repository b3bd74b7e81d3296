--- Synchronize now: one record, chosen by a person, without waiting for its next change.
local synchronize_now = require "co_sell.synchronize_now"

return flow {
  title = "Synchronize now - Dynamics 365 and Partner Center",
  trigger = trigger.manual { inputs = synchronize_now.inputs },

  run = function(input)
    return synchronize_now.run(input)
  end,
}
