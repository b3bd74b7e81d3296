--- A loop whose items fail one by one: all of them run, and each has a status of its own.
local nothing = connection "nothing"

return flow {
  title = "A status for each item",
  trigger = trigger.manual {},

  run = function(input)
    local orders = input.orders or array { { number = "N-1", stock = 2 }, { number = "N-2", stock = 0 } }
    local failed = array {}

    -- With `try` in it, an item's failure is a value. Without, the loop goes on to the last item all the
    -- same, and fails then with the first failure.
    foreach("For each order", orders, function(order)
      local booked = try("(Try) Book", function()
        if condition("If it is out of stock, then", order.stock == 0) then
          fail("OutOfStock", order.number .. " is out of stock.")
        end
        nothing.effect("Book the order", { key = { "booking", order.number }, payload = order })
      end)
      if condition("If it was not booked, then", booked.status ~= "Succeeded") then
        failed[#failed + 1] = order.number
      end
    end, { concurrency = 1 })

    outcome(#failed == 0 and "all booked" or "some failed", text.join(failed, ", "))
  end,
}
