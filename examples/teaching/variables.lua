--- Environment variables: what an administrator sets, with a type that is checked when it is set.
-- See them:  tideway variables list
-- Set one:   tideway variables set threshold 2500
return flow {
  title = "Environment variables",
  trigger = trigger.manual { inputs = { { name = "total", title = "Total", type = "text" } } },

  run = function(input)
    local greeting = env "greeting" -- String: a text
    local threshold = env "threshold" -- Number
    local days = env "delivery_days" -- JSON: here a list of texts
    local needs_manager = env "manager_is_asked" -- Yes/No: true or false

    -- What is read is recorded: a replay sees the same value, a resubmitted run the one of then.
    if condition("If a manager is asked, then", needs_manager and money.compare(input.total, threshold) >= 0) then
      return outcome("asked", input.total .. " is " .. threshold .. " or more")
    end
    outcome("booked", greeting .. "! Delivered on " .. days[1] .. ".")
  end,
}
