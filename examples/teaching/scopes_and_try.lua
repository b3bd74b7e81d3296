--- Failures: a scope passes them on, `try` takes them, and "finally" is what comes after.
-- Run it:  tideway flows run scopes_and_try --input '{"stock": 3, "wanted": 5}'
return flow {
  title = "Scopes and try",
  trigger = trigger.manual {
    inputs = {
      { name = "stock", title = "In stock", type = "number" },
      { name = "wanted", title = "Wanted", type = "number" },
    },
  },

  run = function(input)
    local stock, wanted = input.stock or 0, input.wanted or 1

    local result = try("(Try) Reserve", function()
      scope("(Scope) Check", function()
        if condition("If there is not enough, then", stock < wanted) then
          fail("OutOfStock", "Only " .. stock .. " of " .. wanted .. " are in stock.", "Order less.")
        end
      end)
      return compose("Reserve", stock - wanted)
    end)

    -- What Power Automate calls "run after: is successful, has failed, has timed out".
    switch("How did it go?", result.status, {
      Succeeded = function()
        outcome("reserved", "left: " .. result.value)
      end,
      Failed = function()
        outcome("refused", result.error.code .. ": " .. result.error.message)
      end,
      default = function()
        error(result.error) -- raised again: this run is not Succeeded
      end,
    })
  end,
}
