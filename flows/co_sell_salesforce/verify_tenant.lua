--- Verify tenant: whether this tenant is as the pack takes it to be where Microsoft's documents are silent. Only reads.
local verify_tenant = require "co_sell.verify_tenant"

return flow {
  title = "Verify tenant",
  trigger = trigger.manual { inputs = {} },

  run = function()
    return verify_tenant.run()
  end,
}
