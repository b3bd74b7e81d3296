--- How often a failed attempt is repeated, and how long a step and a run may take.
-- Attempts in history:  tideway runs show <run>
local nothing = connection "nothing"

return flow {
  title = "Retries and time limits",
  trigger = trigger.manual {},
  -- For all steps that do not say otherwise. Without it: 4 retries, further and further apart.
  retry = { type = "fixed", count = 2, interval = "PT10S" },
  timeout = "PT1H", -- of a run: TimedOut then

  run = function()
    nothing.read("As the flow says", { payload = 1 })
    nothing.read("Only once", { payload = 2 }, { retry = { type = "none" } })
    -- Waits for a random time between bounds that double; all its attempts together end after 5 minutes.
    local slow = try("(Try) Patiently", function()
      return nothing.read("Further and further apart", { payload = 3 }, {
        retry = { type = "exponential", count = 4, interval = "PT5S", minimum = "PT5S", maximum = "PT1M" },
        timeout = "PT5M",
      })
    end)
    outcome(slow.status == "Succeeded" and "read" or "gave up", slow.error and slow.error.code)
  end,
}
