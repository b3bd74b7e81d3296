--- Apply the mapping to linked records: after rows of mapping.json were changed.
local apply_mapping = require "co_sell.apply_mapping"

return flow {
  title = "Apply the mapping to linked records",
  trigger = trigger.manual { inputs = apply_mapping.inputs },

  run = function(input)
    return apply_mapping.run(input)
  end,
}
