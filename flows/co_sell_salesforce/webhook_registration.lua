--- Partner Center Webhook Registration: tells Partner Center where to report changes of referrals.
local registration = require "co_sell.registration"

return flow {
  title = "Partner Center Webhook Registration",
  trigger = trigger.manual { inputs = registration.inputs },

  run = function(input)
    return registration.run(input, "Partner Center to Salesforce")
  end,
}
