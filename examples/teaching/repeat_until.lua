--- Asking again until something is so: limits, what happens when they are met, and a loop that folds.
local nothing = connection "nothing"

return flow {
  title = "Repeat until",
  trigger = trigger.manual {},

  run = function()
    -- At most 3 times and at most an hour. Meeting a limit is no failure: `done` says which it was.
    local done = repeat_until("Until it is ready", { limit = 3, timeout = "PT1H" }, function(i)
      return nothing.read("Is it ready?", { payload = i }).payload == "ready"
    end)

    -- The stricter option: then it is one.
    local strict = try("(Try) Insist", function()
      repeat_until("Until it is ready, or fail", { limit = 2, fail_when_limits_reached = true }, function()
        return false
      end)
    end)

    -- With a checkpoint, finished rounds are not replayed; what the body returns second is kept.
    local _, pages = repeat_until("All pages", { checkpoint = true }, function(i, so_far)
      local page = nothing.read("Read a page", { payload = "page " .. i }).payload
      return page == "page 3", list.concat(so_far or {}, { page })
    end)

    outcome(done and "ready" or strict.error.code, #pages .. " pages")
  end,
}
