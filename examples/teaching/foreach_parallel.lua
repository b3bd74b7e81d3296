--- Loops and branches: items side by side, branches side by side, and a loop that folds.
-- Run it:  tideway flows run foreach_parallel
local nothing = connection "nothing"

return flow {
  title = "Foreach and parallel",
  trigger = trigger.manual {},

  run = function()
    local amounts = array { "10.10", "20.20", "30.30" }

    -- Up to two items at a time. All items run, also when one fails; then the first failure counts.
    foreach("For each amount", amounts, function(amount, i)
      nothing.read("Look it up", { payload = { amount = amount, number = i } })
    end, { concurrency = 2 })

    -- One item at a time, each with the state of the one before. Finished items are not replayed.
    local sum = foreach("Add them up", amounts, function(amount, so_far)
      return money.add(so_far or "0", amount)
    end, { checkpoint = true })

    local both = parallel("Both sides at once", {
      ["Left side"] = function()
        return nothing.read("Ask the left side", { payload = "left" }).payload
      end,
      ["Right side"] = function()
        return nothing.read("Ask the right side", { payload = "right" }).payload
      end,
    })

    compose("Everything", { sum = sum, left = both["Left side"], right = both["Right side"] })
    outcome("added", sum)
  end,
}
