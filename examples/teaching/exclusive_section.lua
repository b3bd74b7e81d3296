--- One run at a time for each customer; runs of other customers do not wait.
-- Run it twice at once:  tideway flows run exclusive_section --input '{"customer": "Fabrikam"}'
return flow {
  title = "One at a time",
  trigger = trigger.manual {
    inputs = { { name = "customer", title = "Customer", type = "text" } },
  },

  run = function(input)
    local customer = input.customer or "Fabrikam"

    -- A durable lock of the environment, first come first served, held over a restart as well. The key
    -- is any value: all flows that use the same one exclude each other.
    exclusive("One run per customer", { "customer", customer }, function()
      local began = compose("Inside", now())
      delay("Work for a while", 3)
      compose("Inside for so many seconds", time.difference(began, now()))
    end)
    outcome("done", customer)
  end,
}
