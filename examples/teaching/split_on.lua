--- A request that brings many things: one run for each of them, up to 100,000.
return flow {
  title = "One run an order",
  trigger = trigger.http_request {
    split_on = function(event)
      return event.body.orders
    end,
    -- Of an item: what arrived within a week is not done again.
    dedupe_by = function(event)
      return event.body.delivery
    end,
  },

  run = function(order)
    outcome("booked", order.number .. " for " .. money.format(order.total))
  end,
}
