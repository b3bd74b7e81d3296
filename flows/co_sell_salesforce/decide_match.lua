--- Decide which opportunity a deal belongs to: asks a person about a match of which backfill is not certain.
local decide_match = require "co_sell.decide_match"

return flow {
  title = "Decide which opportunity a deal belongs to",
  trigger = trigger.child {},

  run = function(deal)
    return decide_match.run(deal)
  end,
}
