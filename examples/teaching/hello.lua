--- The smallest flow: started by hand, one named value, an outcome.
-- Run it:  tideway flows run hello --input '{"name": "Northwind"}'
return flow {
  title = "Hello",
  trigger = trigger.manual {
    inputs = { { name = "name", title = "Whom to greet", type = "text" } },
  },

  run = function(input)
    local greeting = env "greeting" -- set it: tideway variables set greeting Welcome
    local line = compose("Put the greeting together", greeting .. ", " .. (input.name or "world") .. ".")
    outcome("greeted", line) -- a column of `tideway runs list`
    return { line = line }
  end,
}
