--- Reconcile: compares all deals with all opportunities, and puts right what differs when asked to.
local reconcile = require "co_sell.reconcile"

return flow {
  title = "Reconcile - Salesforce and Partner Center",
  trigger = trigger.manual { inputs = reconcile.inputs },

  run = function(input)
    return reconcile.run(input)
  end,
}
