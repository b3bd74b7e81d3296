--- Decisions that history shows: what was asked, what the answer was, and what was not taken.
return flow {
  title = "Decisions",
  trigger = trigger.manual {
    inputs = {
      { name = "total", title = "Total", type = "text" },
      { name = "country", title = "Country", type = "text" },
    },
  },

  run = function(input)
    local total = input.total or "0"

    -- A condition is a named, recorded yes or no; an ordinary `if` around it takes the branch.
    if condition("If it is a large order, then", money.compare(total, "1000") >= 0) then
      compose("Ask the manager", { total = total })
    else
      compose("Book it at once", { total = total })
    end

    -- The case whose key is equal, else default, if there is one. It gives back what the case returns.
    local rate = switch("Which country?", input.country, {
      DE = function()
        return compose("German rate", "0.19")
      end,
      FR = function()
        return compose("French rate", "0.20")
      end,
      default = function()
        return compose("No rate", "0")
      end,
    })
    outcome("taxed", money.format(money.mul(total, rate)))
  end,
}
