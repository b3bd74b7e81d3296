--- Set up the CRM columns: makes what the pack needs and the CRM does not have. `tideway crm plan` runs it muted,
-- `tideway crm apply` as it is.
local crm_setup = require "co_sell.crm_setup"

return flow {
  title = "Set up the CRM columns",
  trigger = trigger.manual { inputs = {} },

  run = function()
    return crm_setup.run()
  end,
}
