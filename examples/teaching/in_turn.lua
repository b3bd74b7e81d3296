--- Events of one customer in their order, and only the latest of those that still wait.
-- Call it ten times at once, then look:  tideway runs list --flow in_turn
local nothing = connection "nothing"

local function customer_of(event)
  return type(event.body) == "table" and event.body.customer or nil
end

return flow {
  title = "In turn",
  trigger = trigger.http_request {
    -- The next run of a customer starts when the last one has ended. Other customers do not wait.
    one_at_a_time_by = customer_of,
    -- While a run waits for its turn, a newer event of the customer takes the place of its event.
    coalesce_by = customer_of,
    -- At most five at a time for all of them; where 100 wait already, senders are told to come again.
    concurrency = { runs = 5, waiting = 100, when_full = "refuse" },
  },

  run = function(event)
    nothing.effect("Write the customer", { key = { "customer", event.body.customer }, payload = event.body })
    outcome("written", event.body.customer)
  end,
}
