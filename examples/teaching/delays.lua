--- Waiting: a pause, a moment in time, and asking again until something is so.
-- Run it, kill the server meanwhile, start it again: the run goes on where it was.
local nothing = connection "nothing"

return flow {
  title = "Delays",
  trigger = trigger.manual {},

  run = function()
    delay("Wait two seconds", 2)
    delay_until("Wait until then", time.add(now(), { seconds = 3 }))

    -- At most 5 times and at most a minute, whichever is first. Returns true when the body said so.
    local answered = repeat_until("Until there is an answer", { limit = 5, timeout = "PT1M" }, function(i)
      delay("Before the next question", 1)
      return nothing.read("Ask", { payload = i }).payload == 3
    end)

    outcome(answered and "answered" or "gave up", now())
  end,
}
