--- How a run ends: it returns, it fails, or it is terminated. And what it says of itself.
-- Run it:  tideway flows run endings --input '{"how": "fail"}'
return flow {
  title = "Endings",
  trigger = trigger.manual { inputs = { { name = "how", title = "How to end", type = "text" } } },

  run = function(input)
    -- A word for `tideway runs list --outcome`, with a reason for people. The last one counts.
    outcome("begun")
    switch("How?", input.how, {
      -- A failure with a code, what happened, and what to do about it. `try` can take it.
      fail = function()
        fail("OrderTooOld", "The order is from last year.", "Ask for a new one, then resubmit this run.")
      end,
      -- The whole run ends here, with a status of its own: Succeeded, Failed or Cancelled.
      terminate = function()
        terminate("Cancelled", "NotOurs", "The order belongs to Fabrikam.")
      end,
      default = function()
        outcome("done", "returned")
      end,
    })
    return { run = run_info.id, resubmitted = run_info.resubmit_of ~= nil }
  end,
}
