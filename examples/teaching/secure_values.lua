--- Values that history does not show: the event, and each step that gets something of it.
-- The runs keep them, so a resubmit works; `tideway runs show <run> --contents` does not print them.
local nothing = connection "nothing"

return flow {
  title = "Keep values out of history",
  trigger = trigger.manual { secure = "inputs" },

  run = function(event)
    local card = compose("Take the card", event.card, { secure = true })
    local booked = nothing.effect("Book the payment", { payload = { card = card, amount = event.amount } },
      { secure = true })
    -- What has nothing to hide says so: a step is not secured by the values that it uses.
    return compose("Receipt", { amount = booked.payload.amount, card = "ends in " .. string.sub(card, -4) })
  end,
}
