--- Decide whose value is right: asks a person about a field that both sides have changed, and carries the answer over.
local decide_value = require "co_sell.decide_value"

return flow {
  title = "Decide whose value is right",
  trigger = trigger.child {},

  run = function(input)
    return decide_value.run(input)
  end,
}
