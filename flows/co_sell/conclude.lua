--- How a run ends: its outcome, and the same as what it returns to the flow that called it.

return function(word, reason)
  outcome(word, reason)
  return { outcome = word, reason = reason }
end
