--- Asking a person: an address is made and sent, and the run waits until somebody calls it.
-- Run it:         tideway flows run approval --input '{"order": "N-1001", "total": "1200.00"}'
-- The address:    tideway runs show <run> --contents
-- Say yes:        curl -X POST '<the address>?decision=approve'
-- Or with a word: curl -d '{"decision": "reject", "comment": "Too much."}' \
--                   -H 'Content-Type: application/json' '<the address>'
-- Stop the server meanwhile, start it again: it still waits. Whoever has the address can decide.
local nothing = connection "nothing" -- a mail or chat connector in real life

-- An address takes one call. What was added to it comes in `queries`, what was sent in `body`.
local function read_decision(call)
  local body = type(call.body) == "table" and call.body or {}
  return call.queries.decision or body.decision or "none", body.comment
end

return flow {
  title = "Approval",
  trigger = trigger.manual {
    inputs = {
      { name = "order", title = "Order number", type = "text" },
      { name = "total", title = "Total", type = "text" },
    },
  },

  run = function(input)
    local order = input.order or "N-1001"

    local asked = try("Ask for approval", function()
      -- The body sends the address; the wait begins behind it. A call that comes sooner is kept.
      return wait_for_callback("Wait for the decision", { timeout = "P2D" }, function(address)
        nothing.effect("Send the question", {
          key = { "question", order },
          payload = { text = "May we buy " .. order .. " for " .. (input.total or "0.00") .. "?", answer_to = address },
        })
      end)
    end)

    if condition("If nobody has answered, then", asked.status == "TimedOut") then
      return outcome("expired", "no answer within two days")
    elseif condition("If the question could not be asked, then", asked.status ~= "Succeeded") then
      fail(asked.error.code, asked.error.message, asked.error.remedy)
    end

    local decision, comment = read_decision(asked.value)
    if condition("If it is approved, then", decision == "approve") then
      nothing.effect("Place the order", { key = { "order", order }, payload = { order = order } })
      return outcome("approved", order)
    end
    outcome("rejected", comment)
  end,
}
