--- A web address of your own: answers the caller, then goes on.
-- The address:  tideway flows show http_request_respond
-- Call it:      curl -d '{"amount": "12.50"}' -H 'Content-Type: application/json' '<the address>'
return flow {
  title = "Answer a web request",
  trigger = trigger.http_request {
    title = "When a HTTP request is received",
    -- The same order number again within a week is not a second run; its caller gets the first answer.
    dedupe_by = function(event)
      return event.body and event.body.order
    end,
  },

  run = function(event)
    local order = event.body or {}
    if condition("If the amount is missing, then", order.amount == nil) then
      respond("Refuse", { status = 400, body = { message = "The field amount is missing." } })
      return outcome("refused", "no amount")
    end
    respond("Accept", { status = 200, body = { accepted = order.amount, run = run_info.id } })
    compose("What is left to do after the answer", { order = order })
    outcome("accepted", order.amount)
  end,
}
