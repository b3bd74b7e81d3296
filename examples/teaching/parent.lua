--- Child flows: a run of its own with its own history, called like a function.
-- Turning this flow on needs its child on:  tideway flows on --all
-- Run it:  tideway flows run parent
return flow {
  title = "Parent: call a child flow",
  trigger = trigger.manual {},

  run = function()
    -- The child's uid derives from this run and this step: after a crash it is found, not started again.
    local answer = run_child_flow("Square seven", "child", { number = 7 })

    local refused = try("(Try) Square a word", function()
      return run_child_flow("Square a word", "child", { number = "seven" })
    end)

    -- The error of the child is the first failing step, with the path through both runs.
    outcome("squared", answer.square .. "; the second call: " .. refused.error.message)
  end,
}
